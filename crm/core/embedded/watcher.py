"""The process that keeps the server up while anybody is present, and stops it afterwards.

Started by `presence`, never by hand. SIGTERM says: stop as soon as nobody is present, without waiting for latecomers.
"""

import fcntl
import os
import signal
import sys
import time
from pathlib import Path

from . import cluster, presence
from .place import Place, Unusable

TICK = 0.25  # seconds between two looks
GRACE = 12  # looks without anybody present before the server stops: the next command often comes right away


def main(folder: str, durable: str, starting: str) -> None:
    """Bring the server up, report back by ending, and live on as a process of its own."""
    place = Place(Path(folder), durable=durable == "1")
    os.umask(0o077)
    impatient = []  # filled by the signal; a threading.Event could be caught holding its own lock
    signal.signal(signal.SIGTERM, lambda *_: impatient.append(True))
    watching = presence.take(place, "watcher", fcntl.LOCK_EX)
    try:
        cluster.prepare(place)
        cluster.start(place)
    except Unusable as problem:
        sys.exit(str(problem))
    if number := os.fork():
        os.ftruncate(watching, 0)
        os.pwrite(watching, str(number).encode(), 0)  # for presence.leave, before anybody can ask for it
        os._exit(0)
    _settle()
    os.close(int(starting))
    watch(place, watching, impatient)


def watch(place: Place, watching: int, impatient: list[bool]) -> None:
    """Look every tick: bring back a server that was killed, stop it when nobody has been present for a while.

    Newcomers wait on the clients' lock while the server stops, and find no watcher once they have it.
    """
    quiet = 0
    while True:
        if (alone := _alone(place)) is not None:
            quiet += 1
            if impatient or quiet > GRACE:
                break
            os.close(alone)
        else:
            quiet = 0
        if not cluster.process(place):
            cluster.start(place)
        time.sleep(TICK)
    cluster.stop(place)
    os.close(watching)
    os._exit(0)  # at once: whoever waits for that lock is told that nothing is left


def _alone(place: Place) -> int | None:
    """The clients' lock, held for ourselves, if nobody else has it."""
    try:
        return presence.take(place, "clients", fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


def _settle() -> None:
    """Leave the folder and the pipes of whoever started us."""
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    os.close(nothing)


if __name__ == "__main__":
    main(*sys.argv[1:])
