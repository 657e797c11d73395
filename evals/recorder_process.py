"""The recorder process that `evals.recorder` and `evals.faults` measure; not run by hand.

Reads `request.json` in its folder, records until SIGTERM, and leaves `received.json`: how many
packets of each camera came in. Without an address its cameras play a clip in real time.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
from pathlib import Path

from tests.support.coded_video import coded
from tests.support.recorder_desk import Desk

from evals.paced_camera import PacedCamera
from insyn.site.cameras.address import Address
from insyn.site.cameras.opening import recording_source_for
from insyn.site.cameras.source import Source
from insyn.site.clocks import system_clocks
from insyn.site.recorder import cutting
from insyn.site.recorder.process import Plan, Plans, Recorder, boot_id
from insyn.site.recorder.tending import Opener
from insyn.site.vault.public import VaultPublicKey


def main() -> None:
    """Record."""
    logging.basicConfig(level=logging.WARNING)
    folder = Path(sys.argv[1])
    request = json.loads((folder / "request.json").read_text())
    desk = Desk(folder)
    desk.root.mkdir(exist_ok=True)
    names = [f"cam-{number:03d}" for number in range(request["streams"])]
    seal = VaultPublicKey(raw=bytes.fromhex(request["seal"]))
    sources: dict[str, Source] = {}
    if "url" in request:
        sources = dict.fromkeys(names, recording_source_for(Address(url=request["url"])))
    else:
        packets = coded(frames=250, width=320, height=192, gop=request["gop"])
        sources = {name: PacedCamera(packets, folder / f"{name}.count") for name in names}
    cutting.RECORDING_90K = request.get("recording_90k", cutting.RECORDING_90K)
    plans = Plans(
        cameras={name: Plan(source=source, settings=name) for name, source in sources.items()},
        seal=seal,
    )
    recorder = Recorder(
        lambda: plans,
        Opener(desk.open_archive),
        root=desk.root,
        state=folder / "recorder-1.json",
        boot=boot_id(),
        clocks=system_clocks,
        may_record=lambda: "",
    )
    signal.signal(signal.SIGTERM, lambda *_: recorder.stop())
    recorder.run()
    (folder / "received.json").write_text(json.dumps(recorder.received()))


if __name__ == "__main__":
    main()
