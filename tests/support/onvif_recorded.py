"""A camera's recorded ONVIF answers, played back on loopback.

The recordings are those of the npm package `onvif`, taken from real cameras of several makers by
its authors (MIT). They are not in this repository: `.ci/run` fetches the package.
"""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PACKAGES = Path(__file__).parents[2] / ".cache" / "onvif" / "node_modules"
ANSWERS = PACKAGES / "onvif" / "test" / "serverMockup"
FETCH = "npm install --prefix .cache/onvif onvif@0.8.1"

_SERVICES = {
    "tds": "device", "trt": "media", "tr2": "media2", "tptz": "ptz", "timg": "imaging"
}  # fmt: skip


class RecordedCamera:
    """Answers each call with what a real camera answered; what was not recorded is a fault."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                answer = camera.answer(asked)
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, asked: str) -> bytes:
        """The recorded answer to a call; its own error where there is none."""
        found = re.search(r"Body><(\w+):(\w+)", asked)
        prefix, call = (found[1], found[2]) if found else ("", "")
        self.calls.append(call)
        for name in (f"{_SERVICES.get(prefix, prefix)}.{call}.xml", f"{call}.xml"):
            if (path := ANSWERS / name).is_file():
                return path.read_bytes()
        return (ANSWERS / "Error.xml").read_bytes()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
