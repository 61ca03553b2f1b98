"""Exchange rates: entered by whoever manages the policy, used from their day on, never guessed."""

from datetime import date
from decimal import Decimal

import pytest

from crm.core.errors import Refused
from crm.core.models import AuditEntry, ExchangeRate
from crm.core.money import rates_on, to_base


def test_a_credit_manager_enters_a_rate(page_as, credit_manager):
    page = page_as(credit_manager)
    for rate in ("7.1", "7.2"):
        answer = page.post("/rates/", {"currency": "usd", "valid_from": "2026-11-01", "rate": rate})
        assert answer.status_code == 302
    assert ExchangeRate.objects.get().rate == Decimal("7.2"), "the same day again replaces it"
    assert AuditEntry.objects.filter(verb="exchange_rate.set").count() == 2


@pytest.mark.parametrize(
    "sent", [{"currency": "XXQ", "rate": "7"}, {"currency": "CNY", "rate": "1"}, {"currency": "USD", "rate": "0"}]
)
def test_what_cannot_be_a_rate_is_refused_and_kept_on_the_page(page_as, credit_manager, sent):
    answer = page_as(credit_manager).post("/rates/", sent | {"valid_from": "2026-11-01"})
    assert answer.status_code == 200 and sent["currency"] in answer.content.decode()
    assert not ExchangeRate.objects.exists()


def test_nobody_else_enters_one(page_as, seller):
    assert page_as(seller).get("/rates/").status_code == 403


def test_the_newest_rate_of_the_day_or_earlier_counts(db):
    ExchangeRate.objects.create(currency="USD", valid_from=date(2020, 1, 1), rate=7)
    ExchangeRate.objects.create(currency="USD", valid_from=date(2026, 1, 1), rate=8)
    found = [rates_on(day)["USD"] for day in (date(2013, 6, 30), date(2025, 12, 31), date(2026, 1, 1))]
    assert found == [7, 7, 8]


def test_a_currency_without_a_rate_is_never_left_out_silently(db):
    with pytest.raises(Refused, match="EUR"):
        to_base(Decimal("1.00"), "EUR", day=date(2026, 11, 21))
