"""Asking for a limit and deciding about it: draft → submitted → one approval per level → a limit with its validity."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from archives.choices import CustomerStatus, FlagReason
from archives.commands.flags import close_flags, decide_reviews
from archives.models import Customer
from credit.commands.accounts import lock_accounts
from credit.commands.standings import refresh_standings
from credit.models import Approval, CreditLimit, LimitApplication
from credit.queries.applications import circumstances, deciders_of, is_orphaned, level_waiting, seen_now
from credit.rules import approvals as rules
from credit.rules.limits import last_day
from crm.core import audit
from crm.core.errors import Refused
from crm.core.models import Policy, User
from crm.core.money import to_base
from crm.core.notices import tell
from crm.core.roles import Role
from crm.core.templatetags.dossier import money

State, Decision = LimitApplication.State, Approval.Decision


@transaction.atomic
def apply_for_limit(
    customer: Customer,
    *,
    by: User,
    amount: Decimal,
    currency: str,
    months: int = 12,
    credit_period_days: int | None = None,
    reason: str,
    submit: bool = False,
    today: date,
) -> LimitApplication:
    """Ask for a limit: a draft, or submitted at once.

    Refuses who may not ask or does not see the customer, closed and blacklisted customers, a second open application
    for the same customer, and a currency without a rate.
    """
    sees = Customer.objects.visible_to(by).filter(pk=customer.pk).exists()
    if refusal := rules.why_not_ask(by, sees_customer=sees, tradable=CustomerStatus(customer.status).tradable):
        raise refusal
    application = LimitApplication(
        customer=customer, applicant=by, reason=reason, **terms(amount, currency, months, credit_period_days, today)
    )
    keep_as_only_open(application)
    audit.record("limit_application.created", application, by=by, amount=amount, currency=currency, months=months)
    return submit_application(application.pk, by=by, today=today) if submit else application


def terms(amount: Decimal, currency: str, months: int, credit_period_days: int | None, today: date) -> dict[str, Any]:
    """What is asked for, with the sum in the base currency at the rate of the day."""
    return {
        "amount": amount,
        "currency": currency,
        "amount_base": to_base(amount, currency, day=today),
        "months": months,
        "credit_period_days": credit_period_days,
    }


def keep_as_only_open(application: LimitApplication) -> None:
    """Insert it; the database says when another one is open, also one of the same moment."""
    try:
        with transaction.atomic():
            application.save()
    except IntegrityError as failure:
        if "one_open_application" not in str(failure):
            raise
        raise Refused(_("An application for this customer is open already."), code="application_open") from failure


@transaction.atomic
def edit_application(
    application_id: int,
    *,
    by: User,
    amount: Decimal,
    currency: str,
    months: int,
    credit_period_days: int | None,
    reason: str,
    submit: bool = False,
    today: date,
) -> LimitApplication:
    """Change a draft or a returned application, and hand it in where `submit` says so.

    Refuses everybody but the applicant, and what is under decision.
    """
    application = locked(application_id)
    if refusal := rules.why_not_edit(application, by=by):
        raise refusal
    for name, value in terms(amount, currency, months, credit_period_days, today).items():
        setattr(application, name, value)
    application.reason = reason
    application.save()
    audit.record("limit_application.changed", application, by=by, amount=amount, currency=currency, months=months)
    return submit_application(application.pk, by=by, today=today) if submit else application


@transaction.atomic
def submit_application(application_id: int, *, by: User, today: date) -> LimitApplication:
    """Hand it to those who decide.

    Refuses everybody but the applicant, what is no draft and was not returned, and closed and blacklisted customers.
    """
    application = locked(application_id)
    if refusal := rules.why_not_edit(application, by=by) or rules.why_not_trade(tradable(application)):
        raise refusal
    policy = Policy.current()
    application.state, application.submitted_on = State.SUBMITTED, today
    application.decide_by = today + timedelta(days=policy.decide_within_days)
    application.amount_base = to_base(application.amount, application.currency, day=today)
    application.save()
    audit.record("limit_application.submitted", application, by=by, amount_base=application.amount_base)
    tell_next(application, level_waiting(application, policy))
    return application


@transaction.atomic
def withdraw_application(application_id: int, *, by: User) -> LimitApplication:
    """Take it back. Refuses everybody but the applicant – unless that person is gone – and what has been decided."""
    application = locked(application_id)
    if refusal := rules.why_not_withdraw(application, by=by, orphaned=is_orphaned(application)):
        raise refusal
    close(application, State.WITHDRAWN)
    audit.record("limit_application.withdrawn", application, by=by)
    return application


@transaction.atomic
def approve_limit(
    application_id: int, *, by: User, amount: Decimal | None = None, comment: str = "", today: date
) -> LimitApplication:
    """Approve it at one's own level, for the sum or less; what is above the own authority goes on to the next level.

    `amount` is in the application's currency. Refuses the applicant, a second approval by the same person, a level
    below the one that it waits for, a higher sum than before, what is decided already, and a customer that has been
    closed or blacklisted since. The approval that covers the sum grants the limit from `today` on, in place of the one
    that runs.
    """
    application, policy = locked(application_id), Policy.current()
    granted = application.amount_base if amount is None else in_its_base(application, amount)
    refusal = rules.why_not_approve(application, amount=granted, **circumstances(application, by, policy))
    if refusal := refusal or rules.why_not_trade(tradable(application)):
        raise refusal
    lock_accounts(application.customer_id)
    decide(application, Decision.APPROVED, by=by, amount=granted, comment=comment, today=today)
    application.amount_base = granted
    if following := rules.next_after(by, granted, policy):
        application.save(update_fields=["amount_base"])
        tell_next(application, following)
    else:
        grant(application, by=by, today=today)
    return application


def tradable(application: LimitApplication) -> bool:
    return CustomerStatus(application.customer.status).tradable


def in_its_base(application: LimitApplication, amount: Decimal) -> Decimal:
    """A sum of the application's currency in the base currency, at the rate of the day it was submitted."""
    return to_base(amount, application.currency, day=application.submitted_on or timezone.localdate())


