"""check_order: approved with a reservation, or held with every reason; what people and programs do with it after."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import IntegrityError, transaction

from credit.commands.checks import (
    cancel_order,
    check_again,
    check_order,
    fulfil_order,
    refuse_order,
    release_order,
)
from credit.commands.standings import refresh_due_standings, refresh_standings, settle_reservations
from credit.models import CreditAccount, OrderCheck, Reservation
from credit.queries import credit_of, exposure_of, ways_out_of, why_held
from crm.core.errors import NotAllowed, Refused
from crm.core.models import AuditEntry, Notice, Policy
from tests.factories import (
    CreditLimitFactory,
    CreditReportFactory,
    CustomerFactory,
    InvoiceFactory,
    OrderFactory,
    UnitFactory,
)

pytestmark = pytest.mark.django_db


def codes(row):
    return [reason["code"] for reason in row.reasons]


def exposure(customer, today):
    return exposure_of([customer.pk], today)[customer.pk].total


def test_it_approves_and_reserves(check, limit, customer, today):
    row = check("206.40")
    assert (row.decision, row.available_before, row.available_after) == ("approved", D("1000.00"), D("793.60"))
    assert row.binding == "customer" and not row.reasons
    assert row.reservation.until == today + timedelta(days=30)
    customer.standing.refresh_from_db()
    assert (customer.standing.exposure, customer.standing.available) == (D("206.40"), D("793.60"))
    assert AuditEntry.objects.filter(verb="order.approved").exists()


def test_equal_to_the_limit_passes_one_cent_more_does_not(check, limit):
    assert check("1000.01", "SO-1").decision == "held"
    assert check("1000.00", "SO-2").decision == "approved"
    assert check("0.01", "SO-3").decision == "held"


def test_held_reserves_nothing_and_says_why_and_what_would_clear_it(check, limit, customer, seller, today):
    InvoiceFactory(
        customer=customer, number="INV-7", amount=D(600), due_on=today - timedelta(days=41), invoiced_on="2026-01-01"
    )
    row = check("500.00")
    assert (row.decision, codes(row)) == ("held", ["over_limit", "overdue"])
    assert [(reason["measured"], reason["threshold"]) for reason in row.reasons] == [
        ("1100.00", "1000.00"),
        ("41", "30"),
    ]
    assert "With this order the exposure is ¥1,100; the limit is ¥1,000." in why_held(row)
    assert ways_out_of(row) == [
        "Have invoice INV-7 of ¥600 paid.",
        "Have invoice INV-7 of ¥600 paid. And: Cut the order to ¥400.",
        "Ask the credit officer to release the order.",
    ]
    assert row.available_after == row.available_before == D("400.00")
    assert not Reservation.objects.exists()
    assert Notice.objects.get().recipient == seller


def test_where_paying_is_not_enough_the_order_must_be_cut_too(check, limit, customer):
    for number, amount in (("INV-1", 100), ("INV-2", 1200)):
        InvoiceFactory(customer=customer, number=number, amount=D(amount), disputed=number == "INV-2")
    assert ways_out_of(check("500.00")) == ["Ask the credit officer to release the order."]
    customer.invoices.filter(number="INV-2").update(open_amount=200)
    assert ways_out_of(check("5000.00", "SO-2"))[0] == "Have invoice INV-1 of ¥100 paid. And: Cut the order to ¥800."


@pytest.mark.parametrize(("days", "disputed", "held"), [(30, False, False), (31, False, True), (31, True, False)])
def test_overdue_counts_after_the_policys_days_unless_disputed(days, disputed, held, check, limit, customer, today):
    InvoiceFactory(
        customer=customer, amount=D(1), due_on=today - timedelta(days=days), invoiced_on="2026-01-01", disputed=disputed
    )
    assert ("overdue" in codes(check("1.00"))) is held


def test_without_limit(check, customer, today):
    assert codes(check("1.00")) == ["no_limit"]
    CreditLimitFactory(customer=customer, valid_from="2025-01-01", valid_until=today - timedelta(days=1))
    assert codes(check("1.00", "SO-2")) == ["limit_expired"]


@pytest.mark.parametrize("mode", ["cash_only", "not_assessed"])
def test_modes_without_credit(mode, check, customer):
    CreditLimitFactory(customer=customer, mode=mode, amount=None)
    assert codes(check("1.00")) == ["no_limit"]


def test_an_unlimited_customer_has_no_figure(check, customer):
    CreditLimitFactory(customer=customer, mode="unlimited", amount=None)
    row = check("999999999.00")
    assert (row.decision, row.available_before, row.available_after, row.binding) == ("approved", None, None, "")


def test_a_limit_of_nothing_grants_nothing(check, customer):
    CreditLimitFactory(customer=customer, amount=0)
    assert codes(check("0.01")) == ["over_limit"]


@pytest.mark.parametrize("status", ["closed", "blacklisted"])
def test_a_blocked_customer(status, check, limit, customer):
    customer.status = status
    assert codes(check("1.00")) == ["customer_blocked"]


def test_a_stale_report_holds_a_missing_one_does_not(check, limit, customer, officer, today):
    assert check("1.00").decision == "approved"
    CreditReportFactory(
        customer=customer, by=officer, issued_on="2025-01-01", validity_months=12, valid_until="2026-01-01"
    )
    assert codes(check("1.00", "SO-2")) == ["report_stale"]
    Policy.objects.create(pk=1, check_report=False)
    assert check("1.00", "SO-3").decision == "approved"


def test_every_reason_is_given(check, customer, officer, today):
    customer.status = "closed"
    CreditReportFactory(
        customer=customer, by=officer, issued_on="2025-01-01", validity_months=12, valid_until="2026-01-01"
    )
    InvoiceFactory(customer=customer, due_on=today - timedelta(days=90), invoiced_on="2026-01-01")
    CreditLimitFactory(customer=customer, amount=D(5))
    assert codes(check("1.00")) == ["customer_blocked", "over_limit", "overdue", "report_stale"]


@pytest.fixture
def group(customer):
    """The customer's parent with 1,500.00 for the whole group, and a sister."""
    root = CustomerFactory(name="Group Ltd")
    customer.parent = root
    customer.save()
    CreditLimitFactory(customer=root, amount=D(1500))
    return root, CustomerFactory(parent=root)


