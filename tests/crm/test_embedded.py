"""The embedded PostgreSQL: one server for whoever comes, found again after a kill, gone after the last."""

import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg2
import pytest

from crm.core.embedded import cluster, place, presence
from crm.core.embedded.place import Place, Unusable

pytestmark = pytest.mark.once

PROJECT = Path(__file__).resolve().parents[2]
ROOT = os.geteuid() == 0
only_root = pytest.mark.skipif(not ROOT, reason="only root can become somebody else")

VISITOR = """
import sys
from pathlib import Path
import psycopg2
from crm.core.embedded import cluster, presence
from crm.core.embedded.place import Place
somewhere = Place(Path(sys.argv[1]), durable=False)
presence.ensure(somewhere)
psycopg2.connect(host=str(somewhere.sockets), user=cluster.SUPERUSER, dbname="postgres").close()
print("up", flush=True)
sys.stdin.read()
"""
DJANGO_VISITOR = """
import sys
from pathlib import Path
import django
from django.conf import settings
from django.db import connection
database = {"ENGINE": "crm.core.embedded", "NAME": "archive", "OPTIONS": {"options": "-c lock_timeout=1234"}}
settings.configure(MODE="test", VAR_DIR=Path(sys.argv[1]), DATABASES={"default": database})
django.setup()
with connection.cursor() as cursor:
    cursor.execute("SELECT current_database(), current_setting('lock_timeout'), current_setting('fsync')")
    print(*cursor.fetchone())
"""


@pytest.fixture
def somewhere(tmp_path):
    """A cluster of the test's own, cleared away afterwards."""
    found = Place(tmp_path / "postgres", durable=False)
    yield found
    presence.leave(found)
    assert presence.gone(found, within=cluster.PATIENCE), "the server outlived its last user"
    if ROOT:
        shutil.rmtree(found.home)


@contextmanager
def visitor(folder: Path, python=sys.executable, code=VISITOR, **how):
    """Another process that is present, up to the end of the block."""
    process = subprocess.Popen(
        [python, "-c", code, folder],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **how,
    )
    try:
        assert process.stdout.readline() == "up\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def ask(somewhere: Place, question: str):
    connection = psycopg2.connect(host=str(somewhere.sockets), user=cluster.SUPERUSER, dbname="postgres")
    with connection, connection.cursor() as cursor:
        cursor.execute(question)
        answer = cursor.fetchone()[0]
    connection.close()
    return answer


