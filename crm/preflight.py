"""Is this machine fit for Dossier? Run by make before anything is installed, with whatever Python is there.

Written for old Pythons too: an old one must be able to read this file in order to say that it is too old.
"""

import os
import re
import shutil
import subprocess
import sys

PYTHON = (3, 11)
NODE = 18
NEEDED = 1500  # megabytes: packages of Python and Node, PostgreSQL, the demonstration data
NEEDED_AGAIN = 300  # megabytes, once these are installed


def problems(needed):
    """A plain sentence for everything that stands in the way."""
    found = [python_problem(), node_problem(), disk_problem(os.getcwd(), needed)]
    return [problem for problem in found if problem]


def python_problem():
    if sys.version_info < PYTHON:
        return (
            "Dossier needs Python 3.11 or newer; this is Python %d.%d. Name a newer one: make demo PYTHON=python3.12"
            % (sys.version_info[:2])
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "This Python cannot make virtual environments. On Debian: apt-get install python3-venv"
    return None


def node_problem():
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return "Dossier needs Node 18 or newer with npm, and they are not installed. See https://nodejs.org"
    version = subprocess.run([node, "--version"], stdout=subprocess.PIPE).stdout.decode()
    number = re.match(r"v(\d+)", version)
    if not number or int(number.group(1)) < NODE:
        return "Dossier needs Node 18 or newer; this is Node %s. See https://nodejs.org" % version.strip().lstrip("v")
    return None


def disk_problem(folder, needed):
    """Whether this many megabytes are free where `folder` is, or will be."""
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    free = shutil.disk_usage(folder).free // 1000000
    if free < needed:
        return "The disk of %s is nearly full: %d MB are free, %d MB are needed." % (folder, free, needed)
    return None


if __name__ == "__main__":
    found = problems(NEEDED_AGAIN if os.path.exists("node_modules/.installed") else NEEDED)
    for sentence in found:
        sys.stderr.write(sentence + "\n")
    sys.exit(1 if found else 0)
