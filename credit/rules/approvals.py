"""Who may decide an application for a limit, in which order, and in which words it is refused."""

from collections.abc import Collection
from decimal import Decimal
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.core.errors import NotAllowed, Refused
from crm.core.models import Policy, User
from crm.core.roles import Can, Role

LEVELS = (Role.CREDIT_OFFICER, Role.CREDIT_MANAGER, Role.FINANCE_DIRECTOR)
IN_A_SENTENCE = {
    Role.CREDIT_OFFICER: gettext_lazy("the credit officer"),
    Role.CREDIT_MANAGER: gettext_lazy("the credit manager"),
    Role.FINANCE_DIRECTOR: gettext_lazy("the finance director"),
}
SUBMITTED, EDITABLE, OPEN = "submitted", ("draft", "returned"), ("draft", "submitted", "returned")


class Application(Protocol):
    """What the rules look at of an application. Sums in the base currency."""

    state: str
    applicant_id: int
    amount_base: Decimal


def authority(level: Role, policy: Policy) -> Decimal | None:
    """Up to which sum (base currency) a level decides alone; None is without end."""
    return {Role.CREDIT_OFFICER: policy.authority_officer, Role.CREDIT_MANAGER: policy.authority_manager}.get(level)


def covers(level: Role, amount: Decimal, policy: Policy) -> bool:
    """Whether the authority of `level` reaches `amount`; the sum itself is included."""
    ceiling = authority(level, policy)
    return ceiling is None or amount <= ceiling


def levels_needed(amount: Decimal, policy: Policy) -> tuple[Role, ...]:
    """The levels that decide about `amount`, in order, up to the first whose authority covers it."""
    last = next(index for index, level in enumerate(LEVELS) if covers(level, amount, policy))
    return LEVELS[: last + 1]


def rank(role: str) -> int:
    """The place of a role among the deciding levels, from 0; −1 for a role that decides nothing."""
    return LEVELS.index(Role(role)) if role in LEVELS else -1


def waiting_level(amount: Decimal, approved_levels: Collection[str], policy: Policy) -> Role | None:
    """The level whose turn it is; None when the sum is covered. An approval covers the levels below its own."""
    following = max((rank(level) for level in approved_levels), default=-1) + 1
    needed = levels_needed(amount, policy)
    return needed[following] if following < len(needed) else None


def next_after(by: User, amount: Decimal, policy: Policy) -> Role | None:
    """The level to which the application goes once `by` has approved `amount`; None when that decides it."""
    return waiting_level(amount, [by.role], policy)


def why_not_ask(by: User, *, sees_customer: bool, tradable: bool) -> Refused | None:
    """Refuses who may not ask for limits or does not see the customer, and closed or blacklisted customers."""
    if not by.may(Can.ASK_LIMIT) or not sees_customer:
        return NotAllowed(_("You may not ask for a limit for this customer."))
    return why_not_trade(tradable)


def why_not_trade(tradable: bool) -> Refused | None:
    """Closed and blacklisted customers get no limit, whenever it was asked for."""
    if not tradable:
        return Refused(_("This customer is closed or blacklisted and gets no limit."), code="customer_blocked")
    return None


def why_not_edit(application: Application, *, by: User) -> Refused | None:
    """Only the applicant changes or submits an application, while it is a draft or has been returned."""
    if by.pk != application.applicant_id:
        return NotAllowed(_("Only the person who asks may change this application."))
    if application.state not in EDITABLE:
        return Refused(_("This application is no longer a draft."), code="not_editable")
    return None


def why_not_withdraw(application: Application, *, by: User, orphaned: bool) -> Refused | None:
    """Only the applicant withdraws, and only what nobody has decided yet.

    An application is orphaned when its applicant has left or no longer sees the customer. Whoever may ask for a limit
    then withdraws it, for it keeps others from asking.
    """
    if by.pk != application.applicant_id and not (orphaned and by.may(Can.ASK_LIMIT)):
        return NotAllowed(_("Only the person who asked may withdraw this application."))
    if application.state not in OPEN:
        return already_decided()
    return None


def why_not_decide(
    application: Application,
    *,
    by: User,
    already_approved_by: Collection[int],
    approved_levels: Collection[str],
    policy: Policy,
) -> Refused | None:
    """Why `by` may not approve, return or reject now; None when they may.

    Refuses programs and people without the right, the applicant, what is not submitted or decided already, whoever has
    approved it before, and a level below the one it waits for. A sum above the own authority is no refusal: it goes on
    to the next level.
    """
    if by.is_connector or not by.may(Can.DECIDE_LIMITS):
        return NotAllowed(_("You may not decide about limits."))
    if by.pk == application.applicant_id:
        return NotAllowed(_("Nobody approves what they asked for."), code="own_application")
    if application.state != SUBMITTED:
        return not_submitted(application)
    if by.pk in already_approved_by:
        return NotAllowed(
            _("You have approved this application already; nobody approves twice."), code="approved_already"
        )
    waits_for = waiting_level(application.amount_base, approved_levels, policy)
    if waits_for is not None and rank(by.role) < rank(waits_for):
        return NotAllowed(
            _("This application waits for %(role)s.") % {"role": IN_A_SENTENCE[waits_for]}, code="other_level"
        )
    return None


def why_not_approve(application: Application, *, amount: Decimal, **circumstances) -> Refused | None:
    """As `why_not_decide`; refuses also a sum that is not positive or higher than the one before."""
    if refusal := why_not_decide(application, **circumstances):
        return refusal
    if amount <= 0:
        return Refused(
            _("The amount must be more than 0. To grant nothing, reject the application."), code="not_positive"
        )
    if amount > application.amount_base:
        return Refused(_("The amount can be lowered on the way, never raised."), code="amount_raised")
    return None


def not_submitted(application: Application) -> Refused:
    """Why nothing can be decided: not handed in yet, or at its end."""
    if application.state in EDITABLE:
        return Refused(_("This application has not been submitted."), code="not_submitted")
    return already_decided()


def already_decided() -> Refused:
    """The sentence of a second click."""
    return Refused(_("This application has been decided already."), code="already_decided")


def why_not_without_words(reason: str) -> Refused | None:
    """A return, a rejection, a release and a refusal need a reason."""
    if not reason.strip():
        return Refused(_("Give a reason."), code="reason_required")
    return None
