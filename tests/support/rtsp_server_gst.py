"""An RTSP server out of GStreamer, run by the system's Python (`/usr/bin/python3`), not by ours.

Serves files of access units (made by `rtsp_server.write_units`) again and again as cameras do, and
tells its port on the first line of its output. Every mount is one pipeline that all clients share.
"""

import argparse
import struct
import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

UNIT = struct.Struct(">IqqB")
CAPS = {
    "h264": "video/x-h264,stream-format=byte-stream,alignment=au",
    "h265": "video/x-h265,stream-format=byte-stream,alignment=au",
}


def read_units(path):
    """The access units of a file, and how long one round of them lasts in 90 kHz ticks."""
    units = []
    with Path(path).open("rb") as file:
        codec, duration = file.readline().decode().split()
        while head := file.read(UNIT.size):
            size, pts, dts, _ = UNIT.unpack(head)
            units.append((pts, dts, file.read(size)))
    return codec, int(duration), units


class Factory(GstRtspServer.RTSPMediaFactory):
    """One mount: the units of one file, looped."""

    def __init__(self, path):
        super().__init__()
        self.codec, self.duration, self.units = read_units(path)
        self.set_shared(True)
        pay = "rtph264pay" if self.codec == "h264" else "rtph265pay"
        parse = "h264parse" if self.codec == "h264" else "h265parse"
        self.set_launch(
            f"( appsrc name=source is-live=true format=time max-bytes=4000000 block=false "
            f"caps={CAPS[self.codec]} ! {parse} config-interval=-1 ! "
            f"{pay} name=pay0 pt=96 config-interval=-1 )"
        )

    def do_configure(self, media):
        """Feed a new pipeline."""
        source = media.get_element().get_by_name("source")
        Feed(self, source)


class Feed:
    """Pushes units a little ahead of their time."""

    AHEAD = 20_000_000

    def __init__(self, factory, source):
        self.factory = factory
        self.source = source
        self.at = 0
        self.round = 0
        self.began = None
        self.beat = GLib.timeout_add(10, self.push)

    def push(self):
        clock = self.source.get_clock()
        if clock is None:
            return True
        now = clock.get_time() - self.source.get_base_time()
        if self.began is None:
            self.began = now
        units = self.factory.units
        while True:
            pts, dts, data = units[self.at]
            shift = self.round * self.factory.duration
            due = self.began + (dts + shift) * 100_000 // 9
            if due > now + self.AHEAD:
                return True
            buffer = Gst.Buffer.new_wrapped(data)
            buffer.dts = due
            buffer.pts = self.began + (pts + shift) * 100_000 // 9
            if self.source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                return False  # all clients have gone; a new pipeline has a new feed
            self.at += 1
            if self.at == len(units):
                self.at, self.round = 0, self.round + 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mount", action="append", nargs=2, metavar=("PATH", "FILE"), default=[])
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("--port", default="0")
    given = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(given.port)
    server.set_backlog(512)
    if given.user:
        protect(server, given)
    mounts = server.get_mount_points()
    factories = []
    for path, file in given.mount:
        factory = Factory(file)
        if given.user:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role("viewer", "media.factory.access", True)
            permissions.add_permission_for_role("viewer", "media.factory.construct", True)
            factory.set_permissions(permissions)
        mounts.add_factory(path, factory)
        factories.append(factory)
    if server.attach(None) == 0:
        sys.exit("cannot listen")
    GLib.timeout_add_seconds(2, lambda: server.get_session_pool().cleanup() >= 0)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


def protect(server, given):
    """Ask for a name and a password."""
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if given.digest:
        gi.require_version("GstRtsp", "1.0")
        from gi.repository import GstRtsp

        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(given.user, given.password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(given.user, given.password), token)
    server.set_auth(auth)


if __name__ == "__main__":
    main()
