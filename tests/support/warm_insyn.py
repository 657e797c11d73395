"""Many real `insyn` commands in little time: each is a fork of a process that has it all in memory.

`python -m tests.support.warm_insyn SOCKET` serves; `shim` writes the command that asks it. A
command gets its own arguments, environment, folder and streams, as if it had been started anew.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CLIENT = """#!{python} -SE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as asking:
    asking.connect({path!r})
    said = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(asking, [len(said).to_bytes(4, "big")], [0, 1, 2])
    asking.sendall(said)
    code = asking.recv(1)
sys.exit(code[0] if code else 70)
"""


@contextlib.contextmanager
def shim(folder: Path) -> Iterator[Path]:
    """A folder with a command `insyn` in it, as long as the context lasts."""
    path = folder / "insyn.socket"
    command = folder / "bin" / "insyn"
    command.parent.mkdir()
    command.write_text(CLIENT.format(python=sys.executable, path=str(path)))
    command.chmod(0o755)
    serving = [sys.executable, "-m", "tests.support.warm_insyn", str(path)]
    with subprocess.Popen(serving, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        try:
            yield command.parent
        finally:
            server.terminate()


def _serve(path: str) -> None:
    for package in ("insyn.office.diligence", "insyn.office.screening", "insyn.trust"):
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            with contextlib.suppress(ImportError):  # an engine that is not installed
                importlib.import_module(module.name)
    importlib.import_module("insyn.cli.nouns").command()  # made once, too
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        print("ready", flush=True)
        while True:
            asked, _ = listening.accept()
            with asked:
                asked.sendall(bytes([_answer(asked)]))


def _answer(asked: socket.socket) -> int:
    head, streams, _, _ = socket.recv_fds(asked, 4, 3)
    said = b""
    while len(said) < int.from_bytes(head, "big"):
        said += asked.recv(1 << 16)
    child = os.fork()
    if child == 0:
        os._exit(_run(streams, *json.loads(said)))
    for stream in streams:
        os.close(stream)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xFF


def _run(streams: list[int], arguments: list[str], folder: str, environ: dict[str, str]) -> int:
    from insyn.cli.main import main

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = ["insyn", *arguments]
    code = 0
    try:
        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    _serve(sys.argv[1])