def test_the_group_binds_where_it_leaves_less(check, limit, group, customer, today):
    _root, sister = group
    assert check("800.00", "SO-1", customer=sister).binding == "group"
    row = check("701.00", "SO-2")
    assert (codes(row), row.binding, row.available_before) == (["over_group_limit"], "group", D("700.00"))
    assert check("700.00", "SO-3").decision == "approved"
    root_standing = group[0].standing
    root_standing.refresh_from_db()
    assert (root_standing.exposure, root_standing.available) == (D(1500), D(0))


def test_an_own_limit_binds_inside_a_wide_group(check, limit, group):
    row = check("1000.01")
    assert (codes(row), row.binding) == (["over_limit"], "customer")


def test_without_an_own_limit_the_groups_pool_is_drawn_on(check, group, customer, today):
    assert check("1500.00").decision == "approved"
    assert credit_of(customer, today).group.available == 0


def test_an_unlimited_member_is_capped_by_its_group(check, group, customer):
    CreditLimitFactory(customer=customer, mode="unlimited", amount=None)
    assert codes(check("1500.01")) == ["over_group_limit"]


def test_a_selling_units_share(check, limit, customer, erp, today):
    east, south = UnitFactory(code="east"), UnitFactory(code="south")
    CreditLimitFactory(customer=customer, unit=east, amount=D(300))
    assert check("700.00", "SO-1", unit=south).decision == "approved"
    assert check("300.00", "SO-2", unit=east).binding == "customer"
    cancel_order("SO-1", by=erp, today=today)
    row = check("1.00", "SO-3", unit=east)
    assert (codes(row), row.binding) == (["over_unit_limit"], "unit")


def test_the_same_order_gets_the_same_answer_and_reserves_once(customer, erp, limit, today, check):
    first = check("600.00")
    again = check_order(
        customer=customer, order="SO-1", amount=D("600.00"), currency="CNY", by=erp, today=today + timedelta(days=3)
    )
    assert not again.fresh and again.row.checked_at == first.checked_at
    assert exposure(customer, today) == D(600)


def test_another_sum_is_checked_for_the_difference(check, limit, customer, today):
    check("600.00")
    assert check("1000.00").decision == "approved"
    assert exposure(customer, today) == D(1000)
    assert check("1000.01").decision == "held"
    assert exposure(customer, today) == 0
    assert check("200.00").decision == "approved"
    assert exposure(customer, today) == D(200)


