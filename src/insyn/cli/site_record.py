"""`insyn site record`: one recorder process in the foreground; `insyn site serve` runs them."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from insyn.base.errors import EnvironmentFailure, UsageError
from insyn.cli.options import DataOption, data_directory
from insyn.cli.site_processes import start_logging

if TYPE_CHECKING:
    from insyn.site.archive.retention import Policy
    from insyn.site.recorder.process import Plan


def record(
    part: Annotated[
        str, typer.Option("--part", help="Which recorder process of how many this is.")
    ] = "1/1",
    camera: Annotated[
        list[str] | None,
        typer.Option(
            "--camera",
            metavar="NAME=URL",
            help="Record these instead of the site's cameras; for tries. Repeatable.",
        ),
    ] = None,
    data: DataOption = None,
) -> None:
    """Record the site's cameras, sealed to its vault, until told to stop (Ctrl-C or SIGTERM).

    Without a vault no originals are kept: it then waits for one, and says so in the site's health.
    """
    from insyn.site.cameras.keeping import CredentialKeeper
    from insyn.site.directory import site_directory
    from insyn.site.permission.judging import Permission
    from insyn.site.recorder.plans import (
        RegisteredCameras,
        policy_of,
        read_part,
        site_recorder,
    )
    from insyn.site.store import open_site
    from insyn.site.vault.folder import public_key
    from insyn.trust.keys.site import open_site_key

    site = site_directory(data_directory(data))
    mine = read_part(part)
    named = dict(_named(one) for one in camera or ())
    if named and public_key(site) is None:
        raise EnvironmentFailure(
            f"{site.root} has no vault to seal recordings to; make one first (insyn site vault "
            "init)"
        )
    if not named and not site.key.exists():
        raise EnvironmentFailure(f"{site.root} is no site yet; make it first (insyn site init)")
    start_logging()
    with contextlib.ExitStack() as stack:
        judge = Permission(site).now
        cameras: Callable[[], Mapping[str, Plan]] = lambda: named  # noqa: E731
        policy: Callable[[], Policy] | None = None
        if not named:
            store = stack.enter_context(open_site(site))
            known = RegisteredCameras(store, CredentialKeeper(open_site_key(site.key)), judge)
            cameras = known
            policy = lambda: policy_of(site, known.kept(), judge)  # noqa: E731
        recorder = site_recorder(site, cameras, judge, part=mine, policy=policy)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: recorder.stop())
        recorder.run()


def _named(text: str) -> tuple[str, Plan]:
    """A camera as `NAME=URL` names it.

    Raises:
        UsageError: it is not so written, or the address is none; what it held is not repeated.
    """
    from insyn.site.cameras.address import read_address
    from insyn.site.cameras.opening import recording_source_for
    from insyn.site.recorder.process import Plan

    name, _, url = text.partition("=")
    is_name = name.replace("-", "").isalnum() and name.isascii() and len(name) <= 64
    if not is_name or not url:
        raise UsageError(
            "--camera takes a name of letters, digits and hyphens and an address, such as "
            "hall=rtsp://192.0.2.7/stream1"
        )
    address, credentials = read_address(url)
    return name, Plan(source=recording_source_for(address, credentials), settings=url)
