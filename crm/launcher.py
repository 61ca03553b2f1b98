"""Dossier on one machine, for a look at it: `make demo` and `make demo-reset`.

`python -m crm.launcher` prepares the database, loads the demonstration once, and runs the web server, the worker and
beat as its children. It ends when it is told to (Ctrl-C, SIGTERM) or when a child dies, and leaves no process behind.
`python -m crm.launcher reset` removes the demonstration's data.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.utils import OperationalError

from crm import preflight
from crm.core.embedded import presence
from crm.core.embedded.place import Place

PROJECT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
ROLES = ("seller", "manager", "officer", "credit", "director", "auditor", "admin")
PASSWORD = "dossier-demo"
READY_WITHIN = 120  # seconds
STOP_WITHIN = 20  # seconds; then a child is killed
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 8  # seconds for the database to stop after a command that has just ended
PR_SET_PDEATHSIG = 1


class Stop(Exception):
    """It does not go on; the text says why, in a plain sentence."""


def main(arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    try:
        reset() if arguments == ["reset"] else demo()
    except (Stop, ImproperlyConfigured, CommandError, OperationalError, OSError) as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 1
    return 0


def demo() -> None:
    """Prepare, run, and stop everything again whatever happens."""
    for number in ENDINGS:
        signal.signal(number, signal.default_int_handler)
    port = free_port(os.environ.get("PORT") or "8000")
    django.setup()
    children: dict[str, subprocess.Popen] = {}
    try:
        prepare()
        for name, command in commands(port).items():
            children[name] = start_child(name, command)
        wait_until_ready(children, port)
        print(greeting(port), flush=True)
        wait_until_one_dies(children)
    except KeyboardInterrupt:
        pass
    finally:
        stop(children)


# --- before the start ---


def free_port(wanted: str) -> int:
    """The port as a number; refused when it is none, or in use."""
    if not wanted.isdecimal() or not 1 <= int(wanted) <= 65535:
        raise Stop(f"PORT is {wanted!r}; it must be a number from 1 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, int(wanted)))
        except OSError as problem:
            raise Stop(
                f"Port {wanted} cannot be used ({problem.strerror}). Choose another: PORT=8123 make demo"
            ) from None
    return int(wanted)


def prepare() -> None:
    """Database up, tables made, demonstration loaded; each step only as far as it is missing."""
    if problem := preflight.disk_problem(str(data_folder()), preflight.NEEDED_AGAIN):
        raise Stop(problem)
    call_command("migrate", verbosity=0)
    if not has_data():
        call_command("load_demo")


def has_data() -> bool:
    from archives.models import Customer

    return Customer.objects.exists()


def data_folder() -> Path:
    """Where the embedded database keeps its data; with another database only logs and files are written."""
    place = embedded_place()
    return place.home if place else settings.VAR_DIR


def embedded_place() -> Place | None:
    """The embedded database's place; None when DATABASE_URL names another."""
    if settings.DATABASES["default"]["ENGINE"] != "crm.core.embedded":
        return None
    from crm.core.embedded.base import place_of_settings

    return place_of_settings()


# --- running ---


def commands(port: int) -> dict[str, list[str]]:
    """What runs, by the name under which it is spoken of."""
    return {
        "web server": [
            "gunicorn",
            "crm.wsgi",
            f"--bind={HOST}:{port}",
            "--worker-class=gthread",
            "--workers=2",
            "--threads=4",
        ],
        "worker": ["celery", "-A", "crm.celery", "worker", "--concurrency=2", "--loglevel=INFO"],
        "beat": ["celery", "-A", "crm.celery", "beat", "--loglevel=INFO", "--pidfile="],
    }


def log_of(name: str) -> Path:
    return settings.VAR_DIR / "log" / f"{name.replace(' ', '-')}.log"


def start_child(name: str, command: list[str]) -> subprocess.Popen:
    """Start one in a session of its own, so that Ctrl-C reaches it through us only, in good order."""
    path = log_of(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent if sys.platform == "linux" else None,
        )


def end_with_parent() -> None:
    """Have Linux send SIGTERM to this child when its parent is gone, however that came about."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_until_ready(children: dict[str, subprocess.Popen], port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while not is_ready(port):
        refuse_dead(children)
        if time.monotonic() > deadline:
            raise Stop(f"Not ready after {READY_WITHIN} seconds. The logs are in {log_of('web server').parent}")
        time.sleep(0.3)


def is_ready(port: int) -> bool:
    try:
        return urllib.request.urlopen(f"http://{HOST}:{port}/readyz", timeout=5).status == 200
    except (urllib.error.URLError, OSError):
        return False


def wait_until_one_dies(children: dict[str, subprocess.Popen]) -> None:
    while True:
        refuse_dead(children)
        time.sleep(0.5)


def refuse_dead(children: dict[str, subprocess.Popen]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            end = "\n".join(log_of(name).read_text(errors="replace").splitlines()[-15:])
            raise Stop(f"The {name} has ended (code {child.returncode}). The end of {log_of(name)}:\n{end}")


def greeting(port: int) -> str:
    logins = "\n".join(f"    {role:<10}{PASSWORD}" for role in ROLES)
    return f"""
Dossier is running at  http://{HOST}:{port}/

    sign in as password
{logins}

Logs are in {log_of("web server").parent}. Ctrl-C stops everything; the data stays."""


# --- afterwards ---


def stop(children: dict[str, subprocess.Popen]) -> None:
    """Everything, in good order; a second Ctrl-C does not hurry it."""
    for number in ENDINGS:
        signal.signal(number, signal.SIG_IGN)
    print("\nStopping …", flush=True)
    stop_children(children)
    stop_database()


def stop_children(children: dict[str, subprocess.Popen]) -> None:
    """Ask all at once, wait, and kill what has not gone; with a child goes its whole session."""
    for child in children.values():
        child.terminate()
    deadline = time.monotonic() + STOP_WITHIN
    for child in children.values():
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def stop_database() -> None:
    """Leave the embedded database, which stops it, unless somebody else is connected."""
    connections.close_all()
    if not (place := embedded_place()):
        return
    presence.leave(place)
    if not presence.gone(place, within=STOP_WITHIN):
        print("PostgreSQL stays up: another program of this project is using it, and it stops when that one ends.")


def reset() -> None:
    """Remove the demonstration's data. Refused while it runs, and on a database that is not ours unless confirmed."""
    django.setup()
    place = embedded_place()
    if place:
        remove_embedded(place)
    elif os.environ.get("CONFIRM") == "yes":
        empty_database()
    else:
        raise Stop(
            "DATABASE_URL names a database that is not part of the trial. To empty it: CONFIRM=yes make demo-reset"
        )
    remove_files()
    print("The demonstration's data is gone. `make demo` begins anew.")


def remove_embedded(place: Place) -> None:
    presence.leave(place)
    if not presence.gone(place, within=GRACE):
        raise Stop("Dossier is running. Stop it first, with Ctrl-C where `make demo` runs.")
    shutil.rmtree(place.home, ignore_errors=True)


def empty_database() -> None:
    """Drop every table; migrations begin anew with the next start."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


def remove_files() -> None:
    """Uploaded and generated files, and what waits in the queue, belong to the data."""
    for name in ("files", "queue", "queue-control"):
        shutil.rmtree(settings.VAR_DIR / name, ignore_errors=True)
    for schedule in settings.VAR_DIR.glob("beat-schedule*"):
        schedule.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