def grant(application: LimitApplication, *, by: User, today: date) -> None:
    """The limit itself, in place of those that stand in its period."""
    limit = CreditLimit(
        customer=application.customer,
        amount=application.amount_base,
        valid_from=today,
        valid_until=last_day(today, application.months),
        credit_period_days=application.credit_period_days,
        application=application,
    )
    before = make_way(limit, by=by)
    limit.save()
    close(application, State.APPROVED)
    audit.record("limit.granted", limit, by=by, amount=limit.amount, before=before, until=limit.valid_until)
    close_flags([application.customer_id], [FlagReason.LIMIT_EXPIRING], today=today)
    decide_reviews([application.customer_id], today=today)
    refresh_standings([application.customer_id], today=today)
    tell_applicant(application, "limit_approved", amount=money(limit.amount), until=limit.valid_until)


def make_way(limit: CreditLimit, *, by: User) -> Decimal | None:
    """The limit that runs ends the day before; those that begin within the period are superseded. Nothing is deleted.

    The sum that was in force until now; None where there was none.
    """
    before = None
    standing = CreditLimit.objects.filter(customer=limit.customer, unit=limit.unit, superseded_at=None)
    for other in standing.filter(valid_from__lte=limit.valid_until, valid_until__gte=limit.valid_from):
        if other.valid_from <= limit.valid_from:
            before = other.amount
        end(other, limit.valid_from, by=by)
    return before


def end(limit: CreditLimit, day: date, *, by: User) -> None:
    """From `day` on the limit grants nothing."""
    until = limit.valid_until
    if limit.valid_from < day:
        limit.valid_until = day - timedelta(days=1)
    else:
        limit.superseded_at = timezone.now()
    limit.save(update_fields=["valid_until", "superseded_at"])
    verb = "limit.superseded" if limit.superseded_at else "limit.ended"
    audit.record(verb, limit, by=by, amount=limit.amount, until=[str(until), str(limit.valid_until)])


@transaction.atomic
def return_application(application_id: int, *, by: User, comment: str, today: date) -> LimitApplication:
    """Send it back with a question. Refuses as approving does, and a return without words."""
    application = turned_down(application_id, Decision.RETURNED, by=by, comment=comment, today=today)
    application.state = State.RETURNED
    application.save(update_fields=["state"])
    tell_applicant(application, "limit_returned", comment=comment)
    return application


@transaction.atomic
def reject_application(application_id: int, *, by: User, comment: str, today: date) -> LimitApplication:
    """Reject it for good. Refuses as approving does, and a rejection without a reason."""
    application = turned_down(application_id, Decision.REJECTED, by=by, comment=comment, today=today)
    close(application, State.REJECTED)
    tell_applicant(application, "limit_rejected", comment=comment)
    return application


def turned_down(application_id: int, decision: str, *, by: User, comment: str, today: date) -> LimitApplication:
    """A decision against it, noted. Refuses as approving does, and without words."""
    application = locked(application_id)
    refusal = rules.why_not_decide(application, **circumstances(application, by, Policy.current()))
    if refusal := refusal or rules.why_not_without_words(comment):
        raise refusal
    decide(application, decision, by=by, amount=application.amount_base, comment=comment, today=today)
    return application


def locked(application_id: int) -> LimitApplication:
    """The application as it is now, and nobody else's until the end of the transaction."""
    rows = LimitApplication.objects.select_for_update(of=("self",))
    return rows.select_related("customer__standing", "applicant").get(pk=application_id)


def decide(
    application: LimitApplication, decision: str, *, by: User, amount: Decimal, comment: str, today: date
) -> None:
    """Keep the decision with what was seen at the time."""
    Approval.objects.create(
        application=application,
        applicant_id_kept=application.applicant_id,
        level=by.role,
        decision=decision,
        by=by,
        amount_base=amount,
        comment=comment,
        seen=seen_now(application, today),
    )
    audit.record(f"limit_application.{decision}", application, by=by, amount_base=amount, comment=comment)


def close(application: LimitApplication, state: str) -> None:
    """The application has come to its end."""
    application.state, application.decided_at = state, timezone.now()
    application.save(update_fields=["state", "decided_at", "amount_base"])


def tell_next(application: LimitApplication, level: Role | None) -> None:
    """A notice to everybody who may decide next."""
    if level is None:
        return
    words = {"customer": str(application.customer), "amount": money(application.amount, application.currency)}
    for person in deciders_of(application, level):
        key = f"limit_waiting:{application.pk}:{level}:{application.approvals.count()}"
        tell(person, "limit_waiting", key=key, link=address(application), **words)


def tell_applicant(application: LimitApplication, kind: str, **words: Any) -> None:
    """A notice to whoever asked, once for each decision."""
    key = f"{kind}:{application.pk}:{application.approvals.count()}"
    tell(application.applicant, kind, key=key, link=address(application), customer=application.customer, **words)


def address(application: LimitApplication) -> str:
    return reverse("application", args=[application.pk])
