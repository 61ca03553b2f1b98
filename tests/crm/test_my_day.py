"""My day: what waits, for each role; every number agrees with the list that it leads to."""

import ast
import re
from datetime import date, timedelta
from decimal import Decimal
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from archives.models import Customer, Flag, Visit, VisitDraft, VisitPlan
from credit.models import LimitApplication, OrderCheck
from crm.core import audit, health
from crm.core.models import Job, ServiceToken
from crm.core.templatetags.dossier import week_day, whole_day
from crm.core.verbs import VERBS
from tests.factories import CustomerFactory, token_for

DAY = "/"
APPS = ("crm", "archives", "scoring", "credit")


@pytest.fixture(autouse=True)
def on_the_day(today):
    with time_machine.travel(f"{today}T04:00:00Z", tick=True):
        yield


def late(owner, region=None, **fields):
    """A customer that pays late and whose report is stale."""
    known = {"overdue": Decimal("7.00"), "oldest_overdue_days": 40, "report_status": "stale"}
    standing = {f"standing__{name}": value for name, value in known.items()}
    return CustomerFactory(owner=owner, region=region, **standing | fields)


def agreed(customer, by, due, **fields):
    return Visit.objects.create(
        customer=customer,
        by=by,
        happened_at="2026-11-01T02:00Z",
        kind="site",
        content="…",
        next_step="Call",
        next_step_due=due,
        **fields,
    )


def asked(customer, by, today):
    return LimitApplication.objects.create(
        customer=customer,
        applicant=by,
        amount=1000,
        amount_base=1000,
        currency="CNY",
        reason="spring",
        state="submitted",
        submitted_on=today,
        decide_by=today,
    )


def held(order, customer, by):
    return OrderCheck.objects.create(
        order=order,
        customer=customer,
        amount=10,
        amount_base=10,
        currency="CNY",
        decision="held",
        asked_by=by,
        checked_at="2026-11-17T08:00Z",
    )


def tiles(response) -> dict:
    return {tile.label: tile for tile in response.context["tiles"]}


@pytest.fixture
def busy(seller, manager, outsider, officer, erp, region, customer, today):
    """A little of everything that a tile of anybody counts, and some that no tile of theirs may count."""
    for reason in ("limit_review", "archive_stale", "limit_expiring"):
        Flag.objects.create(customer=late(seller, region), reason=reason, raised_on=today)
    CustomerFactory(owner=seller, region=region, standing__report_status="expiring", standing__available=Decimal(-1))
    late(outsider, standing__available=Decimal(-5))
    for who, days in ((seller, 0), (seller, -3), (seller, 5), (manager, 0), (manager, -1), (manager, 6), (seller, 20)):
        day = today + timedelta(days=days)
        VisitPlan.objects.create(customer=customer, person=who, day=day, planned_by=who)
    for days in (-4, 0, 7, 30):
        agreed(customer, seller, today + timedelta(days=days))
    asked(customer, seller, today)
    held("SO-1", customer, seller)
    for verb in ("customers.exported", "document.opened", "limit.granted", "policy.changed", "person.changed"):
        audit.record(verb, officer, by=officer)
    for state in ("failed", "done"):
        Job.objects.create(kind="rank_customers", key=f"{today} {state}", state=state)
    token_for(erp, "customers:read")
    ServiceToken.objects.update(expires_at=timezone.now() + timedelta(days=3))
    token_for(erp, "customers:read")


TILES = {
    "seller": 11,
    "manager": 12,
    "officer": 9,
    "credit_manager": 9,
    "director": 9,
    "auditor": 4,
    "admin": 2,
}


@pytest.mark.parametrize(("who", "expected"), TILES.items())
def test_every_number_agrees_with_its_list(who, expected, request, page_as, busy):
    client = page_as(request.getfixturevalue(who))
    shown = client.get(DAY).context["tiles"]
    assert len(shown) == expected
    for tile in shown:
        assert tile.count == rows_behind(client, tile.url), tile.label
        assert tile.count > 0, f"{tile.label}: nothing to compare"


