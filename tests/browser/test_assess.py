"""Assessing in a browser: by keyboard, with the result running along, on a phone too."""

import pytest

from scoring.models import Assessment, Scorecard
from scoring.scorecards import CHARACTERISTIC, DEFINITIONS, publish_missing
from tests.browser.conftest import DESK

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CODES = [item["code"] for group in DEFINITIONS[CHARACTERISTIC]["groups"] for item in group["indicators"]]


@pytest.fixture(autouse=True)
def scorecards(transactional_db):
    """A test before this one may have emptied the tables, and with them what the migration put there."""
    publish_missing(Scorecard)


def test_the_running_result_is_what_the_server_says(browse, officer, customer):
    page = browse(officer, DESK)
    page.goto("/customers/C-100234/assess/")
    for place, code in enumerate(CODES):
        page.locator(f'input[name="points.{code}"]').first.focus()
        page.keyboard.press(str(place % 10))
    page.locator('input[name="points.solvency"]').first.focus()
    page.keyboard.press("-")
    said = [page.locator(f"output [data-{name}]").inner_text() for name in ("grade", "percent", "coverage")]
    page.locator("button:visible", has_text="Save the assessment").click()
    page.wait_for_url("**/scores/")
    row = Assessment.objects.get()
    assert said == [row.grade, str(row.percent), str(row.coverage)]
    assert (row.points["product_and_market"], row.points["outward_impression"]) == (10, 1)
    assert "solvency" not in row.points


def test_a_thumb_is_enough(browse, officer, customer):
    page = browse(officer)
    page.goto("/customers/C-100234/assess/?scorecard=5c")
    for choice in page.locator(".score-points label:nth-child(9)").all():
        choice.click()
    assert page.locator(".savebar [data-grade]").inner_text() == "AAA"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    heights = page.evaluate("[...document.querySelectorAll('.score-points .chip')].map(chip => chip.offsetHeight)")
    assert min(heights) >= 44
    page.locator(".savebar button").click()
    page.wait_for_url("**/scores/")
    assert Assessment.objects.get().grade == "AAA"
