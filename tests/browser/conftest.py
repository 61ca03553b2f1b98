"""A real browser for tests: `browse(seller)` opens a page signed in as somebody, on a phone or at a desk."""

import os

import pytest

# Playwright keeps an event loop in the tests' thread, and Django would not touch the database beside one.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PATIENCE = 30_000  # milliseconds: the suite shares the machine with itself
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 1000}


@pytest.fixture(scope="session")
def chromium(chromium_path):
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture
def browse(chromium, live_server, client):
    """`browse(seller)` gives a page signed in as that person; whatever breaks in its scripts fails the test."""
    opened, broken = [], []

    def signed_in(user, size=PHONE):
        client.force_login(user)
        context = chromium.new_context(viewport=size, base_url=live_server.url, locale="en")
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda line: broken.append(line.text) if "Content Security Policy" in line.text else None)
        opened.append(context)
        return page

    yield signed_in
    for context in opened:
        context.close()
    assert not broken