def test_an_order_in_the_ledger_does_not_count_against_itself(check, limit, customer, today):
    OrderFactory(customer=customer, number="SO-1", amount=D(900))
    assert check("1000.00", "SO-1").decision == "approved"
    assert exposure(customer, today) == D(1000)


def test_a_reservation_that_has_run_out_is_asked_anew(check, limit, customer, today):
    check("600.00", "SO-1")
    late = today + timedelta(days=31)
    check("600.00", "SO-2", today=late)
    assert check("600.00", "SO-1", today=late).decision == "held"


def test_an_order_of_another_customer_is_refused(check, limit):
    check("1.00")
    with pytest.raises(Refused) as refused:
        check("1.00", customer=CustomerFactory())
    assert refused.value.code == "order_of_another_customer"


def test_cancelling_gives_the_sum_back_and_may_be_repeated(check, limit, customer, erp, today):
    check("600.00")
    for _ in range(2):
        assert cancel_order("SO-1", by=erp, today=today).state == "cancelled"
    assert exposure(customer, today) == 0
    assert check("600.00").decision == "approved"
    assert exposure(customer, today) == D(600)


def test_fulfilling_ends_the_reservation(check, limit, customer, erp, today):
    check("600.00")
    for _ in range(2):
        assert fulfil_order("SO-1", by=erp, today=today).state == "fulfilled"
    assert exposure(customer, today) == 0
    with pytest.raises(Refused, match="ledger already"):
        cancel_order("SO-1", by=erp, today=today)


def test_a_held_order_cannot_be_fulfilled(check, erp, today):
    check("600.00")
    with pytest.raises(Refused):
        fulfil_order("SO-1", by=erp, today=today)


def test_a_synced_order_is_fulfilled_by_itself(check, limit, customer, today):
    check("600.00")
    OrderFactory(customer=customer, number="SO-1", amount=D(600))
    customer.standing.refresh_due = True
    customer.standing.save()
    assert refresh_due_standings(today=today) == 1
    assert refresh_due_standings(today=today) == 0
    assert OrderCheck.objects.get().state == "fulfilled" and not Reservation.objects.get().active
    customer.standing.refresh_from_db()
    assert customer.standing.exposure == D(600)


def test_a_refresh_reaches_the_group(group, customer, today):
    InvoiceFactory(customer=customer, amount=D(70))
    customer.standing.refresh_due = True
    customer.standing.save()
    while refresh_due_standings(today=today):
        pass
    group[0].standing.refresh_from_db()
    assert group[0].standing.exposure == D(70)
    assert refresh_standings([group[0].pk, customer.pk], today=today) == 0


def test_a_release_reserves_and_lets_the_order_grow_a_little(check, limit, officer, customer, seller, today):
    check("1500.00")
    row = release_order("SO-1", by=officer, reason="bank draft is here", today=today)
    assert (row.decision, row.state, row.released_up_to) == ("approved", "released", D("1650.00"))
    assert exposure(customer, today) == D(1500)
    assert check("1650.00").state == "released"
    assert exposure(customer, today) == D(1650)
    assert Notice.objects.filter(recipient=seller, kind="order_released").exists()
    grown = check("1650.01")
    assert (grown.decision, grown.state) == ("held", "open")


def test_a_refused_order_stays_held(check, limit, officer, customer, today):
    check("1500.00")
    row = refuse_order("SO-1", by=officer, reason="no", today=today)
    assert (row.decision, row.state) == ("held", "refused")
    assert check("1500.00").state == "refused"
    assert exposure(customer, today) == 0


def test_nobody_releases_their_own_order(check, limit, officer, today):
    check("1500.00", by=officer)
    with pytest.raises(NotAllowed, match="asked for"):
        release_order("SO-1", by=officer, reason="mine", today=today)


@pytest.mark.parametrize("who", ["seller", "manager", "auditor", "erp"])
def test_who_may_not_release(who, check, limit, request, today):
    check("1500.00")
    with pytest.raises(NotAllowed):
        release_order("SO-1", by=request.getfixturevalue(who), reason="x", today=today)


def test_a_release_needs_a_reason_and_a_held_order(check, limit, officer, today):
    check("1500.00", "SO-1")
    check("1.00", "SO-2")
    for order, reason in (("SO-1", " "), ("SO-2", "x")):
        with pytest.raises(Refused):
            release_order(order, by=officer, reason=reason, today=today)


