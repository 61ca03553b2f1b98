"""Whether one deed may be done to many customers at once, and to whom customers may be handed. Pure."""

from typing import Any

from django.utils.translation import gettext as _

from archives.rules.customers import may_assign
from crm.core.errors import NotAllowed, Refused
from crm.core.roles import Can

MOST = 10_000
ROWS_OFF, SHARE_OFF = 10, 0.01


def why_not_selected(*, expected: int, found: int) -> Refused | None:
    """Refuses a selection of nothing, of more than go at once, or that is no longer the one somebody looked at."""
    if not found:
        return Refused(_("No customer is chosen."), code="nothing_chosen")
    if found > MOST:
        sentence = _("At most %(most)s customers go at once. Narrow the list first.")
        return Refused(sentence % {"most": f"{MOST:,}"}, code="too_many_rows")
    if abs(found - expected) > min(ROWS_OFF, expected * SHARE_OFF):
        sentence = _("The list has changed: it was %(expected)s customers, now it is %(found)s. Choose again.")
        return Refused(sentence % {"expected": expected, "found": found}, code="list_changed")
    return None


def why_not_hand_over(*, by: Any, to: Any) -> Refused | None:
    """Refuses whoever may not assign customers, and heirs who have left or do not look after customers."""
    if not may_assign(by):
        return NotAllowed(_("Only a manager may give a customer to somebody else."))
    if not to.may(Can.LOG_VISITS) or to.is_connector:
        return Refused(_("%(name)s does not look after customers.") % {"name": to}, code="no_heir")
    return None