def rows_behind(client, url: str) -> int:
    """How many rows the list has, page by page."""
    context = client.get(url).context
    if "tokens" in context:
        return len(context["tokens"])
    page = context["page"]
    count = len(page.rows)
    while page.next:
        page = client.get(f"{url}{'&' if '?' in url else '?'}cursor={page.next}").context["page"]
        count += len(page.rows)
    return count


def test_large_numbers_are_capped_as_their_list_caps_them(page_as, seller, monkeypatch):
    for _number in range(3):
        late(seller)
    monkeypatch.setattr("crm.core.keyset.COUNT_CAP", 2)
    client = page_as(seller)
    tile = tiles(client.get(DAY))["Overdue"]
    listed = client.get(tile.url).context
    assert (tile.count, tile.capped) == (listed["count"], listed["capped"]) == (2, True)


def test_what_presses_comes_first_and_the_rest_is_quiet(page_as, seller, busy):
    page = page_as(seller).get(DAY)
    assert all(tile.count and tile.tone in ("red", "blue") for tile in page.context["waiting"])
    assert "limit runs out" in [tile.label for tile in page.context["later"]]
    VisitPlan.objects.all().delete()
    page = page_as(seller).get(DAY)
    assert "Visits today" in [tile.label for tile in page.context["clear"]]


def test_a_quiet_day_is_praised(page_as, outsider):
    assert "well done" in page_as(outsider).get(DAY).content.decode()


def test_a_seller_sees_what_is_due_and_finishes_it(page_as, seller, customer, today):
    due = agreed(customer, seller, today)
    agreed(customer, seller, today + timedelta(days=30))
    agreed(customer, seller, today, next_step_done_on=today)
    client = page_as(seller)
    assert list(client.get(DAY).context["follow_ups"]) == [due]
    response = client.post(f"/visits/{due.pk}/done/", {"next": DAY})
    assert response["Location"] == DAY
    assert list(client.get(DAY).context["follow_ups"]) == []


def test_all_follow_ups_have_a_list(page_as, seller, colleague, customer, today):
    soon, far = agreed(customer, seller, today), agreed(customer, seller, today + timedelta(days=30))
    assert page_as(seller).get("/follow-ups/").context["page"].rows == [soon, far]
    assert page_as(colleague).get("/follow-ups/").context["page"].rows == []


def test_drafts_wait_for_their_writer(page_as, seller, colleague, customer):
    draft = VisitDraft.objects.create(by=seller, customer=customer, client_id="5a3c8a3e-8d9f-4a53-9a77-0b6c8c8f3f10")
    assert list(page_as(seller).get(DAY).context["drafts"]) == [draft]
    assert list(page_as(colleague).get(DAY).context["drafts"]) == []


def test_nobody_else_hears_of_it(page_as, seller, outsider, customer, today):
    late(seller)
    agreed(customer, seller, today)
    response = page_as(outsider).get(DAY)
    assert not any(tile.count for tile in response.context["tiles"])
    assert not response.context["follow_ups"]
    assert not response.context["top_overdue"]


def test_a_seller_sees_where_to_go(page_as, seller, manager, customer, today):
    made = {
        days: VisitPlan.objects.create(
            customer=customer, person=seller, day=today + timedelta(days=days), planned_by=seller
        )
        for days in (3, -2, 0, 9)
    }
    VisitPlan.objects.create(customer=customer, person=manager, day=today, planned_by=manager)
    assert list(page_as(seller).get(DAY).context["plans"]) == [made[-2], made[0], made[3]]


