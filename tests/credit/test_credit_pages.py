"""Pages of credit: they show what there is, do what their buttons say, and refuse in the same words as the rest."""

from decimal import Decimal as D

import pytest
from django.urls import reverse

from credit.commands.applications import approve_limit
from credit.models import CreditLimit, LimitApplication, OrderCheck
from tests.factories import CreditLimitFactory, InvoiceFactory

pytestmark = pytest.mark.django_db


def open_page(client, name, *args, **params):
    return client.get(reverse(name, args=args), params)


def test_the_list_says_what_waits(page_as, officer, ask, customer):
    ask("150000.00")
    page = open_page(page_as(officer), "applications")
    assert page.status_code == 200
    text = page.content.decode()
    assert "To decide 1" in text and "Approve ¥150,000" in text and customer.name in text


def test_the_pane_shows_models_payment_and_what_speaks_against(page_as, credit_manager, ask, customer):
    CreditLimitFactory(customer=customer, amount=D(2_000_000))
    InvoiceFactory(customer=customer, invoiced_on="2026-01-01", due_on="2026-02-01", amount=D(120_000))
    application = ask("2800000.00")
    text = open_page(page_as(credit_manager), "application", application.pk).content.decode()
    for words in (
        "By turnover",
        "By net assets",
        "Cautious proposal",
        "over 90 days",
        "Above your authority of ¥2,000,000",
    ):
        assert words in text
    assert "after you it goes to the finance director" in text


def test_approving_by_the_page_grants_the_limit(page_as, officer, ask):
    application = ask("150000.00")
    answer = page_as(officer).post(reverse("application_approve", args=[application.pk]))
    assert answer.status_code == 302
    assert CreditLimit.objects.get().amount == D("150000.00")


def test_approving_less_by_the_page(page_as, officer, ask):
    application = ask("150000.00")
    page_as(officer).post(
        reverse("application_approve", args=[application.pk]), {"amount": "90,000", "comment": "less"}
    )
    assert CreditLimit.objects.get().amount == D("90000.00")


def test_page_and_rest_refuse_in_the_same_words(page_as, api_as, credit_manager, ask):
    application = ask("1500.00", by=credit_manager)
    text = open_page(page_as(credit_manager), "application", application.pk).content.decode()
    answer = api_as(credit_manager).post(f"/api/v1/limit-applications/{application.pk}/approve/", {})
    assert answer.status_code == 403 and answer.json()["code"] == "own_application"
    assert answer.json()["detail"] == "Nobody approves what they asked for."
    assert answer.json()["detail"] in text and "disabled" in text
    page = page_as(credit_manager).post(reverse("application_approve", args=[application.pk]), follow=True)
    assert answer.json()["detail"] in page.content.decode()
    assert not CreditLimit.objects.exists()


@pytest.mark.parametrize(
    ("deed", "given"),
    [
        ("approve", {}),
        ("return", {"comment": "What for?"}),
        ("reject", {"comment": "no"}),
        ("reject", {"comment": ""}),
    ],
)
def test_a_decision_leads_back_to_the_list_as_it_was(page_as, officer, ask, deed, given):
    """The tab, the filters, the order and the page; an answer that is refused leads back to the application in it."""
    application, client = ask("150000.00"), page_as(officer)
    narrowed = "tab=all&at_least=100&ordering=-amount"
    page = open_page(client, "application", application.pk, tab="all", at_least="100", ordering="-amount")
    assert page.context["opened"].here == narrowed
    assert f'name="address" value="{narrowed.replace("&", "&amp;")}"' in page.content.decode()
    answer = client.post(reverse(f"application_{deed}", args=[application.pk]), given | {"address": narrowed})
    beside = [] if given.get("comment") != "" else [application.pk]
    place = reverse("application", args=beside) if beside else reverse("applications")
    assert answer.url == f"{place}?{narrowed}"


@pytest.mark.parametrize("deed", ["release", "refuse", "again"])
def test_what_is_said_to_a_held_order_leads_back_to_the_list_as_it_was(page_as, officer, check, deed):
    narrowed, client, held = "waiting=mine&ordering=-amount", page_as(officer), check("100")
    name = {"again": "hold_check_again"}.get(deed, f"hold_{deed}")
    answer = client.post(reverse(name, args=[held.order]), {"reason": "paid", "address": narrowed})
    assert answer.url == f"{reverse('holds')}?{narrowed}"


def test_where_an_answer_leads_to_stays_in_the_house(page_as, officer, check):
    sent = {"reason": "paid", "address": "//elsewhere.example/"}
    answer = page_as(officer).post(reverse("hold_release", args=[check("100").order]), sent)
    assert answer.url.startswith(f"{reverse('holds')}?")