def until(what, within=cluster.PATIENCE):
    deadline = time.monotonic() + within
    while not (found := what()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
    return found


def watcher_of(somewhere: Place) -> psutil.Process:
    return psutil.Process(int((somewhere.home / "watcher.lock").read_text()))


def test_starts_with_the_first_and_stops_after_the_last(somewhere):
    with visitor(somewhere.folder), visitor(somewhere.folder):
        server = cluster.process(somewhere)
        presence.ensure(somewhere)
        assert cluster.process(somewhere) == server
    assert ask(somewhere, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") == 1
    presence.leave(somewhere)
    assert presence.gone(somewhere, within=cluster.PATIENCE)
    assert not cluster.runs(server)


def test_stops_at_once_where_nobody_buries_the_dead(somewhere):
    """Seen in containers: who adopts the orphaned server never reaps it, and it stays as a zombie."""
    adopts_and_forgets = "import ctypes; assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0"
    with visitor(somewhere.folder, code=f"{adopts_and_forgets}\n{VISITOR}"):
        server = cluster.process(somewhere)
        assert psutil.Process(server.ppid()).pid != 1
        server_stops = time.monotonic()
        cluster.stop(somewhere)
        assert time.monotonic() - server_stops < cluster.PATIENCE / 2
        assert server.status() == psutil.STATUS_ZOMBIE
        assert not cluster.runs(server)


def test_speaks_utf8_on_a_socket_only(somewhere):
    presence.ensure(somewhere)
    assert ask(somewhere, "SHOW listen_addresses") == ""
    assert ask(somewhere, "SHOW server_encoding") == "UTF8"
    assert ask(somewhere, "SELECT lower('ÄÖÜ Ж')") == "äöü ж"
    assert [c for c in cluster.process(somewhere).net_connections("inet") if c.status == psutil.CONN_LISTEN] == []
    for folder in (somewhere.data, somewhere.sockets):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_many_at_the_same_moment_start_one_server(somewhere):
    started = [
        subprocess.Popen([sys.executable, "-c", VISITOR, somewhere.folder], cwd=PROJECT, stdin=-1, stdout=-1)
        for _ in range(6)
    ]
    assert [process.stdout.readline() for process in started] == [b"up\n"] * 6
    owned = [p for p in psutil.process_iter(["cmdline"]) if str(somewhere.data) in (p.info["cmdline"] or [])]
    for process in started:
        process.communicate(b"")
    assert len(owned) == 1


def test_is_found_again_when_its_starter_was_killed(somewhere):
    with visitor(somewhere.folder) as starter:
        server = cluster.process(somewhere)
        os.kill(starter.pid, signal.SIGKILL)
        starter.wait()
        presence.ensure(somewhere)
        assert cluster.process(somewhere) == server
    assert ask(somewhere, "SELECT 1") == 1


def test_a_killed_watcher_is_replaced_and_the_server_kept(somewhere):
    presence.ensure(somewhere)
    server, killed = cluster.process(somewhere), watcher_of(somewhere)
    killed.kill()
    until(lambda: not presence.watched(somewhere))
    presence.ensure(somewhere)
    assert watcher_of(somewhere) != killed
    assert cluster.process(somewhere) == server


def test_a_killed_server_comes_back(somewhere):
    presence.ensure(somewhere)
    killed = cluster.process(somewhere)
    killed.kill()
    presence.wait_until_up(somewhere)
    assert ask(somewhere, "SELECT 1") == 1
    assert cluster.process(somewhere) != killed


def test_both_killed_recover(somewhere):
    presence.ensure(somewhere)
    for process in (watcher_of(somewhere), cluster.process(somewhere)):
        process.kill()
    until(lambda: not presence.watched(somewhere))
    presence.ensure(somewhere)
    assert ask(somewhere, "SELECT 1") == 1


def test_a_stranger_with_the_old_number_is_no_server(somewhere):
    presence.ensure(somewhere)
    presence.leave(somewhere)
    assert presence.gone(somewhere, within=cluster.PATIENCE)
    (somewhere.data / "postmaster.pid").write_text(f"{os.getpid()}\n{somewhere.data}\n")
    assert cluster.process(somewhere) is None
    presence.ensure(somewhere)
    assert ask(somewhere, "SELECT 1") == 1


def test_a_set_up_killed_half_way_is_begun_again(somewhere):
    somewhere.make_home()
    (somewhere.home / "data.new").mkdir()
    (somewhere.home / "data.new" / "half").touch()
    presence.ensure(somewhere)
    assert ask(somewhere, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why(somewhere):
    presence.ensure(somewhere)
    presence.leave(somewhere)
    assert presence.gone(somewhere, within=cluster.PATIENCE)
    with (somewhere.data / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(Unusable, match="no_such_setting"):
        presence.ensure(somewhere)


def test_django_connects_and_finds_its_database(tmp_path):
    command = [sys.executable, "-c", DJANGO_VISITOR, tmp_path]
    first, second = (subprocess.Popen(command, cwd=PROJECT, stdout=-1, stderr=-1, text=True) for _ in range(2))
    for process in (first, second):
        out, err = process.communicate(timeout=60)
        assert out == "archive 1234ms off\n", err
    used = Place(tmp_path / "postgres-test", durable=False)
    until(lambda: not presence.watched(used))
    if ROOT:
        shutil.rmtree(used.home)


def test_a_socket_folder_that_others_could_enter_is_refused(tmp_path):
    somewhere = Place(tmp_path / "postgres")
    somewhere.make_home()
    somewhere.sockets.mkdir()
    somewhere.sockets.chmod(0o755)
    with pytest.raises(Unusable, match="only the user of the database"):
        somewhere.make_sockets()
    shutil.rmtree(somewhere.home)


@only_root
def test_root_runs_it_as_nobody_and_changes_no_permission(tmp_path, monkeypatch):
    """The project lies in a folder that only root can enter; so do the installed programs."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    place.copy_programs(place.installed_packages(), closed / "packages")
    monkeypatch.setattr(place, "installed_packages", lambda: closed / "packages")
    before = modes_above(closed / "packages")
    somewhere = Place(closed / "var" / "postgres", durable=False)
    cluster.prepare(somewhere)
    cluster.start(somewhere)
    assert cluster.process(somewhere).username() == "nobody"
    assert somewhere.binaries.is_relative_to(somewhere.home)
    assert ask(somewhere, "SELECT 1") == 1
    cluster.stop(somewhere)
    assert modes_above(closed / "packages") == before
    shutil.rmtree(somewhere.home)


@only_root
@pytest.mark.parametrize("below", ["var", "a-very-long-name/" * 8])
def test_a_plain_user_in_a_closed_home(plain_user, below):
    """With a long path too, whose socket must lie elsewhere."""
    home = Path(plain_user.pw_dir)
    before = modes_above(home)
    data = home / below / "postgres" / "data"
    with visitor(home / below / "postgres", python_for(plain_user), **as_user(plain_user)):
        server = next(p for p in psutil.process_iter(["cmdline"]) if str(data) in (p.info["cmdline"] or []))
        assert server.username() == plain_user.pw_name
        assert stat.S_IMODE(data.parent.stat().st_mode) == 0o700
    until(lambda: not cluster.runs(server))
    assert modes_above(home) == before


@pytest.fixture
def plain_user():
    """An operating-system user with a home of mode 700, who is gone after the test."""
    if not shutil.which("useradd"):
        pytest.skip("no useradd: NOT TRIED as a plain user")
    name = f"dossier-{secrets.token_hex(4)}"
    subprocess.run(["useradd", "--create-home", "--home-dir", f"/home/{name}", name], check=True)
    Path(f"/home/{name}").chmod(0o700)
    user = pwd.getpwnam(name)
    yield user
    until(lambda: not any(p.info["uids"].real == user.pw_uid for p in psutil.process_iter(["uids"])))
    subprocess.run(["userdel", "--remove", name], check=True, capture_output=True)


def as_user(user: pwd.struct_passwd) -> dict:
    """Drop to this user; an interpreter outside the .venv finds the packages all the same."""
    packages = place.installed_packages()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "env": environment}


def python_for(user: pwd.struct_passwd) -> str:
    """An interpreter of our version that this user may run: root's own often lies in a closed home."""
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            if subprocess.run([python, "-c", "import psutil, crm"], cwd=PROJECT, **as_user(user)).returncode == 0:
                return python
        except OSError:
            continue
    pytest.skip("no Python that a plain user can run: NOT TRIED as a plain user")


def modes_above(path: Path) -> dict[Path, int]:
    return {folder: folder.stat().st_mode for folder in (path, *path.parents)}