def test_a_manager_sees_each_seller_and_what_became_of_the_plans(page_as, manager, seller, colleague, region, today):
    late(seller, region)
    own = CustomerFactory(owner=seller, region=region)
    CustomerFactory(owner=colleague, region=region)
    done = agreed(own, seller, None)
    days = {"missed": -3, "open": 0, "later": 3, "long ago": -40}
    for by in days.values():
        VisitPlan.objects.create(customer=own, person=seller, day=today + timedelta(days=by), planned_by=seller)
    VisitPlan.objects.create(customer=own, person=seller, day=today, planned_by=seller, visit=done)
    VisitPlan.objects.create(customer=own, person=seller, day=today, planned_by=seller, cancelled_on=today)
    client = page_as(manager)
    shown = client.get(DAY)
    rows = {row.username: row for row in shown.context["team"].people}
    assert (rows["seller"].customers, rows["seller"].overdue, rows["seller"].unreported) == (2, 1, 1)
    assert rows["colleague"].overdue == 0
    plans = rows["seller"].plans
    assert (plans.planned, plans.done, plans.missed) == (3, 1, 1)
    numbers = numbers_with_lists(shown, "person=seller")
    assert sorted(numbers.values()) == [1, 1, 3]
    assert {url: client.get(url).context["count"] for url in numbers} == numbers
    assert client.get("/customers/?owner=seller&overdue=true").context["count"] == 1


def test_a_manager_sees_who_was_visited_in_time(page_as, manager, seller, region, today):
    for segment, days in (("A", 29), ("A", 31), ("B", 31), ("B", 91), (None, 181), (None, None), ("A", None)):
        met = None if days is None else today - timedelta(days=days)
        CustomerFactory(owner=seller, region=region, standing__segment=segment, standing__last_met_on=met)
    CustomerFactory(owner=seller, region=region, status="closed", standing__segment="A")
    client = page_as(manager)
    shown = client.get(DAY)
    covered = {row.segment: (row.customers, row.due, row.percent) for row in shown.context["team"].coverage}
    assert covered == {"A": (3, 2, 33), "B": (2, 1, 50), None: (2, 2, 0)}
    numbers = numbers_with_lists(shown, "visit_due=true")
    assert len(numbers) == 3
    assert {url: client.get(url).context["count"] for url in numbers} == numbers


def numbers_with_lists(response, part: str) -> dict[str, int]:
    """The numbers of the page that lead to a list whose address holds `part`, by address."""
    links = re.findall(r'href="([^"]+)">([\d,]+)</a>', response.content.decode())
    return {unescape(url): int(text.replace(",", "")) for url, text in links if part in url}


def test_a_manager_sees_what_changed_hands(page_as, manager, seller, colleague, region):
    stays, goes = (CustomerFactory(owner=seller, region=region) for _number in range(2))
    Customer.objects.filter(pk=goes.pk).update(owner=colleague)
    Customer.objects.filter(pk=stays.pk).update(owner=seller)
    client = page_as(manager)
    assert list(client.get(DAY).context["handed_over"]) == [goes]
    since = timezone.localdate() - timedelta(days=30)
    assert client.get(f"/customers/?handed_over_since={since}").context["count"] == 1


def test_figures_are_worked_out_once_in_a_while(page_as, manager, officer, seller, region):
    late(seller, region)
    for who, key in ((manager, "team"), (officer, "portfolio")):
        client = page_as(who)
        first = client.get(DAY).context[key]
        late(seller, region)
        assert client.get(DAY).context[key] == first
        assert "as of" in client.get(DAY).content.decode()


def test_credit_sees_what_waits_and_the_portfolio(page_as, seller, officer, customer, today):
    asked(customer, seller, today)
    held("SO-1", customer, seller)
    over = CustomerFactory(standing__available=Decimal("-12.00"))
    response = page_as(officer).get(DAY)
    found = tiles(response)
    assert found["Applications for you to decide"].count == 1
    assert found["Held orders"].count == 1
    assert [(row, row.over) for row in response.context["over_limit"]] == [(over, Decimal("12.00"))]
    assert response.context["portfolio"].ageing.total == 0


def test_administrators_see_whether_everything_runs(page_as, admin, seller):
    response = page_as(admin).get(DAY)
    assert [name for name, _finding in response.context["findings"]] == [str(words) for words in health.WORDS.values()]
    assert "portfolio" not in response.context