def test_a_rejection_needs_a_reason(page_as, officer, ask):
    application = ask("150.00")
    client = page_as(officer)
    client.post(reverse("application_reject", args=[application.pk]), {"comment": " "})
    assert LimitApplication.objects.get().state == "submitted"
    client.post(reverse("application_reject", args=[application.pk]), {"comment": "no"})
    assert LimitApplication.objects.get().state == "rejected"


def test_asking_for_a_limit(page_as, seller, customer):
    client = page_as(seller)
    address = reverse("limit_ask") + f"?customer={customer.number}"
    assert customer.name in client.get(address).content.decode()
    given = {
        "amount": "2,800,000.00",
        "currency": "CNY",
        "months": "12",
        "credit_period_days": "60",
        "reason": "spring",
    }
    bad = client.post(address, given | {"amount": "-1"})
    assert bad.status_code == 400 and "spring" in bad.content.decode()
    assert client.post(address, given | {"submit": "1"}).status_code == 302
    assert LimitApplication.objects.get().state == "submitted"
    assert "is open already" in client.post(address, given).content.decode()


def test_a_draft_can_be_changed_and_handed_in(page_as, seller, ask):
    application, client = ask(submit=False), page_as(seller)
    given = {"amount": "5", "currency": "CNY", "months": "1", "credit_period_days": "", "reason": "less"}
    assert client.get(reverse("application_edit", args=[application.pk])).status_code == 200
    client.post(reverse("application_edit", args=[application.pk]), given)
    client.post(reverse("application_submit", args=[application.pk]))
    application.refresh_from_db()
    assert (application.amount, application.state) == (D(5), "submitted")
    client.post(reverse("application_withdraw", args=[application.pk]))
    assert LimitApplication.objects.get().state == "withdrawn"


@pytest.mark.parametrize("name", ["application", "application_edit", "what_if"])
def test_outsiders_see_nothing(name, page_as, outsider, ask, customer):
    application = ask()
    given = customer.number if name == "what_if" else application.pk
    assert open_page(page_as(outsider), name, given).status_code == 404
    assert application.customer.name not in open_page(page_as(outsider), "applications", tab="all").content.decode()


def test_a_held_order_shows_why_and_what_clears_it(page_as, officer, check, limit):
    check("1500.00", "SO/7")
    client = page_as(officer)
    text = open_page(client, "holds").content.decode()
    assert "the limit is ¥1,000" in text and "Cut the order to ¥1,000" in text
    client.post(reverse("hold_release", args=["SO/7"]), {"reason": "paid by bank draft"})
    assert OrderCheck.objects.get().state == "released"
    assert "No order is held" in open_page(client, "holds").content.decode()


def test_a_held_order_is_checked_again(page_as, seller, check, limit):
    check("1500.00")
    client = page_as(seller)
    client.post(reverse("hold_check_again", args=["SO-1"]))
    assert OrderCheck.objects.get().decision == "held"
    limit.amount = D(1500)
    limit.save()
    client.post(reverse("hold_check_again", args=["SO-1"]))
    assert OrderCheck.objects.get().decision == "approved"


def test_sellers_do_not_decide_holds(page_as, seller, check):
    check("10.00")
    assert page_as(seller).post(reverse("hold_release", args=["SO-1"]), {"reason": "x"}).status_code == 403


def test_can_i_ship_answers_and_writes_nothing(page_as, seller, customer, limit):
    client = page_as(seller)
    yes = open_page(client, "what_if", customer.number, amount="1000", currency="CNY", unit="").content.decode()
    no = open_page(client, "what_if", customer.number, amount="1000.01", currency="CNY", unit="").content.decode()
    assert "would go out" in yes and "would be held" in no and "Largest order today: ¥1,000" in no
    assert not OrderCheck.objects.exists()


def test_the_list_asks_as_often_for_three_as_for_one(page_as, officer, ask, django_assert_max_num_queries, seller):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.factories import CustomerFactory

    client = page_as(officer)
    ask("100.00")
    open_page(client, "applications")
    with CaptureQueriesContext(
        connection,
    ) as one:
        open_page(client, "applications")
    for _ in range(2):
        ask("100.00", customer=CustomerFactory(owner=seller))
    with CaptureQueriesContext(connection) as three:
        open_page(client, "applications")
    assert len(three) == len(one)


def test_tabs_show_ones_own(page_as, seller, officer, ask, today):
    application = ask("100.00")
    approve_limit(application.pk, by=officer, today=today)
    assert (
        application.customer.short_name in open_page(page_as(officer), "applications", tab="decided").content.decode()
    )
    assert application.customer.short_name in open_page(page_as(seller), "applications", tab="asked").content.decode()
    assert "Nothing to decide" in open_page(page_as(officer), "applications").content.decode()