def test_a_held_order_checked_again_goes_out_when_its_cause_has_gone(check, limit, customer, erp, today):
    invoice = InvoiceFactory(customer=customer, amount=D(900))
    check("200.00")
    invoice.open_amount = 0
    invoice.save()
    assert check_again("SO-1", by=erp, today=today).decision == "approved"
    with pytest.raises(Refused):
        check_again("SO-1", by=erp, today=today)


def test_a_limit_cut_below_the_exposure_holds_new_orders_only(check, limit, customer, today):
    check("900.00", "SO-1")
    limit.amount = D(500)
    limit.save()
    row = check("1.00", "SO-2")
    assert codes(row) == ["over_limit"] and row.available_before == D("-400.00")
    assert not any("Cut the order" in way for way in ways_out_of(row))
    assert OrderCheck.objects.get(order="SO-1").decision == "approved"


def test_auditors_check_nothing(check, auditor):
    with pytest.raises(NotAllowed):
        check("1.00", by=auditor)


def test_the_accounts_are_made_and_locked(check, group, limit):
    check("1.00")
    assert CreditAccount.objects.count() == 2


def test_a_release_lasts_thirty_days_however_often_the_order_grows(check, limit, officer, customer, today):
    check("1500.00")
    release_order("SO-1", by=officer, reason="bank draft is here", today=today)
    for days, amount in ((20, "1600.00"), (30, "1650.00")):
        row = check(amount, today=today + timedelta(days=days))
        assert (row.state, row.reservation.until) == ("released", today + timedelta(days=30))
    assert check("1600.00", today=today + timedelta(days=31)).decision == "held"


def test_growing_within_a_release_makes_nobody_the_asker_of_what_they_released(check, limit, officer, erp, today):
    check("1500.00")
    release_order("SO-1", by=officer, reason="bank draft is here", today=today)
    row = check("1600.00", by=officer)
    assert (row.asked_by, row.decided_by, row.state) == (erp, officer, "released")


def test_a_release_is_for_the_unit_that_asked(check, limit, officer, customer, today):
    check("1500.00", unit=UnitFactory(code="east"))
    release_order("SO-1", by=officer, reason="bank draft is here", today=today)
    assert check("1500.00", unit=UnitFactory(code="south")).decision == "held"


def test_the_database_keeps_four_eyes_on_orders_too(check, limit, officer):
    check("1500.00", by=officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderCheck.objects.update(decided_by=officer, state="released", decision="approved")


def test_an_overdue_invoice_of_the_same_order_holds_it_too(check, limit, customer, today):
    """A blanket order must not grow for ever while its own invoices go unpaid."""
    InvoiceFactory(
        customer=customer, order="SO-1", amount=D(100), due_on=today - timedelta(days=31), invoiced_on="2026-01-01"
    )
    assert codes(check("500.00", "SO-1")) == ["overdue"]
    assert codes(check("1100.00", "SO-1")) == ["over_limit", "overdue"]
    assert ways_out_of(OrderCheck.objects.get())[0].endswith("And: Cut the order to ¥1,000.")


def test_disputed_invoices_however_many_hide_no_overdue_one(check, limit, customer, today):
    for days in range(60, 0, -1):
        InvoiceFactory(
            customer=customer, amount=D(1), disputed=True, invoiced_on="2026-01-01", due_on=today - timedelta(days + 40)
        )
    InvoiceFactory(customer=customer, amount=D(1), invoiced_on="2026-01-01", due_on=today - timedelta(days=31))
    assert "overdue" in codes(check("1.00"))


def test_a_release_outlasts_the_orders_way_into_the_ledger(check, limit, officer, customer, today):
    """Released, synced, then a little larger: it is not held again."""
    check("1500.00")
    release_order("SO-1", by=officer, reason="bank draft is here", today=today)
    OrderFactory(customer=customer, number="SO-1", amount=D(1500))
    settle_reservations(today=today, customer_ids=[customer.pk])
    assert OrderCheck.objects.get().state == "fulfilled"
    row = check("1600.00", today=today + timedelta(days=5))
    assert (row.state, row.reservation.until) == ("released", today + timedelta(days=30))
    assert exposure(customer, today) == D(1600)
    assert check("1650.01").decision == "held"


def test_a_release_after_an_earlier_approval_lasts_its_own_thirty_days(check, limit, officer, today):
    check("600.00")
    later = today + timedelta(days=10)
    check("1500.00", today=later)
    row = release_order("SO-1", by=officer, reason="bank draft is here", today=later)
    assert row.reservation.until == later + timedelta(days=30)
