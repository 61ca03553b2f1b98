"""Deeds to many customers of the list at once: chosen one by one, or all that match."""

import re
from datetime import date, timedelta

import pytest
from django.utils.timezone import localdate

from archives import tasks
from archives.commands.editing import edit_layer
from archives.commands.plans import cancel_plan, plan_visit
from archives.layers import BASIC
from archives.models import Customer, VisitPlan
from archives.rules.selections import why_not_selected
from crm.core import jobs
from crm.core.models import AuditEntry, Job, Notice
from crm.core.notices import text_of
from tests.factories import CustomerFactory

DOOR = "/selected-customers/"
HTMX = {"HX-Request": "true"}
NUMBERS = ["C-1", "C-2", "C-3"]


@pytest.fixture
def rows(seller, region):
    return [CustomerFactory(number=number, owner=seller, region=region) for number in NUMBERS]


def handed(client, to, **sent):
    return client.post(DOOR, {"deed": "hand_over", "sure": "1", "to": to.pk} | sent, follow=True)


def word_for_all(client, query: str = "") -> str:
    page = client.get(f"{DOOR}all/?{query}", headers=HTMX).content.decode()
    return re.search(r'name="everything" value="([^"]+)"', page)[1]


def owners() -> set[str]:
    return set(Customer.objects.filter(number__in=NUMBERS).values_list("owner__username", flat=True))


def test_asks_first_and_shows_who(rows, page_as, manager):
    response = page_as(manager).post(DOOR, {"deed": "hand_over", "number": ["C-1", "C-2"], "address": "segment=A"})
    assert response.status_code == 200
    assert [row.number for row in response.context["rows"]] == ["C-1", "C-2"]
    assert response.context["back"] == "/customers/?segment=A"
    assert owners() == {"seller"}


def test_hands_over_what_was_chosen(rows, page_as, manager, colleague):
    asked = page_as(manager).post(DOOR, {"deed": "hand_over", "number": ["C-1", "C-2"]})
    response = handed(page_as(manager), colleague, chosen=asked.context["selection"].word)
    assert "2 customers went to Wang Fang." in response.content.decode()
    assert Customer.objects.filter(owner=colleague).count() == 2
    entry = AuditEntry.objects.get(verb="customers.handed_over")
    assert entry.changes == {"to": "colleague", "count": 2}


def test_hands_over_all_that_match(rows, page_as, manager, colleague):
    client = page_as(manager)
    handed(client, colleague, everything=word_for_all(client, "owner=seller&cursor=x"))
    assert owners() == {"colleague"}


def test_open_visits_of_the_former_owner_go_along(rows, page_as, manager, seller, colleague):
    """What took place stays; what somebody else has planned stays; a day that the heir has planned is not double."""
    today = localdate()
    planned = {"by": seller, "today": today}
    moved = plan_visit(rows[0], day=today + timedelta(days=2), **planned)
    double = plan_visit(rows[1], day=today + timedelta(days=3), **planned)
    other = plan_visit(rows[2], day=today + timedelta(days=3), by=manager, today=today)
    done = plan_visit(rows[0], day=today, **planned)
    cancel_plan(done.pk, by=seller, today=today)
    own = VisitPlan.objects.create(
        customer=rows[1], person=colleague, day=today + timedelta(days=3), planned_by=colleague
    )
    handed(page_as(manager), colleague, number=NUMBERS)
    people = dict(VisitPlan.objects.values_list("pk", "person__username"))
    assert people == {
        moved.pk: "colleague",
        double.pk: "seller",
        other.pk: "manager",
        done.pk: "seller",
        own.pk: "colleague",
    }
    double.refresh_from_db()
    assert double.cancelled_on == today
    assert AuditEntry.objects.get(verb="customers.handed_over").changes["planned_visits"] == 2


def test_the_visits_go_along_when_one_customer_is_given_away_on_its_page(rows, manager, seller, colleague):
    today = localdate()
    plan = plan_visit(rows[0], day=today + timedelta(days=2), by=seller, today=today)
    edit_layer(rows[0], BASIC, original={"owner": "seller"}, typed={"owner": "colleague"}, by=manager, today=today)
    plan.refresh_from_db()
    assert (plan.person, plan.state_choice) == (colleague, "open")


def test_refuses_a_list_that_has_changed_meanwhile(rows, page_as, manager, colleague, seller, region):
    client = page_as(manager)
    word = word_for_all(client)
    CustomerFactory(number="C-4", owner=seller, region=region)
    assert "Choose again" in handed(client, colleague, everything=word).content.decode()
    assert owners() == {"seller"}


@pytest.mark.parametrize(
    ("expected", "found", "code"),
    [
        (0, 0, "nothing_chosen"),
        (23, 23, None),
        (23, 24, "list_changed"),
        (1000, 1010, None),
        (1000, 989, "list_changed"),
        (5000, 5011, "list_changed"),
        (10_001, 10_001, "too_many_rows"),
    ],
)
def test_a_selection_is_the_one_that_was_looked_at(expected, found, code):
    refusal = why_not_selected(expected=expected, found=found)
    assert (refusal and refusal.code) == code


