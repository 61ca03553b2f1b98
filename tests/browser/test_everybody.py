"""For everybody: axe finds nothing on any page in either theme nor on a phone, nothing scrolls sideways on a phone or
at twice the size, what is touched is large enough for a thumb, whoever goes by keyboard sees where they are, every page
has a title and a heading of its own, and nothing breaks or asks other hosts while it loads.

The pages come from the resolver and the records from a small demonstration, so that a page is tried on the day it is
written, with something on it. What only one role sees is tried as that role.
"""

from importlib import import_module
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.utils.timezone import localdate

from crm.core.models import User
from scoring.models import Scorecard
from scoring.scorecards import publish_missing
from tests.browser.conftest import DESK, PHONE
from tests.browser.pages import SIGNED_OUT, addresses

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
AXE = settings.BASE_DIR / "node_modules" / "axe-core" / "axe.min.js"
SMALLEST = {"width": 320, "height": 640}
TWICE = {"width": DESK["width"] // 2, "height": DESK["height"] // 2}  # what 200 % leaves of a desk
THUMB = 44  # px
APART = 24  # px
TALL = 3000

# Run in the page: what axe says, one line for each kind of thing on each element.
FINDINGS = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const result = await axe.run(document, {runOnly: tags, resultTypes: ["violations"]});
  return result.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 160)} ${
    (node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""}`));
}"""
WIDER = """() => [...document.querySelectorAll("body *")].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.width && box.right > document.documentElement.clientWidth + 1 && !element.closest(
    ".table-responsive, .chip-row, .hints, .nav, .visually-hidden, svg, .skip, [popover]");
}).slice(0, 3).map((element) => element.outerHTML.slice(0, 120))"""
# Charts take their new size a moment after the window has.
SCROLLS = """async () => {
  const scrolls = () => document.documentElement.scrollWidth > document.documentElement.clientWidth;
  for (let frame = 0; scrolls() && frame < 60; frame += 1) await new Promise(requestAnimationFrame);
  return scrolls();
}"""
# What fades is at its end at once; what turns for ever has none.
SETTLE = """() => document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  .forEach((one) => one.finish())"""
# On a phone a target that stands alone is 44 px high; a box or a hidden radio counts with its label. A link that runs
# in a line of text may be lower if, as WCAG 2.5.8 has it, a circle of 24 px about its middle meets no other target –
# unless its sentence puts it where it is. What is out of sight until it is focussed is for the keyboard alone.
SMALL_TARGETS = """([alone, around]) => {
  const shown = (element) => element.checkVisibility({visibilityProperty: true});
  const boxes = (element) => [element, ...(element.matches("[type=checkbox], [type=radio]") ? element.labels : [])]
    .map((one) => one.getBoundingClientRect());
  const joined = (all) => ({left: Math.min(...all.map((box) => box.left)), top: Math.min(...all.map((box) => box.top)),
    right: Math.max(...all.map((box) => box.right)), bottom: Math.max(...all.map((box) => box.bottom))});
  const targets = [...document.querySelectorAll(
    "a[href], button, summary, select, textarea, input:not([type=hidden]), [role=button]")]
    .filter((element) => shown(element) && !element.closest("[inert], .visually-hidden"))
    .map((element) => ({element, ...joined(boxes(element))}))
    .filter((one) => one.right > 0 && one.right - one.left > 2 && one.bottom - one.top > 2);
  const inLine = ({element}) => getComputedStyle(element).display === "inline" && !element.matches("input, select");
  const inSentence = ({element}) => [...element.parentElement.childNodes]
    .some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim().length > 1);
  const distance = (x, y, box) => Math.hypot(Math.max(box.left - x, 0, x - box.right),
    Math.max(box.top - y, 0, y - box.bottom));
  const floats = ({element}) => !!element.closest(".bottom-bar, .savebar, .deciding");
  const crowded = (one) => targets.some((other) => other !== one && floats(other) === floats(one)
    && !other.element.contains(one.element) && !one.element.contains(other.element)
    && distance((one.left + one.right) / 2, (one.top + one.bottom) / 2, other) < around / 2);
  const small = (one) => one.bottom - one.top < (inLine(one) ? around : alone) - 0.5;
  return targets.filter((one) => small(one) && (!inLine(one) || (crowded(one) && !inSentence(one)))).slice(0, 8)
    .map((one) => `${Math.round(one.right - one.left)} × ${Math.round(one.bottom - one.top)} px: ${
      one.element.outerHTML.slice(0, 120)} in ${one.element.parentElement.className}`);
}"""

# Run after a Tab, so that focus shows as for a keyboard: stops that look the same with and without it.
UNSEEN_STOPS = """() => {
  const look = (element) => [element, element.nextElementSibling, element.closest("label")].filter(Boolean)
    .map((one) => getComputedStyle(one)).map((style) => [style.outlineStyle === "none" ? "" : style.outline,
      style.boxShadow, style.borderColor, style.backgroundColor, style.clip].join()).join("|");
  const stops = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((element) => !element.disabled && element.checkVisibility());
  return stops.filter((element) => {
    document.activeElement.blur();
    const before = look(element);
    element.focus({preventScroll: true});
    return document.activeElement === element && look(element) === before;
  }).slice(0, 5).map((element) => `focus is not seen: ${element.outerHTML.slice(0, 120)}`);
}"""


def dark(page) -> None:
    """The other theme, as if it had been chosen."""
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    page.evaluate(SETTLE)


def findings(page) -> list[str]:
    """What axe finds in both themes. Evaluated, not added as a tag: the page's own policy forbids foreign scripts."""
    page.set_viewport_size({**DESK, "height": TALL})  # what sticks to the lower edge covers nothing
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(FINDINGS)
    page.set_viewport_size({**PHONE, "height": TALL})
    found += [f"phone {line}" for line in page.evaluate(FINDINGS) if line not in found]
    page.set_viewport_size({**DESK, "height": TALL})
    dark(page)
    return [*found, *(f"dark {line}" for line in page.evaluate(FINDINGS) if line not in found)]


def unfit_for_phones(page) -> list[str]:
    """Sideways scrolling at twice the size, at 390 and 320 pixels, and targets too small for a thumb."""
    found = []
    for size in (TWICE, SMALLEST, PHONE):
        page.set_viewport_size(size)
        if page.evaluate(SCROLLS):
            found.append(f"scrolls sideways at {size['width']}: {page.evaluate(WIDER)}")
    return [*found, *page.evaluate(SMALL_TARGETS, [THUMB, APART])]


def unseen_by_keyboard(page) -> list[str]:
    page.set_viewport_size(DESK)
    page.keyboard.press("Tab")
    return page.evaluate(UNSEEN_STOPS)


def unnamed(page, language: str) -> list[str]:
    """A page says its language, and what it is in one heading."""
    spoken = page.locator("html").get_attribute("lang")
    headings = page.locator("h1").count()
    found = [] if spoken == language else [f"lang is {spoken}, not {language}"]
    return found if headings == 1 else [*found, f"{headings} h1"]


def listened(page) -> list[str]:
    """A list that fills with what breaks while pages load, and with requests to other hosts."""
    heard = []
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("console", lambda line: heard.append(f"console: {line.text}") if line.type == "error" else None)
    page.on("requestfailed", lambda request: heard.append(f"failed: {request.url}") if given_up(request) else None)
    page.on("request", lambda request: heard.append(f"foreign: {request.url}") if foreign(request.url) else None)
    return heard


def given_up(request) -> bool:
    """Going on to the next page breaks off what the last one was still asking for."""
    return request.failure != "net::ERR_ABORTED"


def foreign(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme in ("http", "https") and address.hostname not in ("localhost", "127.0.0.1")


def everything(page, language: str) -> list[str]:
    return [*unnamed(page, language), *findings(page), *unfit_for_phones(page), *unseen_by_keyboard(page)]


def walk(page, paths, check) -> dict[str, list[str]]:
    """Path → what is wrong there. /nowhere/ is a 404, and the browser's console says so."""
    wrong, titles, heard = {}, {}, listened(page)
    page.add_init_script("window.setInterval = () => 0")  # a page that is looked at stays: offline leaves by the clock
    for path in paths:
        heard.clear()
        page.set_viewport_size(DESK)
        page.goto(path)
        found = check(page) + [line for line in heard if "404" not in line or path != "/nowhere/"]
        bare = path.split("?")[0].removesuffix("timeline/")  # the first tab has two addresses
        if titles.setdefault(page.title(), bare) != bare:
            found.append(f"has the title of {titles[page.title()]}: {page.title()}")
        if found:
            wrong[path] = found
    return wrong


@pytest.fixture
def demonstration(db):
    """A small one, on top of what the migrations plant: an earlier test has swept that away with its own."""
    import_module("crm.core.migrations.0002_regions").plant(apps, None)
    publish_missing(Scorecard)
    call_command("load_demo", customers=40, today=localdate(), stderr=StringIO())


# A credit manager's pages in stretches, so that several are walked at a time; then what others see, or see differently.
STRETCHES = 3
PAGES_OF = {
    "seller": ["/", "/customers/", "/customers/C-100234/", "/credit/applications/", "/credit/holds/", "/scoring/"],
    "admin": ["/"],
    "manager": ["/"],
    "officer": ["/", "/credit/holds/"],
    "director": ["/", "/credit/applications/"],
    "auditor": ["/", "/audit/"],
}


def walk_as(browse, user: User, paths: list[str]) -> None:
    page = browse(user, DESK)
    language = user.language or "en"
    wrong = walk(page, paths, lambda page: everything(page, language))
    assert not wrong, "\n".join(f"{path}: {line}" for path, lines in wrong.items() for line in lines)


@pytest.mark.parametrize("stretch", range(STRETCHES))
def test_every_page_is_for_everybody(browse, demonstration, stretch):
    user = User.objects.get(username="credit")
    paths = list(addresses(user))
    walk_as(browse, user, [path for at, path in enumerate(paths) if at * STRETCHES // len(paths) == stretch])


@pytest.mark.parametrize("role", PAGES_OF)
def test_and_so_is_what_others_see(browse, demonstration, role):
    user = User.objects.get(username=role)
    known = set(addresses(User.objects.get(username="credit")))
    walk_as(browse, user, PAGES_OF[role] + [path for path in addresses(user) if path not in known])


def test_strangers_can_sign_in_whoever_they_are(chromium, live_server):
    page = chromium.new_page(base_url=live_server.url, viewport=DESK)
    assert not walk(page, SIGNED_OUT, lambda page: everything(page, "en"))
    page.close()


def test_the_walk_finds_what_is_wrong(browse, seller):
    """The control: a page with faults is found out."""
    page = browse(seller, DESK)
    page.goto("/")
    page.evaluate("document.querySelector('h1').outerHTML = '<img src=/static/icon.svg>'")
    page.evaluate("document.querySelector('main').style.width = '2000px'")
    page.evaluate("document.styleSheets[0].insertRule(':focus-visible { all: unset !important }')")
    assert any(line.startswith("image-alt") for line in findings(page))
    assert unfit_for_phones(page)
    assert unseen_by_keyboard(page)
    assert unnamed(page, "zh-hans") == ["lang is en, not zh-hans", "0 h1"]


def test_the_walk_hears_what_breaks(browse, seller):
    page = browse(seller, DESK)
    heard = listened(page)
    page.goto("/")
    with page.expect_event("console"):
        page.evaluate("import('/static/js/nowhere.js').catch(() => {})")
    assert heard and all(line.startswith("console") for line in heard)
    assert foreign("https://fonts.example.com/inter.woff2") and not foreign(page.url)
