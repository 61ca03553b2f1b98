"""Pictures of every page of the demonstration: `make screenshots`; the one that runs, or one started for it.

Each page as each role that sees something of its own there, in three languages, light and dark, at a desk and on a
phone, into var/screenshots/<language>/<role>-<page>-<size>-<theme>.png, and all of them side by side in index.html
there. `--language`, `--role`, `--theme`, `--size` and `--only <part of a path>` make it fewer; `--docs` takes the
pictures of docs/images instead.
"""

import argparse
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from itertools import groupby, product
from pathlib import Path
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE_DIR))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
os.environ.setdefault("LOG_LEVEL", "CRITICAL")

ROLES = ("seller", "manager", "officer", "credit", "director", "auditor", "admin")
LANGUAGES = ("en", "zh-hans", "zh-hant")
BROWSERS = {"en": "en-GB", "zh-hans": "zh-CN", "zh-hant": "zh-TW"}  # fields for days are drawn by the browser
THEMES = ("light", "dark")
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
# Pictures of the documentation: who looks at what, on what.
DOCS = {
    "customer": ("seller", "/customers/C-100234/", "desk"),
    "visit-phone": ("seller", "/customers/C-100234/visits/new/", "phone"),
    "approval": ("credit", "/credit/applications/", "desk"),
    "holds": ("officer", "/credit/holds/", "desk"),
}
STARTED_WITHIN = 600  # seconds; the first start loads the demonstration
STYLE = """body{font:14px system-ui;margin:2rem;background:#eef0f3} h2{font-size:1rem;margin:2rem 0 .5rem}
.row{display:flex;gap:1rem;overflow-x:auto;align-items:flex-start} figure{margin:0}
figcaption{color:#555;font-size:12px}
img{height:20rem;width:auto;object-fit:cover;object-position:top;max-width:34rem;border:1px solid #ccd}"""
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default=f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
    parser.add_argument("--into", type=Path, default=None)
    parser.add_argument("--only", default="")
    parser.add_argument("--docs", action="store_true", help="the pictures of docs/images, and nothing else")
    for name, choices in (("role", ROLES), ("language", LANGUAGES), ("theme", THEMES), ("size", tuple(SIZES))):
        parser.add_argument(f"--{name}", action="append", choices=choices)
    return parser.parse_args()


def signed_in(context, user, base: str, language: str) -> None:
    """A session for the person, as if they had typed their password; their language for as long as it lasts."""
    from django.conf import settings
    from django.test import Client

    type(user).objects.filter(pk=user.pk).update(language=language)
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])


def photograph(page, path: str, file: Path, *, whole: bool = True) -> None:
    """What one sees when everything has come: charts are drawn once their place has been in sight."""
    page.goto(path, wait_until="load")
    page.evaluate(
        "async () => { await document.fonts.ready; scrollTo(0, document.body.scrollHeight); scrollTo(0, 0); }"
    )
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file, full_page=whole, animations="disabled")


def pictures_of(browser, user, role: str, options: argparse.Namespace, into: Path) -> int:
    from tests.browser.pages import addresses

    paths = [path for path in addresses(user) if options.only in path]
    choices = product(options.language or LANGUAGES, options.size or SIZES, options.theme or THEMES)
    for language, size, theme in choices:
        context = browser.new_context(
            viewport=SIZES[size], base_url=options.base, color_scheme=theme, locale=BROWSERS[language]
        )
        type(user).objects.filter(pk=user.pk).update(theme=theme)
        signed_in(context, user, options.base, language)
        page = context.new_page()
        for path in paths:
            name = re.sub(r"\W+", "-", path).strip("-") or "my-day"
            folder = into / language
            folder.mkdir(parents=True, exist_ok=True)
            photograph(page, path, folder / f"{role}-{name[:60]}-{size}-{theme}.png")
        context.close()
    return len(paths)


