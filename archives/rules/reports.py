"""What a credit report must be to be taken into the archive."""

from datetime import date

from django.utils.translation import gettext as _

from archives.rules.freshness import LONGEST, SHORTEST
from crm.core.errors import Invalid


def why_not_add(*, issued_on: date, validity_months: int, source: str, today: date) -> Invalid | None:
    """A report is not issued in the future, holds for 3 to 12 whole months, and has a source."""
    errors = {}
    if issued_on > today:
        errors["issued_on"] = _("A report cannot be issued in the future.")
    if not SHORTEST <= validity_months <= LONGEST:
        errors["validity_months"] = _("A report is valid for 3 to 12 months.")
    if not source.strip():
        errors["source"] = _("Say who made the report.")
    return Invalid(errors) if errors else None
