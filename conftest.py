"""What the machine offers to the tests, and what is skipped, loudly, for want of it.

| marker     | needs                                      | a failure, not a skip, with    |
|------------|--------------------------------------------|--------------------------------|
| `browser`  | a Chromium: on the PATH, or in `$CHROMIUM` | `DOSSIER_REQUIRE_BROWSER=1`    |
| `services` | `DATABASE_URL` and `REDIS_URL`             | `DOSSIER_REQUIRE_SERVICES=1`   |
"""

import os
import shutil

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The browser for the tests; an absolute path, or None."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, BROWSERS)), None)


def missing() -> dict[str, str]:
    """Marker → what it misses here."""
    found = {}
    if not chromium():
        found["browser"] = "NO CHROMIUM FOUND: nothing was tried in a browser"
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        found["services"] = "NO SERVICES: nothing was tried against DATABASE_URL and REDIS_URL"
    return found


def required(marker: str) -> bool:
    return os.environ.get(f"DOSSIER_REQUIRE_{marker.upper()}") == "1"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    for marker, reason in missing().items():
        if item.get_closest_marker(marker):
            (pytest.fail if required(marker) else pytest.skip)(reason)


def pytest_terminal_summary(terminalreporter):
    """Say once more, below everything, what was not tried in a browser."""
    if "browser" in missing():
        terminalreporter.write_line(f"WARNING: {missing()['browser']}. Install one: apt-get install chromium", red=True)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    return chromium()
