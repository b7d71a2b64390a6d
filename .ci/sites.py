#!/usr/bin/env python3
"""Servers on loopback for the tests of the course's page."""
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, List
from urllib.parse import urlsplit

TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript",
         ".mjs": "text/javascript", ".wasm": "application/wasm"}


def type_of(name: str) -> str:
    """Return the type of a file, as a server says it."""
    return TYPES.get(Path(name).suffix, "text/plain; charset=utf-8")


class Site:
    """Serves the files of a folder, and some texts beside them.

    asked: the paths of all requests so far.
    """

    def __init__(self, folder: Path, texts: Dict[str, str],
                 headers: Dict[str, str]) -> None:
        """Begin to serve at a port that is free."""
        self.asked: List[str] = []
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), answering(self.asked, folder, texts, headers))
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        """Answer no more requests."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def answering(asked: List[str], folder: Path, texts: Dict[str, str],
              headers: Dict[str, str]) -> Any:
    """Return a class that answers requests, and notes their paths."""

    class Handler(BaseHTTPRequestHandler):
        """Answers a request by a text, by a file, or by 404."""

        def do_GET(self) -> None:
            """Answer a GET request, and note its path."""
            path = urlsplit(self.path).path
            asked.append(path)
            file = folder / (path.lstrip("/") or "index.html")
            if path.endswith("/"):
                file = file / "index.html"
            if path in texts:
                self._answer(200, path, texts[path].encode())
            elif file.is_file():
                self._answer(200, file.name, file.read_bytes())
            else:
                self._answer(404, path, b"")

        def _answer(self, status: int, name: str, data: bytes) -> None:
            """Send an answer with the headers that are always sent."""
            self.send_response(status)
            for header, value in headers.items():
                self.send_header(header, value)
            self.send_header("Content-Type", type_of(name))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing of a request."""

    return Handler