def test_a_word_of_somebody_else_or_made_up_is_refused(rows, page_as, manager, officer, colleague):
    word = word_for_all(page_as(officer))
    for forged in (word, "made:up"):
        assert "Choose again" in handed(page_as(manager), colleague, everything=forged).content.decode()
    assert owners() == {"seller"}


def test_nothing_chosen_is_a_sentence(rows, page_as, manager):
    response = page_as(manager).post(DOOR, {"deed": "hand_over"}, follow=True)
    assert "No customer is chosen." in response.content.decode()


def test_an_heir_is_somebody_who_looks_after_customers(rows, page_as, manager, auditor):
    response = handed(page_as(manager), auditor, number=NUMBERS)
    assert response.status_code == 400
    assert response.context["form"].errors["to"]
    assert owners() == {"seller"}


def test_only_who_may(rows, page_as, seller, auditor, colleague, outsider):
    assert handed(page_as(seller), colleague, number=NUMBERS).status_code == 403
    assert page_as(auditor).post(DOOR, {"deed": "plan_visits", "number": NUMBERS}).status_code == 403
    assert page_as(seller).post(DOOR, {"deed": "export", "number": NUMBERS}).status_code == 403
    assert page_as(seller).post(DOOR, {"deed": "burn", "number": NUMBERS}).status_code == 404
    response = page_as(outsider).post(DOOR, {"deed": "plan_visits", "number": NUMBERS}, follow=True)
    assert "No customer is chosen." in response.content.decode()


def test_plans_visits_and_says_who_was_passed_over(rows, page_as, seller):
    Customer.objects.filter(number="C-3").update(status="closed")
    day = (localdate() + timedelta(days=3)).isoformat()
    sent = {"deed": "plan_visits", "sure": "1", "number": NUMBERS, "day": day, "purpose": "spring"}
    text = page_as(seller).post(DOOR, sent, follow=True).content.decode()
    assert "2 visits are planned." in text and "C-3" in text
    assert VisitPlan.objects.filter(person=seller, purpose="spring").count() == 2


def test_a_bad_day_keeps_what_was_typed(rows, page_as, seller):
    yesterday = (localdate() - timedelta(days=1)).isoformat()
    sent = {"deed": "plan_visits", "sure": "1", "number": NUMBERS, "day": yesterday, "purpose": "spring"}
    response = page_as(seller).post(DOOR, sent)
    assert response.status_code == 400
    assert b"spring" in response.content and not VisitPlan.objects.exists()


def test_exports_what_was_chosen(rows, page_as, manager):
    response = page_as(manager).post(DOOR, {"deed": "export", "number": ["C-2"]})
    text = response.content.decode()
    assert "C-2" in text and "C-1" not in text


def test_many_are_a_job_with_its_count(rows, page_as, manager, colleague, monkeypatch):
    monkeypatch.setattr("archives.views.selected.AT_ONCE", 2)
    monkeypatch.setattr(tasks, "AT_ONCE", 2)
    client = page_as(manager)
    response = handed(client, colleague, everything=word_for_all(client))
    job = Job.objects.get(kind="hand_over")
    assert response.redirect_chain[-1][0] == f"/jobs/{job.pk}/"
    assert owners() == {"seller"}
    jobs.run(jobs.claim(job.pk))
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 3, 3)
    assert job.result == {"changed": 3, "skipped": 0, "why": []}
    assert owners() == {"colleague"}
    notice = Notice.objects.get(recipient=colleague)
    assert text_of(notice) == f"{manager} has handed customers over to you."
    listed = page_as(colleague).get(notice.link).context["page"].rows
    assert [row.number for row in listed] == NUMBERS


def test_a_job_says_whom_it_passed_over_and_why(rows, page_as, manager, monkeypatch):
    monkeypatch.setattr("archives.views.selected.AT_ONCE", 2)
    client, day = page_as(manager), (localdate() + timedelta(days=3)).isoformat()
    plan_visit(rows[1], person=manager, day=date.fromisoformat(day), by=manager, today=localdate())
    sent = {"deed": "plan_visits", "sure": "1", "day": day, "purpose": "", "everything": word_for_all(client)}
    client.post(DOOR, sent)
    job = Job.objects.get(kind="plan_visits")
    jobs.run(jobs.claim(job.pk))
    text = client.get(f"/jobs/{job.pk}/").content.decode()
    assert "C-2" in text and "C-1" not in text and "/visit-plans/" in text


def test_the_glance_of_a_customer(customer, page_as, seller, outsider):
    door = f"/customers/{customer.number}/glance/"
    response = page_as(seller).get(door, headers=HTMX)
    assert response.status_code == 200
    assert customer.name in response.content.decode() and b"<html" not in response.content
    assert page_as(seller).get(door)["Location"] == customer.get_absolute_url()
    assert page_as(outsider).get(door, headers=HTMX).status_code == 404
