"""What a flag says to people: one sentence for each reason, from the data it carries."""

from typing import Any

from django.utils.translation import gettext as _

from archives.choices import FlagReason, ReviewCause
from crm.core.templatetags.dossier import day_in_words


def sentence(reason: str, data: dict[str, Any]) -> str:
    """The sentence of a flag in the reader's language."""
    known = {name: day_in_words(data.get(name) or "–") for name in ("valid_until", "confirmed_on")}
    match reason:
        case FlagReason.REPORT_EXPIRING:
            return _("The credit report runs out on %(valid_until)s.") % known
        case FlagReason.REPORT_STALE:
            return _("The credit report ran out on %(valid_until)s.") % known
        case FlagReason.REPORT_MISSING:
            return _("The customer buys on credit and there is no credit report.")
        case FlagReason.ARCHIVE_STALE:
            return _("The archive was last confirmed on %(confirmed_on)s.") % known
        case FlagReason.LIMIT_EXPIRING:
            return _("The limit runs out on %(valid_until)s.") % known
        case FlagReason.LIMIT_REVIEW:
            return _("The limit is to be reviewed: %(causes)s.") % {"causes": ", ".join(causes_in_words(data))}
    return ""


def causes_in_words(data: dict[str, Any]) -> list[str]:
    """Why a limit is to be reviewed."""
    return [str(ReviewCause(cause).label) for cause in data.get("causes", []) if cause in ReviewCause]


def with_cause(data: dict[str, Any], cause: str) -> dict[str, Any]:
    """The data of a review flag with one more cause; the same causes when it is named already."""
    causes = data.get("causes", [])
    return data if cause in causes else data | {"causes": [*causes, cause]}


def without_cause(data: dict[str, Any], cause: str) -> dict[str, Any]:
    """The data of a review flag whose cause has gone."""
    return data | {"causes": [kept for kept in data.get("causes", []) if kept != cause]}
