"""The processes of `insyn site serve`, each in the foreground: shield workers."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import socket
from typing import Annotated

import typer

from insyn.cli.options import DataOption, ProxyOption, data_directory

UNSENT_BYTES = 64 << 10
"""What the kernel may hold of a connection that has not been sent: two seconds of a busy camera."""

PartOption = Annotated[str, typer.Option("--part", help="Which process of how many this is.")]


def shield_worker(
    part: PartOption = "1/1",
    on_demand: Annotated[
        bool, typer.Option("--on-demand", help="Full resolution, for who looks at one camera.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Mask the site's cameras, keep and show what is masked, until told to stop."""
    import cv2

    from insyn.site.directory import site_directory
    from insyn.site.recorder.plans import read_part
    from insyn.site.serving.full import on_demand_of
    from insyn.site.serving.shields import shield_worker_of

    start_logging()
    cv2.setNumThreads(1)  # each camera has its thread; more for a small picture cost more than help
    site = site_directory(data_directory(data))
    worker = on_demand_of(site) if on_demand else shield_worker_of(site, read_part(part))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: worker.stop())
    worker.run()


def start_logging() -> None:
    """Log to stderr, a line an event, times in UTC."""
    import time

    handler = logging.StreamHandler()
    formatter = logging.Formatter(
        "%(asctime)sZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S"
    )
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def web(
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port.")] = 8090,
    proxy: ProxyOption = None,
    data: DataOption = None,
) -> None:
    """Answer the console's pages, media and live view, until told to stop."""
    import uvicorn

    from insyn.base.files import write_atomically
    from insyn.site.console.app import create_app
    from insyn.site.console.desk import SiteDesk
    from insyn.site.directory import site_directory
    from insyn.web.addresses import believed_proxies

    start_logging()
    site = site_directory(data_directory(data))
    reached = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104 - told, not bound
    address = json.dumps({"url": f"http://{f'[{reached}]' if ':' in reached else reached}:{port}"})
    write_atomically(site.run / "web.json", address.encode(), is_durable=False)
    desk = SiteDesk(site)
    config = uvicorn.Config(
        create_app(desk),
        host=host,
        port=port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,  # coded video does not shrink, and each picture would wait
        ws_ping_interval=10,
        ws_ping_timeout=20,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=believed_proxies(proxy),
        timeout_graceful_shutdown=3,
    )
    listening = config.bind_socket()
    with contextlib.suppress(AttributeError, OSError):
        # Else the kernel takes megabytes for a viewer who reads slowly: a minute of old pictures,
        # before live view notices and drops to a key frame. Accepted sockets inherit it.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    uvicorn.Server(config).run(sockets=[listening])
