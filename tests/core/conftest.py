"""A program that is called: it keeps what it hears and answers what the test says."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Receiver(ThreadingHTTPServer):
    """Hears calls on a port of its own. `answers` are given in turn, the last one for ever."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Ear)
        self.heard: list[tuple[dict[str, str], bytes]] = []
        self.answers = [200]
        self.location = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?to=erp"


class Ear(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(server.answers.pop(0) if len(server.answers) > 1 else server.answers[0])
        if server.location:
            self.send_header("Location", server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args) -> None:
        """The tests' output is for failures."""


@pytest.fixture
def receiver(settings):
    """A receiver on this machine, which the settings let be reached."""
    settings.WEBHOOKS_MAY_REACH_PRIVATE_NETWORKS = True
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
