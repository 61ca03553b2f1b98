"""`make demo`: up, ready, and gone without a trace; a plain sentence when something stands in the way."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import namedtuple
from pathlib import Path

import psutil
import pytest

from crm import launcher, preflight
from crm.core.embedded.place import Place

pytestmark = pytest.mark.once

PROJECT = Path(__file__).resolve().parents[2]
WITHOUT_DEMO = """
import sys
from crm import launcher
launcher.has_data = lambda: True
sys.exit(launcher.main([]))
"""


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def launched(tmp_path, port):
    """The launcher in a process of its own, with the embedded database, spared the demonstration's data."""
    process = subprocess.Popen(
        [sys.executable, "-c", WITHOUT_DEMO],
        cwd=PROJECT,
        env=environment(tmp_path, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()
    until(lambda: not family(tmp_path))
    shutil.rmtree(Place(tmp_path / "postgres").home, ignore_errors=True)


def environment(var: Path, port: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return kept | {"DOSSIER_MODE": "trial", "DOSSIER_VAR": str(var), "PORT": port, "PYTHONPATH": str(PROJECT)}


def read_until(process, text: str) -> str:
    said = ""
    while text not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def family(var: Path) -> list[psutil.Process]:
    """Every process that works for this launcher: its environment, or its command line, names the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            named = process.environ().get("DOSSIER_VAR") == str(var) or str(var / "postgres") in process.cmdline()
        except psutil.Error:
            continue
        if named and process.status() != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


def until(what, within=40):
    deadline = time.monotonic() + within
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.2)


@pytest.mark.slow
def test_runs_and_leaves_nothing_behind(launched, tmp_path, port):
    said = read_until(launched, "Ctrl-C")
    assert f"http://127.0.0.1:{port}/" in said
    assert all(role in said for role in ("seller", "manager", "officer", "credit", "director", "auditor", "admin"))
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz").status == 200
    assert len(family(tmp_path)) > 5
    launched.terminate()
    assert launched.wait(timeout=60) == 0
    assert family(tmp_path) == []


@pytest.mark.slow
def test_says_which_child_died(launched, tmp_path):
    read_until(launched, "Ctrl-C")
    beat = next(p for p in psutil.Process(launched.pid).children() if "beat" in p.cmdline())
    beat.kill()
    said, _ = launched.communicate(timeout=60)
    assert launched.returncode == 1
    assert "The beat has ended (code -9)" in said
    assert "beat.log" in said
    assert family(tmp_path) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent is gone")
def test_a_kill_takes_the_children_along(launched, tmp_path):
    read_until(launched, "Ctrl-C")
    launched.send_signal(signal.SIGKILL)
    until(lambda: not family(tmp_path))


def test_a_taken_port_gets_a_sentence(port):
    with socket.create_server(("127.0.0.1", int(port))), pytest.raises(launcher.Stop, match=f"Port {port} cannot"):
        launcher.free_port(port)


@pytest.mark.parametrize("wrong", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_gets_a_sentence(wrong):
    with pytest.raises(launcher.Stop, match="must be a number"):
        launcher.free_port(wrong)


@pytest.mark.slow
def test_reset_waits_for_the_end_and_begins_anew(launched, tmp_path, port):
    read_until(launched, "Ctrl-C")
    command = [sys.executable, "-m", "crm.launcher", "reset"]
    how = {"cwd": PROJECT, "env": environment(tmp_path, port), "capture_output": True, "text": True}
    refused = subprocess.run(command, **how)
    assert (refused.returncode, "Stop it first" in refused.stderr) == (1, True)
    launched.terminate()
    launched.wait(timeout=60)
    place = Place(tmp_path / "postgres")
    assert place.data.exists()
    done = subprocess.run(command, **how)
    assert done.returncode == 0, done.stderr
    assert not place.home.exists()
    assert not (tmp_path / "queue").exists()


def test_reset_refuses_a_database_that_is_not_its_own(tmp_path, port):
    foreign = environment(tmp_path, port) | {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
    done = subprocess.run(
        [sys.executable, "-m", "crm.launcher", "reset"], cwd=PROJECT, env=foreign, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "CONFIRM=yes" in done.stderr


def test_a_full_disk_gets_a_sentence(monkeypatch, tmp_path):
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda folder: usage(free=12_000_000))
    assert "12 MB are free" in preflight.disk_problem(str(tmp_path / "not" / "yet"), 300)


def test_a_missing_node_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(preflight.shutil, "which", lambda name: None)
    assert preflight.node_problem() == (
        "Dossier needs Node 18 or newer with npm, and they are not installed. See https://nodejs.org"
    )


def test_an_old_node_gets_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "node").write_text("#!/bin/sh\necho v16.20.2\n")
    (tmp_path / "node").chmod(0o755)
    monkeypatch.setattr(preflight.shutil, "which", lambda name: str(tmp_path / "node"))
    assert "this is Node 16.20.2" in preflight.node_problem()


def test_an_old_python_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(preflight.sys, "version_info", (3, 9, 2))
    assert "this is Python 3.9" in preflight.python_problem()
