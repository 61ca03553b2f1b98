"""What a page weighs and how soon it is there, in Chromium: `python bench/browser.py [PAGE …] [--rounds 5] [--write]`.

On the demonstration's data, served as in production. A first load begins with nothing kept, and counts what the
service worker fetches for later; a repeat load comes right after. Paint is that of a first load by a phone: 390 × 844,
a processor four times slower, 1.6 Mbit/s with 150 ms there and back. `--write` puts the table into bench/README.md.
"""

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import django
from screenshots import ARGS, BASE_DIR, SIZES, signed_in

HERE = BASE_DIR / "bench"
README = HERE / "README.md"
PERSON, CUSTOMER = "seller", "C-100234"
PAGES = {
    "customer list": "/customers/",
    "customer page": f"/customers/{CUSTOMER}/",
    "my day": "/",
    "visit form": f"/customers/{CUSTOMER}/visits/new/",
}
HEAD = (
    "| page | first load | requests | charts | repeat load | requests | largest paint | layout shift |",
    "|---|---:|---:|---:|---:|---:|---:|---:|",
)
SLOW_PROCESSOR = {"rate": 4}
SLOW_NETWORK = {
    "offline": False,
    "latency": 150,  # ms there and back
    "downloadThroughput": 1_600_000 / 8,  # bytes a second
    "uploadThroughput": 750_000 / 8,
}
WATCH = """
window.shown = {paint: 0, shift: 0};
new PerformanceObserver((list) => { for (const one of list.getEntries()) shown.paint = one.startTime; })
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => { for (const one of list.getEntries()) shown.shift += one.value; })
  .observe({type: "layout-shift", buffered: true});
"""
SETTLED = 1000  # ms after the last request; what moves later was moved by somebody
LOOK = 50  # milliseconds between two looks
SHELL_KEPT = "async () => { await navigator.serviceWorker.ready; return (await caches.keys()).length > 0; }"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pages", nargs="*", help="only pages whose name holds one of these")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    asked = parser.parse_args()
    lines = list(table(asked.pages, asked.rounds))
    if asked.write:
        text = README.read_text(encoding="utf-8")
        fresh = "<!-- browser -->\n" + "\n".join(lines) + "\n<!-- end browser -->"
        text = re.sub(r"<!-- browser -->.*<!-- end browser -->", fresh, text, flags=re.DOTALL)
        README.write_text(text, encoding="utf-8")


def table(names: list[str], rounds: int) -> Iterator[str]:
    for line in HEAD:
        print(line)
        yield line
    with tempfile.TemporaryDirectory() as folder, served(Path(folder) / "counted") as site, browser_of(site) as open_as:
        for name, path in PAGES.items():
            if not names or any(part in name for part in names):
                line = f"| {name} | {weights(open_as, site, path)} | {paints(open_as, path, rounds)} |"
                print(line, flush=True)
                yield line


# --- The server -------------------------------------------------------------------------------------------------------


class Site:
    """A running server, and what it has sent since it was last asked."""

    def __init__(self, base: str, counted: Path):
        self.base, self.counted = base, counted

    def sent(self) -> list[dict]:
        lines = self.counted.read_text(encoding="utf-8").splitlines() if self.counted.exists() else []
        self.counted.write_text("", encoding="utf-8")
        return [json.loads(line) for line in lines]


@contextmanager
def served(counted: Path) -> Iterator[Site]:
    """The product on a free port, with files collected, compressed and named as in production."""
    python = partial(subprocess.Popen, cwd=BASE_DIR, env=surroundings(counted), stderr=subprocess.DEVNULL)
    if python([sys.executable, "manage.py", "collectstatic", "--noinput", "--clear", "--verbosity=0"]).wait():
        sys.exit("The static files could not be collected: try manage.py collectstatic.")
    address = f"127.0.0.1:{free_port()}"
    server = python([sys.executable, "-m", "gunicorn", "crm.wsgi", f"--bind={address}", "--config=bench/counting.py"])
    try:
        wait_until_ready(f"http://{address}/readyz")
        yield Site(f"http://{address}", counted)
    finally:
        server.terminate()
        server.wait()


def surroundings(counted: Path) -> dict[str, str]:
    """The environment of the server: `wire.py` stands alone, for the package of this file starts Django itself."""
    return {**os.environ, "PYTHONPATH": str(HERE), "DJANGO_SETTINGS_MODULE": "wire", "COUNTED": str(counted)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_ready(address: str) -> None:
    for _attempt in range(200):
        try:
            return urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError:
            return  # it answers: no worker of the queue runs beside it
        except OSError:
            time.sleep(0.1)
    sys.exit("The server does not answer.")


# --- The browser ------------------------------------------------------------------------------------------------------


@contextmanager
def browser_of(site: Site) -> Iterator:
    """Gives a function that opens an empty browser on a phone, signed in."""
    django.setup()
    from playwright.sync_api import sync_playwright

    from conftest import chromium
    from crm.core.models import User

    user = User.objects.get(username=PERSON)

    @contextmanager
    def open_as(**options):
        context = browser.new_context(viewport=SIZES["phone"], base_url=site.base, **options)
        signed_in(context, user, site.base, user.language)
        try:
            yield context.new_page()
        finally:
            context.close()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGS)
        yield open_as
        browser.close()


def weights(open_as, site: Site, path: str) -> str:
    """Bytes and requests of a first and of a repeat load; the charts' library apart."""
    with open_as() as page:
        site.sent()
        loads = []
        for _load in ("first", "repeat"):
            answer = page.goto(path, wait_until="networkidle")
            assert answer.ok, f"{path}: {answer.status}"
            until(page, SHELL_KEPT)
            page.wait_for_load_state("networkidle")
            loads.append(site.sent())
    first, repeat = loads
    charts = [one for one in first if "echarts" in one["path"]]
    rest = [one for one in first if "echarts" not in one["path"]]
    return " | ".join([kilobytes(rest), str(len(rest)), kilobytes(charts), kilobytes(repeat), str(len(repeat))])


def until(page, expression: str) -> None:
    """Wait for something to be true; Playwright's own waiting evaluates text in the page, which our policy forbids."""
    while not page.evaluate(expression):
        page.wait_for_timeout(LOOK)


def kilobytes(answers: list[dict]) -> str:
    return f"{sum(one['bytes'] for one in answers) / 1000:,.0f} kB"


def paints(open_as, path: str, rounds: int) -> str:
    """Medians of the largest contentful paint, and of all that moved meanwhile."""
    found = [painted(open_as, path) for _round in range(rounds)]
    paint, shift = (statistics.median(one[name] for one in found) for name in ("paint", "shift"))
    return f"{paint / 1000:.2f} s | {shift:.3f}"


def painted(open_as, path: str) -> dict[str, float]:
    with open_as(service_workers="block") as page:
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.emulateNetworkConditions", SLOW_NETWORK)
        wire.send("Emulation.setCPUThrottlingRate", SLOW_PROCESSOR)
        page.add_init_script(WATCH)
        page.goto(path, wait_until="networkidle", timeout=60_000)
        until(page, "shown.paint > 0")
        page.wait_for_timeout(SETTLED)
        return page.evaluate("shown")


if __name__ == "__main__":
    main()
