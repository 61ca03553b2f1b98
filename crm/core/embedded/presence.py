"""The file locks by which processes tell that they are there, so that one server is started and not two.

| lock       | held by                                      | means                                    |
|------------|----------------------------------------------|------------------------------------------|
| `clients`  | every process with a connection, shared      | the server is needed                     |
| `watcher`  | the watcher                                  | somebody will stop the server in the end |
| `starting` | who starts a watcher, and it until it is up  | wait: the server is on its way           |

The kernel drops a lock with the process that holds it, however that process ended, so nothing needs tidying up. A
forked child shares its parent's lock and keeps it alive.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import cluster
from .place import Place, Unusable

CODE = Path(__file__).resolve().parents[3]
_held: dict[Path, int] = {}


def ensure(place: Place) -> None:
    """Be present, and have the server running, for as long as this process lives. Cheap when it runs already."""
    if place.home not in _held:
        place.make_home()
        _held[place.home] = take(place, "clients", fcntl.LOCK_SH)
    if watched(place) and not _locked(place, "starting"):
        return
    starting = take(place, "starting", fcntl.LOCK_EX)
    try:
        if not watched(place):
            _start_watcher(place, starting)
    finally:
        os.close(starting)


def leave(place: Place) -> None:
    """Stop being present, and let the watcher know that it need not wait for latecomers."""
    if place.home in _held:
        os.close(_held.pop(place.home))
    if watched(place) and not _locked(place, "starting"):
        os.kill(int((place.home / "watcher.lock").read_text()), signal.SIGTERM)


def gone(place: Place, *, within: float) -> bool:
    """Wait for the server to be stopped; False when others still need it after so many seconds."""
    deadline = time.monotonic() + within
    while watched(place):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def wait_until_up(place: Place) -> None:
    """Wait while the watcher brings back a server that was killed."""
    deadline = time.monotonic() + cluster.PATIENCE
    ensure(place)
    while not cluster.answers(place) and time.monotonic() < deadline:
        time.sleep(0.1)
        ensure(place)


def watched(place: Place) -> bool:
    """Whether a watcher lives; the server is up as well unless somebody is starting it."""
    return place.home.exists() and _locked(place, "watcher")


def take(place: Place, name: str, how: int) -> int:
    """Open and lock one of the files; the lock lasts until the returned descriptor is closed everywhere."""
    descriptor = os.open(place.home / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


def _locked(place: Place, name: str) -> bool:
    """Whether somebody holds this lock for themselves."""
    try:
        os.close(take(place, name, fcntl.LOCK_SH | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def _start_watcher(place: Place, starting: int) -> None:
    """Start the watcher, away from this terminal; it comes back when the server answers, and lives on."""
    done = subprocess.run(
        [sys.executable, "-m", "crm.core.embedded.watcher", place.folder, str(int(place.durable)), str(starting)],
        cwd=CODE,
        pass_fds=[starting],
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Unusable(done.stderr.strip())
