"""The sentences for what a check or a model found, in the reader's language."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.core.templatetags.dossier import money, short_money

REASONS = {
    "no_limit": gettext_lazy("The customer has no credit limit."),
    "cash_only": gettext_lazy("The customer buys for cash only; there is no credit limit."),
    "not_assessed": gettext_lazy("The customer has not been assessed; there is no credit limit."),
    "limit_expired": gettext_lazy("The limit ended on %(ended_on)s."),
    "over_limit": gettext_lazy("With this order the exposure is %(measured)s; the limit is %(threshold)s."),
    "over_group_limit": gettext_lazy(
        "With this order the exposure of the group %(node)s is %(measured)s; its limit is %(threshold)s."
    ),
    "over_unit_limit": gettext_lazy(
        "With this order the exposure towards %(node)s is %(measured)s; its share of the limit is %(threshold)s."
    ),
    "overdue": gettext_lazy("Invoice %(invoice)s is %(measured)s days overdue; more than %(threshold)s hold an order."),
    "report_stale": gettext_lazy("The credit report ran out on %(measured)s."),
    "customer_blocked": gettext_lazy("The customer is closed or blacklisted."),
}
# The same in two words, for the row of a queue: (what, tone).
REASON_WORDS = {
    "no_limit": (gettext_lazy("no limit"), "secondary"),
    "cash_only": (gettext_lazy("cash only"), "secondary"),
    "not_assessed": (gettext_lazy("not assessed"), "secondary"),
    "limit_expired": (gettext_lazy("limit ended"), "orange"),
    "over_limit": (gettext_lazy("over the limit"), "orange"),
    "over_group_limit": (gettext_lazy("over the group's limit"), "orange"),
    "over_unit_limit": (gettext_lazy("over the unit's share"), "orange"),
    "overdue": (gettext_lazy("overdue"), "red"),
    "report_stale": (gettext_lazy("report stale"), "orange"),
    "customer_blocked": (gettext_lazy("customer blocked"), "red"),
}
WAYS = {
    "cut": gettext_lazy("Cut the order to %(amount)s."),
    "apply": gettext_lazy("Ask for a credit limit."),
    "report": gettext_lazy("Get a new credit report."),
    "release": gettext_lazy("Ask the credit officer to release the order."),
}
MODELS = {
    "turnover": gettext_lazy("By turnover"),
    "net_assets": gettext_lazy("By net assets"),
    "working_capital": gettext_lazy("By working capital"),
}


def reason_text(reason: dict[str, Any]) -> str:
    """One reason of a held order as a sentence."""
    words = {name: str(value) for name, value in reason["params"].items()}
    words |= {"measured": figure(reason["measured"]), "threshold": figure(reason["threshold"])}
    if "ended_on" in words:
        words["ended_on"] = figure(words["ended_on"])
    return str(REASONS.get(words.get("footing", ""), REASONS[reason["code"]])) % words


def reason_words(reason: dict[str, Any]) -> tuple[str, str]:
    """One reason in two words, and the tone of its badge."""
    words, tone = REASON_WORDS.get(reason["params"].get("footing", ""), REASON_WORDS[reason["code"]])
    return str(words), tone


def figure(text: str) -> str:
    """A stored figure as people write it: a sum of money, a day, or a plain number."""
    if text.count("-") == 2:
        return formats.date_format(date.fromisoformat(text), "SHORT_DATE_FORMAT")
    return money(Decimal(text)) if "." in text else text


def way_text(way: dict[str, Any]) -> str:
    """One way out as a sentence."""
    if way["kind"] != "pay":
        return str(WAYS[way["kind"]]) % {"amount": money(Decimal(way.get("amount", "0")))}
    if way.get("cut") is None:
        return pay_text(way)
    words = {"pay": pay_text(way), "cut": str(WAYS["cut"]) % {"amount": money(Decimal(way["cut"]))}}
    return _("%(pay)s And: %(cut)s") % words


def pay_text(way: dict[str, Any]) -> str:
    """Which invoices to have paid, the first few by number, and their sum."""
    words = {"invoices": ", ".join(way["invoices"]), "amount": money(Decimal(way["amount"])), "more": way["more"]}
    if way["more"]:
        return _("Have invoices %(invoices)s and %(more)s more paid, %(amount)s together.") % words
    count = len(way["invoices"])
    one, many = (
        _("Have invoice %(invoices)s of %(amount)s paid."),
        _("Have invoices %(invoices)s paid, %(amount)s together."),
    )
    return (one if count == 1 else many) % words


def workings_text(model: str, workings: dict[str, Decimal]) -> str:
    """How a model came to its sum, in a few signs; empty where it could not be worked out."""
    if not workings:
        return ""
    if model == "turnover":
        words = {"average": short_money(workings["average"]), "factor": plain(workings["factor"])}
        words["months"] = plain(workings["months"].quantize(Decimal("0.01")))
        return _("%(average)s × %(months)s mo × %(factor)s") % words
    words = {"percent": plain(workings["percent"]), "base": short_money(workings["base"])}
    return _("%(percent)s %% of %(base)s") % words


def plain(number: Decimal) -> str:
    """A number without trailing zeros."""
    return formats.number_format(f"{number.normalize():f}")


def level_text(days: int) -> str:
    """How long is left for a decision."""
    if days < 0:
        return ngettext("%(n)s day late", "%(n)s days late", -days) % {"n": -days}
    if days == 0:
        return _("due today")
    if days == 1:
        return _("due tomorrow")
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
