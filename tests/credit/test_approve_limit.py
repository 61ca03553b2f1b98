"""approve_limit: by authority, in order, four eyes; a limit at the end."""

from datetime import date, timedelta
from decimal import Decimal as D

import pytest
from django.db import IntegrityError, InternalError, transaction

from archives.choices import FlagReason
from archives.models import Customer, Flag
from credit.commands.applications import (
    approve_limit,
    edit_application,
    reject_application,
    return_application,
    submit_application,
    withdraw_application,
)
from credit.models import Approval, CreditLimit, LimitApplication
from credit.queries import waiting_for
from credit.queries.applications import level_waiting
from credit.queries.limits import limit_in_force
from crm.core.errors import NotAllowed, Refused
from crm.core.models import AuditEntry, Notice, Policy
from tests.factories import CreditLimitFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db
State = LimitApplication.State


@pytest.fixture
def approve(today):
    return lambda application, by, **other: approve_limit(application.pk, by=by, today=today, **other)


def test_it_grants_within_authority(ask, approve, officer, customer, today):
    application = approve(ask("200000.00"), officer, comment="fine")
    limit = CreditLimit.objects.get(application=application)
    assert application.state == State.APPROVED
    assert (limit.amount, limit.valid_from, limit.valid_until) == (D("200000.00"), today, date(2027, 11, 20))
    customer.standing.refresh_from_db()
    assert (customer.standing.limit, customer.standing.available) == (D("200000.00"), D("200000.00"))
    assert AuditEntry.objects.filter(verb="limit.granted", customer_id=customer.pk).exists()
    assert Notice.objects.filter(recipient=application.applicant, kind="limit_approved").exists()


def test_it_goes_from_level_to_level(ask, approve, officer, credit_manager, director):
    application, policy = ask("2800000.00"), Policy.current()
    for person, following in ((officer, "credit_manager"), (credit_manager, "finance_director")):
        application = approve(application, person)
        assert (application.state, level_waiting(application, policy)) == (State.SUBMITTED, following)
    assert approve(application, director).state == State.APPROVED
    assert [row.level for row in application.approvals.all()] == [
        "credit_officer",
        "credit_manager",
        "finance_director",
    ]


def test_a_higher_level_covers_the_lower_ones(ask, approve, credit_manager):
    assert approve(ask("1500000.00"), credit_manager).state == State.APPROVED


def test_what_is_above_the_own_authority_goes_on(ask, approve, credit_manager, director):
    application = approve(ask("2000000.01"), credit_manager)
    assert application.state == State.SUBMITTED
    assert Notice.objects.filter(recipient=director, kind="limit_waiting").count() == 1
    assert not CreditLimit.objects.exists()


def test_it_refuses_the_own_application(ask, approve, credit_manager):
    application = ask("1000.00", by=credit_manager)
    with pytest.raises(NotAllowed, match="Nobody approves what they asked for"):
        approve(application, credit_manager)


