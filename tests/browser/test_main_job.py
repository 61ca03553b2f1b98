"""The main job from end to end: a seller asks, a manager and a director approve, an ERP gets one order through and the
next one held, an officer releases it – in a browser and over REST, each as the person it concerns.
"""

import pytest
from rest_framework.test import APIClient

from archives.models import Standing
from credit.models import Approval, CreditLimit, LimitApplication, OrderCheck
from crm.core.roles import TOKEN_SCOPES
from tests.browser.conftest import DESK
from tests.factories import CustomerFactory, token_for

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def ask_for(page, number: str, amount: str) -> None:
    """Ask for a limit on the customer's page, and hand it in."""
    page.goto(f"/credit/applications/new/?customer={number}")
    page.fill("[name=amount]", amount)
    page.fill("[name=reason]", "第二条生产线使春季用量翻倍")
    page.get_by_role("button", name="Hand in").click()
    page.locator(".badge", has_text="submitted").first.wait_for()


def decide_on(page, application: LimitApplication):
    page.goto(f"/credit/applications/{application.pk}/")
    return page.get_by_role("button", name="Approve ¥2,800,000")


def order_check(erp, order: str, amount: str) -> dict:
    """An ERP asks whether the order may go out."""
    client = APIClient()
    body = {"customer": "C-100234", "order": order, "amount": amount, "currency": "CNY"}
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, *TOKEN_SCOPES)}", HTTP_IDEMPOTENCY_KEY=order)
    response = client.post("/api/v1/order-checks/", body, format="json")
    assert response.status_code == 201, response.data
    return response.data


def test_from_asking_to_shipping(browse, customer, seller, credit_manager, director, officer, erp):
    ask_for(browse(seller), customer.number, "2800000")
    application = LimitApplication.objects.get()

    manager_page = browse(credit_manager, DESK)
    button = decide_on(manager_page, application)
    manager_page.get_by_text("Above your authority of ¥2,000,000").wait_for()
    button.click()
    manager_page.get_by_text("It goes on to the next level: Finance director").wait_for()
    assert not CreditLimit.objects.exists(), "one approval is not enough for this sum"

    director_page = browse(director)
    decide_on(director_page, application).click()
    director_page.get_by_text("has a limit of ¥2,800,000 from today").wait_for()
    assert str(CreditLimit.objects.get().amount) == "2800000.00"
    assert list(Approval.objects.values_list("by__username", flat=True)) == ["credit", "director"]

    assert order_check(erp, "SO-1", "2800000.00")["decision"] == "approved"
    held = order_check(erp, "SO-2", "0.01")
    assert (held["decision"], [reason["code"] for reason in held["reasons"]]) == ("held", ["over_limit"])

    officer_page = browse(officer, DESK)
    officer_page.goto("/credit/holds/")
    officer_page.get_by_text("Release…").first.click()
    officer_page.locator("textarea[name=reason]").first.fill("Prepaid today")
    officer_page.get_by_role("button", name="Release", exact=True).first.click()
    officer_page.locator("#messages .alert").first.wait_for()
    assert OrderCheck.objects.get(order="SO-2").state == "released"
    assert str(Standing.objects.get(customer=customer).exposure) == "2800000.01"


def test_nobody_approves_what_they_asked_for(browse, credit_manager):
    """The credit manager asks for a limit of their own; the button is dead and says why."""
    CustomerFactory(number="C-7", owner=credit_manager)
    page = browse(credit_manager, DESK)
    ask_for(page, "C-7", "1000")
    application = LimitApplication.objects.get()
    page.goto(f"/credit/applications/{application.pk}/")
    page.get_by_text("Nobody approves what they asked for").first.wait_for()
    assert page.get_by_role("button", name="Approve ¥1,000").is_disabled()
    assert not CreditLimit.objects.exists()
