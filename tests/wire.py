"""A real server that can be killed, and a program that does not give up: what networks do to an ERP."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 120  # seconds
LOST = (OSError, http.client.HTTPException)


class Server:
    """Gunicorn as production runs it, on this test's database. The port stays ours while the server is away."""

    def __init__(self, log: Path, *, workers: int = 2, threads: int = 4, **environment: str):
        self.log, self.workers, self.threads, self.environment = log, workers, threads, environment
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        number = self.listener.fileno()
        command = [sys.executable, "-m", "gunicorn", "crm.wsgi", f"--bind=fd://{number}", "--worker-class=gthread"]
        command += [f"--workers={self.workers}", f"--threads={self.threads}", "--timeout=120"]
        environment = os.environ | {"DOSSIER_MODE": "test", **database(), **self.environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=PROJECT, env=environment, pass_fds=[number], start_new_session=True, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """kill -9 of the server and its workers, whatever they are doing."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def close(self) -> None:
        self.kill()
        self.listener.close()


@contextmanager
def serving(log: Path, **how: Any):
    server = Server(log, **how)
    try:
        server.start()
        yield server
    finally:
        server.close()


def database() -> dict[str, str]:
    """What points another process to the database of this test."""
    name = connection.settings_dict["NAME"]
    if url := os.environ.get("DATABASE_URL"):
        return {"DATABASE_URL": url.rsplit("/", 1)[0] + "/" + name}
    return {"DATABASE_NAME": name, "DOSSIER_VAR": str(settings.VAR_DIR)}


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    replayed: bool


@dataclass(frozen=True)
class Erp:
    """A program with a token. `post` asks until there is an answer; `cut` sends and hangs up."""

    port: int
    token: str

    def post(self, path: str, body: Any, key: str) -> Answer:
        """The answer of the server, whatever becomes of the connection and of the server meanwhile."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.ask(path, body, key)
                if answer.status not in (429, 502, 503):
                    return answer
            except LOST:
                pass
            assert time.monotonic() < deadline, f"no answer within {PATIENCE} s: {path}"
            time.sleep(0.05)

    def cut(self, path: str, body: Any, key: str) -> None:
        """Send the call whole and hang up without hearing what became of it."""
        line = self._line()
        try:
            self._send(line, path, body, key)
        except LOST:
            pass
        finally:
            line.close()

    def ask(self, path: str, body: Any, key: str) -> Answer:
        """One try."""
        line = self._line()
        try:
            self._send(line, path, body, key)
            answer = line.getresponse()
            told = json.loads(answer.read())
            return Answer(answer.status, told, answer.getheader("Idempotent-Replay") == "true")
        finally:
            line.close()

    def _line(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)

    def _send(self, line: http.client.HTTPConnection, path: str, body: Any, key: str) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": key}
        line.request("POST", f"/api/v1/{path}", json.dumps(body).encode(), headers)


def until(condition, what: str) -> None:
    """Wait for a state, however slow the machine is."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.05)
