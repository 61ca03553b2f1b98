"""First steps for each role: a few cards on My day until the person has put them away."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.core.models import User
from crm.core.roles import Role


class Hint(NamedTuple):
    """One card: what one can do, why, and the page (by name, with its query) where it is done."""

    key: str
    icon: str
    title: Promise
    text: Promise
    action: Promise
    page: str
    query: str = ""


VISIT = Hint(
    "visit",
    "map-pin",
    _("Log your first visit"),
    _("Choose a customer and write down what you learnt. It takes a minute, also on a phone without a connection."),
    _("Choose a customer"),
    "customers",
)
SEARCH = Hint(
    "search",
    "search",
    _("Find anything with one box"),
    _("Press / anywhere. Names old and new, pinyin, initials, tax number and the end of a phone number all work."),
    _("Search"),
    "search",
)
WORDS = Hint(
    "words",
    "vocabulary",
    _("Words with dots explain themselves"),
    _("Point at a dotted word or tap it. The glossary has all of them, with how each number is worked out."),
    _("Glossary"),
    "glossary",
)
FRESH = Hint(
    "fresh",
    "report-search",
    _("Keep what is known fresh"),
    _("Some credit reports are stale or missing. Order a new investigation before a limit depends on it."),
    _("See the customers"),
    "customers",
    "report_status=stale,missing",
)
OVERDUE = Hint(
    "overdue",
    "coin",
    _("See who pays late"),
    _("Ageing, days late and promises stand on each customer's page. Here are those with overdue invoices."),
    _("See the customers"),
    "customers",
    "overdue=true&ordering=-overdue",
)
HOLDS = Hint(
    "holds",
    "hand-stop",
    _("Decide on held orders"),
    _("Each says why it was stopped and what would clear it. A release or a refusal takes a reason."),
    _("Held orders"),
    "holds",
)
DECIDE = Hint(
    "decide",
    "gavel",
    _("Decide on limits with the evidence beside them"),
    _("Score, exposure, ageing and reports stand next to the sum that is asked for; they are kept with your decision."),
    _("Limit applications"),
    "applications",
)
POLICY = Hint(
    "policy",
    "adjustments",
    _("Check the numbers of your policy"),
    _("Authorities, validity of reports, days of reservation: the rules work with what stands here."),
    _("Policy"),
    "policy",
)
TRAIL = Hint(
    "trail",
    "history",
    _("Follow who did what"),
    _("Every deed is kept with person, time and old and new value. Narrow it down by person, deed or customer."),
    _("Audit trail"),
    "audit",
)
PEOPLE = Hint(
    "people",
    "user-plus",
    _("Bring in your people"),
    _("Each person has one role, which says what they may do and whose customers they see."),
    _("People"),
    "people",
)
TOKENS = Hint(
    "tokens",
    "key",
    _("Connect the ERP"),
    _("A token lets a program in, for what you allow and as long as you say. Its secret is shown once."),
    _("Tokens"),
    "tokens",
)
HINTS: dict[str, tuple[Hint, ...]] = {
    Role.SALESPERSON: (VISIT, SEARCH, OVERDUE, WORDS),
    Role.SALES_MANAGER: (OVERDUE, FRESH, SEARCH, WORDS),
    Role.CREDIT_OFFICER: (HOLDS, DECIDE, FRESH, WORDS),
    Role.CREDIT_MANAGER: (DECIDE, HOLDS, POLICY, WORDS),
    Role.FINANCE_DIRECTOR: (DECIDE, OVERDUE, WORDS),
    Role.AUDITOR: (TRAIL, SEARCH, WORDS),
    Role.ADMINISTRATOR: (PEOPLE, TOKENS, WORDS),
}


def hints_for(user: User) -> list[Hint]:
    """The cards of the person's role that they have not put away."""
    return [hint for hint in HINTS.get(user.role, ()) if hint.key not in user.hints_closed]


def is_hint(key: str) -> bool:
    return any(hint.key == key for hints in HINTS.values() for hint in hints)
