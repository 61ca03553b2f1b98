"""Make, start and stop one cluster. Who may do so, and when, is decided by `presence`; nothing here takes a lock."""

import shutil
import signal
import subprocess
import time

import psutil

from .place import Place, Unusable, make_folder

SUPERUSER = "dossier"
PATIENCE = 30.0  # seconds for a start or a stop, recovery after a crash included
TRIES = 20
LOCALE = ("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8")
CONFIGURATION = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "unix_socket_permissions": "0700",
}
# A test's data is thrown away: it need not survive a power cut.
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def prepare(place: Place) -> None:
    """Make folders and, once, the data; a set-up that was killed half-way is begun again."""
    place.make_home()
    place.make_sockets()
    if place.data.exists():
        return
    new = place.data.with_name("data.new")
    shutil.rmtree(new, ignore_errors=True)
    make_folder(new, 0o700, place.account)
    made = place.run("initdb", "-D", str(new), "-U", SUPERUSER, "--auth=trust", "--no-instructions", *LOCALE)
    if made.returncode:
        raise Unusable(f"The embedded PostgreSQL could not make its data in {place.home}: {made.stderr.strip()}")
    new.rename(place.data)


def process(place: Place) -> psutil.Process | None:
    """The running server. A number left in postmaster.pid may by now belong to a stranger, so the process is asked."""
    try:
        found = psutil.Process(int((place.data / "postmaster.pid").read_text().split("\n")[0]))
        ours = str(place.data) in found.cmdline()
    except (FileNotFoundError, ValueError, psutil.Error):
        return None
    return found if ours and runs(found) else None


def runs(process: psutil.Process) -> bool:
    """Whether it still does anything. Who adopts orphans may bury them late or never, as in many a container."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def answers(place: Place) -> bool:
    """Whether the server takes connections at this moment."""
    return place.run("pg_isready", "-q", "-h", str(place.sockets)).returncode == 0


def start(place: Place) -> None:
    """Have the server running and answering; one that already runs is taken over as it is.

    Tried more than once: the processes of a killed server keep its memory, and the new one out, for a moment.
    """
    deadline, tries, server = time.monotonic() + PATIENCE, 0, None
    while not answers(place):
        if time.monotonic() > deadline or tries > TRIES:
            raise Unusable(f"The embedded PostgreSQL did not start. The end of {place.log}:\n{log_end(place)}")
        if not process(place) and (server is None or server.poll() is not None):
            server, tries = _launch(place), tries + 1
        time.sleep(0.1)


def stop(place: Place) -> None:
    """Stop the server, disconnecting whoever is connected, and come back when it is gone."""
    if running := process(place):
        running.send_signal(signal.SIGINT)
        deadline = time.monotonic() + PATIENCE
        while runs(running) and time.monotonic() < deadline:
            time.sleep(0.05)


def log_end(place: Place, lines: int = 8) -> str:
    """The last lines of the server's log, or nothing when there is none."""
    if not place.log.exists():
        return ""
    return "\n".join(place.log.read_text(errors="replace").splitlines()[-lines:])


def _launch(place: Place) -> subprocess.Popen:
    """Start it; a stale postmaster.pid is cleared first, as the number in it may be somebody else's by now."""
    (place.data / "postmaster.pid").unlink(missing_ok=True)
    options = CONFIGURATION | {"unix_socket_directories": f'"{place.sockets}"'} | ({} if place.durable else FORGETFUL)
    return place.launch("postgres", "-D", str(place.data), *(f"--{name}={value}" for name, value in options.items()))
