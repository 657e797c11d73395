"""An RTSP server out of GStreamer, run by the system's Python (`/usr/bin/python3`), not by ours.

Serves files of access units (made by `rtsp_server.write_units`) again and again as cameras do, with
sound beside them where a file of frames is named, and tells its port on the first line of its
output. Every mount is one pipeline that all clients share. What is set up is written to a log.
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
SOUND = {
    "aac": ("audio/mpeg,mpegversion=4,stream-format=raw,framed=true", "rtpmp4gpay"),
    "latm": ("audio/mpeg,mpegversion=4,stream-format=raw,framed=true", "rtpmp4apay"),
    "opus": ("audio/x-opus,channel-mapping-family=0", "rtpopuspay"),
    "pcmu": ("audio/x-mulaw", "rtppcmupay"),
    "pcma": ("audio/x-alaw", "rtppcmapay"),
    "g722": ("audio/G722", "rtpg722pay"),
}


def read_units(path):
    """What a file says of itself, how long a round lasts in 90 kHz ticks, and its units."""
    units = []
    with Path(path).open("rb") as file:
        codec, duration = file.readline().decode().split()
        while head := file.read(UNIT.size):
            size, pts, dts, _ = UNIT.unpack(head)
            units.append((pts, dts, file.read(size)))
    return codec, int(duration), units


class Factory(GstRtspServer.RTSPMediaFactory):
    """One mount: the units of one file, looped, and the frames of another."""

    def __init__(self, path, sound):
        super().__init__()
        self.codec, self.duration, self.units = read_units(path)
        self.sound = read_units(sound) if sound else None
        self.set_shared(True)
        pay = "rtph264pay" if self.codec == "h264" else "rtph265pay"
        parse = "h264parse" if self.codec == "h264" else "h265parse"
        self.set_launch(
            f"( appsrc name=source is-live=true format=time max-bytes=4000000 block=false "
            f"caps={CAPS[self.codec]} ! {parse} config-interval=-1 ! "
            f"{pay} name=pay0 pt=96 config-interval=-1 {self.heard()} )"
        )

    def heard(self):
        """The part of the pipeline that sends sound."""
        if self.sound is None:
            return ""
        codec, rate, channels, config = (self.sound[0].split(",") + [""])[:4]
        caps, pay = SOUND[codec]
        caps += f",rate={rate},channels={channels}"
        caps += f",codec_data=(buffer){config}" if config else ""
        number = {"pcmu": 0, "pcma": 8, "g722": 9}.get(codec, 97)
        return (
            f"appsrc name=sound is-live=true format=time max-bytes=400000 block=false "
            f'caps="{caps}" ! {pay} name=pay1 pt={number}'
        )

    def do_configure(self, media):
        """Feed a new pipeline."""
        pipeline = media.get_element()
        began = []
        Feed(self.units, self.duration, pipeline.get_by_name("source"), began)
        if self.sound is not None:
            _, duration, units = self.sound
            Feed(units, duration, pipeline.get_by_name("sound"), began)


class Feed:
    """Pushes units a little ahead of their time."""

    AHEAD = 20_000_000

    def __init__(self, units, duration, source, began):
        self.units = units
        self.duration = duration
        self.source = source
        self.at = 0
        self.round = 0
        self.began = began  # when pictures and sound began, both at once
        self.beat = GLib.timeout_add(10, self.push)

    def push(self):
        clock = self.source.get_clock()
        if clock is None or not self.source.get_base_time():
            return True  # a clock comes before the time that it counts from
        now = clock.get_time() - self.source.get_base_time()
        if not self.began:
            self.began.append(now)
        began, units = self.began[0], self.units
        while True:
            pts, dts, data = units[self.at]
            shift = self.round * self.duration
            due = began + (dts + shift) * 100_000 // 9
            if due > now + self.AHEAD:
                return True
            buffer = Gst.Buffer.new_wrapped(data)
            buffer.dts = due
            buffer.pts = began + (pts + shift) * 100_000 // 9
            if self.source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                return False  # all clients have gone; a new pipeline has a new feed
            self.at += 1
            if self.at == len(units):
                self.at, self.round = 0, self.round + 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mount", action="append", nargs=2, metavar=("PATH", "FILE"), default=[])
    parser.add_argument("--sound", action="append", nargs=2, metavar=("PATH", "FILE"), default=[])
    parser.add_argument("--log")
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
        factory = Factory(file, dict(given.sound).get(path))
        if given.user:
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role("viewer", "media.factory.access", True)
            permissions.add_permission_for_role("viewer", "media.factory.construct", True)
            factory.set_permissions(permissions)
        mounts.add_factory(path, factory)
        factories.append(factory)
    if given.log:
        server.connect(
            "client-connected",
            lambda _, client: client.connect("setup-request", asked, given.log),
        )
    if server.attach(None) == 0:
        sys.exit("cannot listen")
    GLib.timeout_add_seconds(2, lambda: server.get_session_pool().cleanup() >= 0)
    print(server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


def asked(_client, context, log):
    """Note what a client asks for."""
    with Path(log).open("a") as file:
        file.write(context.uri.get_request_uri() + "\n")


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