def test_auditors_see_what_left_the_house(page_as, auditor, officer):
    entry = audit.record("customers.exported", officer, by=officer, rows=12)
    assert list(page_as(auditor).get(DAY).context["exports"]) == [entry]


@pytest.mark.parametrize("who", ["seller", "manager", "officer", "credit_manager", "director", "auditor", "admin"])
def test_costs_the_same_with_one_of_each_and_three(
    who, request, page_as, seller, region, today, django_assert_num_queries
):
    client = page_as(request.getfixturevalue(who))

    def one_more():
        customer = late(seller, region, standing__available=Decimal(-1))
        agreed(customer, seller, today)
        Flag.objects.create(customer=customer, reason="limit_review", raised_on=today)
        VisitPlan.objects.create(customer=customer, person=seller, day=today, planned_by=seller)
        asked(customer, seller, today)
        audit.record("limit.granted", customer, by=seller)

    one_more()
    client.get(DAY)
    with CaptureQueriesContext(connection) as one:
        client.get(DAY)
    one_more()
    one_more()
    with django_assert_num_queries(len(one)):
        client.get(DAY)
    assert len(one) <= 30


def test_flags_are_narrowed_by_reason(page_as, seller, outsider, customer, today):
    flag = Flag.objects.create(
        customer=customer, reason="report_stale", raised_on=today, data={"valid_until": "2026-11-01"}
    )
    Flag.objects.create(customer=customer, reason="archive_stale", raised_on=today)
    Flag.objects.create(customer=customer, reason="limit_review", raised_on=today, closed_on=today)
    client = page_as(seller)
    assert client.get("/flags/").context["count"] == 2
    assert client.get("/flags/?reason=report_stale").context["page"].rows == [flag]
    assert client.get("/flags/?reason=boredom").status_code == 400
    assert client.get("/flags/?colour=red").status_code == 400
    assert page_as(outsider).get("/flags/").context["count"] == 0


def test_the_trail_is_for_auditors(page_as, auditor, admin, officer, customer):
    audit.record("customers.exported", officer, by=officer, rows=12)
    audit.record("limit.granted", customer, by=officer, amount=["1.00", "2.00"])
    client = page_as(auditor)
    assert len(client.get("/audit/").context["page"].rows) == 2
    exports = client.get("/audit/?verb=customers.exported").context["page"].rows
    assert [entry.verb for entry in exports] == ["customers.exported"]
    found = client.get(f"/audit/?customer={customer.number}&actor=officer").context["page"].rows
    assert [entry.details for entry in found] == [[("amount", "1.00 → 2.00")]]
    assert len(client.get("/audit/?actor=&verb=&customer=").context["page"].rows) == 2
    assert client.get("/audit/?colour=red").status_code == 400
    assert client.get("/audit/?verb=whistled").status_code == 400
    assert page_as(admin).get("/audit/").status_code == 403


def test_the_trail_has_words_for_everything_that_is_recorded(settings):
    """A verb that is put together at run time (`order.…`) has words for at least one that begins so."""
    recorded = {verb for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py") for verb in _recorded_in(path)}
    assert len(recorded) > 30
    begun = {verb for verb in recorded if verb.endswith(".")}
    assert recorded - begun <= VERBS.keys()
    assert all(any(known.startswith(verb) for known in VERBS) for verb in begun)


def _recorded_in(path):
    """The texts that calls of `audit.record` and of the syncs' `note` name as their verb."""
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("audit.record", "note"):
            verb = call.args[ast.unparse(call.func) == "note"]
            yield from (part.value for part in ast.walk(verb) if isinstance(part, ast.Constant))


def test_the_weekday_stands_where_the_language_has_it():
    sunday = date(2026, 11, 22)
    with translation.override("en"):
        assert (whole_day(sunday), week_day(sunday)) == ("Sunday, 22 Nov 2026", "Sun 22 Nov")
    with translation.override("zh-hans"):
        assert (whole_day(sunday), week_day(sunday)) == ("2026年11月22日 星期日", "11月22日 星期日")