def test_the_database_refuses_the_own_application_too(ask, credit_manager):
    application = ask("1000.00", by=credit_manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(
            application=application,
            applicant_id_kept=application.applicant_id,
            level="credit_manager",
            decision="approved",
            by=credit_manager,
            amount_base=1,
        )


def test_it_refuses_a_second_approval_by_the_same_person(ask, approve, credit_manager):
    application = approve(ask("2800000.00"), credit_manager)
    with pytest.raises(NotAllowed) as refused:
        approve(application, credit_manager)
    assert refused.value.code == "approved_already"


def test_it_refuses_a_level_below_the_one_it_waits_for(ask, approve, officer, credit_manager):
    application = approve(ask("2800000.00"), credit_manager)
    with pytest.raises(NotAllowed, match="the finance director"):
        approve(application, officer)


def test_a_second_click_is_refused(ask, approve, officer, credit_manager):
    application = approve(ask("200.00"), officer)
    for person in (officer, credit_manager):
        with pytest.raises(Refused, match="decided already"):
            approve(application, person)
    assert CreditLimit.objects.count() == 1


@pytest.mark.parametrize("who", ["seller", "manager", "auditor", "erp", "admin"])
def test_it_refuses_people_and_programs_without_the_right(ask, approve, request, who):
    application = ask()
    with pytest.raises(NotAllowed):
        approve(application, request.getfixturevalue(who))


def test_the_sum_may_be_lowered_never_raised(ask, approve, officer, credit_manager, director):
    application = approve(ask("2800000.00"), officer, amount=D("2500000.00"))
    with pytest.raises(Refused, match="never raised"):
        approve(application, credit_manager, amount=D("2500000.01"))
    application = approve(application, credit_manager, amount=D("1900000.00"))
    assert application.state == State.APPROVED
    assert CreditLimit.objects.get().amount == D("1900000.00")
    assert application.amount == D("2800000.00")


def test_it_takes_the_place_of_the_running_limit(ask, approve, officer, customer, today):
    old = CreditLimitFactory(customer=customer, valid_from=date(2026, 4, 1), valid_until=date(2027, 3, 31))
    approve(ask("1000.00"), officer)
    old.refresh_from_db()
    assert old.valid_until == today - timedelta(days=1)


def test_it_keeps_what_was_seen(ask, approve, officer):
    seen = approve(ask("200.00"), officer).approvals.get().seen
    assert seen["exposure"] == "0.00" and seen["proposals"]["turnover"] == "0.00" and "ageing" in seen


def test_it_closes_the_flags_that_asked_for_it(ask, approve, officer, customer, today):
    for reason in (FlagReason.LIMIT_EXPIRING, FlagReason.LIMIT_REVIEW, FlagReason.REPORT_STALE):
        Flag.objects.create(customer=customer, reason=reason, raised_on=today)
    approve(ask("200.00"), officer)
    assert [flag.reason for flag in Flag.objects.filter(closed_on=None)] == [FlagReason.REPORT_STALE]


def test_one_open_application_at_a_time(ask, manager):
    ask()
    with pytest.raises(Refused) as refused:
        ask(by=manager, submit=False)
    assert refused.value.code == "application_open"


def test_who_does_not_see_the_customer_cannot_ask(ask, outsider, auditor):
    for person in (outsider, auditor):
        with pytest.raises(NotAllowed):
            ask(by=person)


def test_a_blacklisted_customer_gets_none(ask, customer):
    customer.status = "blacklisted"
    with pytest.raises(Refused, match="blacklisted"):
        ask()


def test_a_returned_application_begins_anew(ask, approve, officer, credit_manager, seller, today):
    application = approve(ask("1500000.00"), officer)
    return_application(application.pk, by=credit_manager, comment="Which security?", today=today)
    edit_application(
        application.pk,
        by=seller,
        amount=D("150000.00"),
        currency="CNY",
        months=6,
        credit_period_days=30,
        reason="none",
        today=today,
    )
    application = submit_application(application.pk, by=seller, today=today)
    assert level_waiting(application, Policy.current()) == "credit_officer"
    assert waiting_for(officer).get() == application
    assert approve(application, officer).state == State.APPROVED


def test_return_and_rejection_need_words(ask, officer, today):
    application = ask()
    for command in (return_application, reject_application):
        with pytest.raises(Refused, match="reason"):
            command(application.pk, by=officer, comment="  ", today=today)


def test_a_rejected_application_is_over(ask, approve, officer, credit_manager, today):
    application = ask()
    reject_application(application.pk, by=officer, comment="too much", today=today)
    with pytest.raises(Refused, match="decided already"):
        approve(application, credit_manager)
    ask()  # another one may be made


def test_only_the_applicant_withdraws(ask, manager, seller):
    application = ask()
    with pytest.raises(NotAllowed):
        withdraw_application(application.pk, by=manager)
    assert withdraw_application(application.pk, by=seller).state == State.WITHDRAWN


def test_each_sees_what_waits_for_them(ask, approve, officer, credit_manager, director, seller):
    application = ask("2800000.00", by=seller)
    assert all(waiting_for(person).get() == application for person in (officer, credit_manager, director))
    assert not waiting_for(seller).exists()
    approve(application, credit_manager)
    assert not waiting_for(officer).exists() and not waiting_for(credit_manager).exists()
    assert waiting_for(director).get() == application


def test_the_own_application_does_not_wait_for_oneself(ask, officer):
    colleague = UserFactory(username="officer2", role=officer.role)
    ask("100.00", by=officer)
    assert not waiting_for(officer).exists() and waiting_for(colleague).exists()


def test_a_limit_that_began_today_is_superseded_and_kept(ask, approve, officer, customer, today):
    approve(ask("1000.00"), officer)
    approve(ask("900.00"), officer)
    first, second = CreditLimit.objects.order_by("pk")
    assert first.superseded_at and (first.amount, first.valid_from) == (D("1000.00"), today)
    assert limit_in_force(customer, None, today) == second
    customer.standing.refresh_from_db()
    assert customer.standing.limit == D("900.00")
    entry = AuditEntry.objects.get(verb="limit.superseded")
    assert (entry.actor, entry.subject_id) == (officer, str(first.pk))


def test_the_end_of_the_running_limit_is_recorded(ask, approve, officer, customer):
    old = CreditLimitFactory(customer=customer)
    approve(ask("1000.00"), officer)
    assert AuditEntry.objects.get(verb="limit.ended", subject_id=str(old.pk)).changes["until"] == [
        "2027-03-31",
        "2026-11-20",
    ]


def test_a_later_limit_stays_unless_it_begins_in_the_new_ones_period(ask, approve, officer, customer):
    near = CreditLimitFactory(customer=customer, valid_from=date(2027, 4, 1), valid_until=date(2027, 12, 31))
    far = CreditLimitFactory(customer=customer, valid_from=date(2028, 1, 1), valid_until=date(2028, 12, 31))
    approve(ask("1000.00"), officer)
    near.refresh_from_db()
    far.refresh_from_db()
    assert near.superseded_at and not far.superseded_at


def test_limits_are_never_deleted(customer):
    limit = CreditLimitFactory(customer=customer)
    with pytest.raises(InternalError), transaction.atomic():
        limit.delete()


def raw_approval(application, by, **changed):
    given = {"applicant_id_kept": application.applicant_id, "level": by.role, "decision": "approved", "amount_base": 1}
    return Approval.objects.create(application=application, by=by, **given | changed)


def test_the_database_refuses_a_false_applicant_and_a_second_approval(ask, officer, credit_manager, seller):
    application = ask("2800000.00", by=credit_manager)
    raw_approval(application, officer)
    for by, false in ((credit_manager, seller.pk), (officer, credit_manager.pk)):
        with pytest.raises(IntegrityError), transaction.atomic():
            raw_approval(application, by, applicant_id_kept=false)


def test_the_database_keeps_the_applicant_and_the_decisions(ask, officer, seller, manager):
    application = ask()
    approval = raw_approval(application, officer)
    for write in (
        lambda: LimitApplication.objects.filter(pk=application.pk).update(applicant=manager),
        lambda: Approval.objects.filter(pk=approval.pk).update(by=seller),
        approval.delete,
    ):
        with pytest.raises(InternalError), transaction.atomic():
            write()


def test_a_promotion_opens_no_way_to_approve_for_oneself(ask, approve, seller, officer):
    own, twice = ask("1000.00"), ask("2800000.00", customer=CustomerFactory(owner=seller))
    approve(twice, officer)
    for person, role in ((seller, "credit_manager"), (officer, "finance_director")):
        person.role = role
        person.save()
    with pytest.raises(NotAllowed, match="Nobody approves what they asked for"):
        approve(own, seller)
    with pytest.raises(NotAllowed, match="nobody approves twice"):
        approve(twice, officer)


def test_only_the_applicant_edits_and_hands_in(ask, officer, today):
    """Otherwise an approver could write the sum that they approve."""
    application = ask(submit=False)
    words = {"amount": D(1), "currency": "CNY", "months": 12, "credit_period_days": None, "reason": "mine"}
    with pytest.raises(NotAllowed):
        edit_application(application.pk, by=officer, today=today, **words)
    with pytest.raises(NotAllowed):
        submit_application(application.pk, by=officer, today=today)


@pytest.mark.parametrize("status", ["closed", "blacklisted"])
def test_a_customer_blacklisted_since_gets_no_limit(status, ask, approve, officer, customer, seller, today):
    application = ask("1000.00")
    draft = ask(submit=False, customer=CustomerFactory(owner=seller))
    Customer.objects.update(status=status)
    with pytest.raises(Refused) as refused:
        approve(application, officer)
    assert refused.value.code == "customer_blocked" and not CreditLimit.objects.exists()
    with pytest.raises(Refused):
        submit_application(draft.pk, by=seller, today=today)
    assert reject_application(application.pk, by=officer, comment="blocked", today=today).state == State.REJECTED


def test_what_the_departed_left_open_can_be_withdrawn(ask, seller, manager, colleague, customer, auditor):
    """A draft keeps everybody else from asking: when its writer is gone, somebody must be able to take it away."""
    draft = ask(submit=False)
    with pytest.raises(NotAllowed):
        withdraw_application(draft.pk, by=manager)
    Customer.objects.update(owner=colleague)
    with pytest.raises(NotAllowed):
        withdraw_application(draft.pk, by=auditor)
    assert withdraw_application(draft.pk, by=colleague).state == State.WITHDRAWN
    ask(by=colleague)