def pictures_of_docs(browser, base: str) -> None:
    """As a reader of the English documentation would see them, above the fold."""
    from crm.core.models import User

    for name, (role, path, size) in DOCS.items():
        user = User.objects.get(username=role)
        with as_they_were(user):
            User.objects.filter(pk=user.pk).update(theme="light")
            context = browser.new_context(viewport=SIZES[size], base_url=base, color_scheme="light", locale="en-GB")
            signed_in(context, user, base, "en")
            photograph(context.new_page(), path, BASE_DIR / "docs" / "images" / f"{name}.png", whole=False)
            context.close()
        print(name, flush=True)


@contextmanager
def as_they_were(user) -> Iterator[None]:
    """Give the person their language and theme back in the end."""
    before = {"language": user.language, "theme": user.theme}
    try:
        yield
    finally:
        type(user).objects.filter(pk=user.pk).update(**before)


def write_index(into: Path) -> None:
    """All pictures there are, a row for each page as each role sees it."""
    pictures = sorted(into.glob("*/*.png"), key=lambda file: (page_name(file), file.stem, file.parent.name))
    rows = (row_of(name, list(files)) for name, files in groupby(pictures, page_name))
    head = f"<!doctype html><meta charset=utf-8><title>{len(pictures)} pictures</title><style>{STYLE}</style>"
    (into / "index.html").write_text(head + "".join(rows), encoding="utf-8")


def page_name(file: Path) -> str:
    return re.sub(r"-(desk|phone)-(light|dark)$", "", file.stem)


def row_of(name: str, files: list[Path]) -> str:
    return f"<h2>{escape(name)}</h2><div class=row>{''.join(figure_of(name, file) for file in files)}</div>"


def figure_of(name: str, file: Path) -> str:
    address, words = escape(f"{file.parent.name}/{file.name}"), f"{file.parent.name} {file.stem.removeprefix(name)}"
    picture = f"<a href='{address}'><img loading=lazy src='{address}' alt=''></a>"
    return f"<figure>{picture}<figcaption>{escape(words)}</figcaption></figure>"


@contextmanager
def demonstration_at(base: str) -> Iterator[None]:
    """The demonstration that runs there; otherwise one of our own, for as long as it is needed."""
    if answers(base):
        yield
        return
    surroundings = {**os.environ, "PORT": str(urlsplit(base).port)}
    own = subprocess.Popen([sys.executable, "-m", "crm.launcher"], cwd=BASE_DIR, env=surroundings)
    try:
        wait_for(base, own)
        yield
    finally:
        own.terminate()
        own.wait()


def wait_for(base: str, program: subprocess.Popen) -> None:
    begun = time.monotonic()
    while not answers(base):
        if program.poll() is not None or time.monotonic() - begun > STARTED_WITHIN:
            sys.exit("The demonstration does not start; `make demo` says why.")
        time.sleep(0.5)


def answers(base: str) -> bool:
    try:
        return urllib.request.urlopen(f"{base}/readyz", timeout=10).status == 200
    except OSError:
        return False


def main() -> None:
    options = parsed()
    with demonstration_at(options.base):
        photograph_all(options)


def photograph_all(options: argparse.Namespace) -> None:
    import django

    django.setup()
    from django.conf import settings
    from playwright.sync_api import sync_playwright

    from conftest import chromium

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGS)
        if options.docs:
            pictures_of_docs(browser, options.base)
        else:
            pictures_of_everybody(browser, options, options.into or settings.VAR_DIR / "screenshots")
        browser.close()


def pictures_of_everybody(browser, options: argparse.Namespace, into: Path) -> None:
    from crm.core.models import User

    for role in options.role or ROLES:
        user = User.objects.get(username=role)
        with as_they_were(user):
            print(role, pictures_of(browser, user, role, options, into), "pages", flush=True)
        write_index(into)
    print(f"All of them: {into / 'index.html'}")


if __name__ == "__main__":
    main()
