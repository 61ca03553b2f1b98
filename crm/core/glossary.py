"""What the words of the field mean, in a sentence or two, with the formula where there is one. The one place for this.

A page shows a word with `{% term "exposure" %}`; `/glossary/` has them all.
"""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pypinyin import lazy_pinyin


class Term(NamedTuple):
    """A word of the field: how it is called, what it means, how it is worked out (empty when nothing is)."""

    name: Promise
    meaning: Promise
    formula: Promise | str = ""


TERMS = {
    "ageing": Term(
        _("Ageing"),
        _("Open invoices by how many days they are past due: not due, 1–30, 31–60, 61–90 and over 90."),
    ),
    "application": Term(
        _("Limit application"),
        _(
            "Somebody asks for a limit with a sum, a period and a reason. It goes from level to level until the "
            "authority of one covers the sum; on the way the sum may be lowered, never raised."
        ),
    ),
    "archive": Term(
        _("Customer archive"),
        _(
            "What the company knows of a customer, in four layers: basic, credit, operating and sales performance. "
            "It belongs to the company, not to whoever looks after the customer, and nothing in it is overwritten."
        ),
    ),
    "assessment": Term(
        _("Assessment"),
        _(
            "A scorecard filled in for a customer on a day. It keeps the weights it was made with, so that an old "
            "score can always be worked out again."
        ),
        _("percent = Σ (weight × points) ÷ Σ (weight × 10) × 100"),
    ),
    "authority": Term(
        _("Authority"),
        _(
            "Up to which sum a role may grant a limit alone: officer, credit manager, and the finance director without "
            "end. Nobody approves what they asked for."
        ),
    ),
    "available": Term(
        _("Available"),
        _("What the customer may still order on credit. Below zero new orders are held."),
        _("available = limit − exposure"),
    ),
    "binding": Term(
        _("Binding"),
        _(
            "Of all limits an order has to pass – the customer's, its group's, the selling unit's – the one that "
            "leaves the least room. That one binds."
        ),
    ),
    "cautious": Term(
        _("Cautious proposal"),
        _("The smallest of the limits that the models propose: by turnover, by net assets and by working capital."),
    ),
    "characteristic": Term(
        _("Characteristic analysis"),
        _(
            "A scorecard of 18 indicators in three groups: the customer's own, those of priority, and those of credit "
            "and finance. Its percent gives the grade CA1 to CA6."
        ),
    ),
    "class": Term(
        _("Class A, B, C"),
        _(
            "Customers ranked by expected value: the first 15 % are A, up to 35 % are B, the rest are C. "
            "A customer without expected value is not ranked."
        ),
    ),
    "confirmed": Term(
        _("Confirmed"),
        _(
            "Somebody has looked at a fact and said that it still holds. What nobody has confirmed for half a year is "
            "asked about again."
        ),
    ),
    "core": Term(
        _("Core customer"),
        _(
            "A customer with a large average yearly turnover over three years and a long relationship, the largest "
            "first up to a number the policy sets. All others are ordinary ones."
        ),
    ),
    "coverage": Term(
        _("Coverage"),
        _("The share of a scorecard's weight that could be scored. Below 60 % the result is NR, not rated."),
    ),
    "credit_period": Term(
        _("Credit period"),
        _("How many days after the invoice a customer has to pay. The due date follows from it."),
    ),
    "days_late": Term(
        _("Days late"),
        _("From the day an invoice was due to the day it was paid, or to today while it is open."),
    ),
    "dispute": Term(
        _("Dispute"),
        _(
            "A part of an invoice that the customer contests. It stays in the exposure and in the ageing, but does not "
            "hold orders."
        ),
    ),
    "dso": Term(
        _("DSO"),
        _("Days sales outstanding: how many days of sales are waiting to be paid."),
        _("DSO = open receivables ÷ invoiced in the last 365 days × 365"),
    ),
    "evaluation": Term(
        _("Yearly evaluation"),
        _(
            "How content the company is with a customer: performance 50, attitude 20, credit 20 and information 10 "
            "points. From 80 points on it is content."
        ),
    ),
    "expected_value": Term(
        _("Expected value"),
        _("What a customer is likely to bring in a year. It ranks the customers into A, B and C."),
        _(
            "existing customer: current business + additional volume × probability; "
            "potential customer: market potential × expected share × probability"
        ),
    ),
    "exposure": Term(
        _("Exposure"),
        _(
            "All that the company would lose if the customer stopped paying today, over the whole group and in the "
            "base currency."
        ),
        _("exposure = open invoices − unapplied payments + delivered, not invoiced + open orders and reservations"),
    ),
    "five_c": Term(
        _("5C"),
        _(
            "A scorecard of five dimensions – character, capacity, capital, collateral and conditions – with a result "
            "from AAA to C."
        ),
    ),
    "flag": Term(
        _("Flag"),
        _("A sign that something about a customer needs a look. It closes by itself when its cause is gone."),
    ),
    "freshness": Term(
        _("Report freshness"),
        _(
            "A credit report is valid for 3 to 12 months, by class and grade. It is expiring in its last 30 days and "
            "stale after them; a customer on credit without one is missing it."
        ),
    ),
    "grade": Term(
        _("Grade"),
        _(
            "How good a customer is for credit, from CA1 (excellent) to CA6 (very poor); NR means that too little is "
            "known. It comes from the latest characteristic analysis."
        ),
    ),
    "group": Term(
        _("Group"),
        _("Companies that belong together. They share one limit unless one of them has been given its own."),
    ),
    "headroom": Term(
        _("Headroom"),
        _("How much of a limit is left, also as a share of it; at zero or below no order passes."),
        _("headroom = available ÷ limit"),
    ),
    "hold": Term(
        _("Held order"),
        _(
            "An order that a check has stopped, with every reason that applies and what would clear it. "
            "It waits for a person, who releases or refuses it with a reason."
        ),
    ),
    "indirect": Term(
        _("Indirect customer"),
        _("A distributor's own customer. It is archived too, so that losing the distributor does not lose the market."),
    ),
    "limit": Term(
        _("Limit"),
        _(
            "Up to how much the company lets a customer owe. It is granted from a day to a day, usually for a year; "
            "once it has run out it grants nothing."
        ),
    ),
    "order_check": Term(
        _("Order check"),
        _("Asks before an order is accepted whether the limit has room for it. What passes is reserved at once."),
        _("passes when exposure + order ≤ limit"),
    ),
    "overdue": Term(
        _("Overdue"),
        _("Open invoices, or parts of them, whose due date has passed."),
    ),
    "punctuality": Term(
        _("Punctuality"),
        _("The share of invoices that were paid on the day they were due or before."),
    ),
    "reservation": Term(
        _("Reservation"),
        _(
            "The sum of an order that has passed its check. It counts as exposure for 30 days, or until the order "
            "arrives from the ERP."
        ),
    ),
    "review": Term(
        _("Limit review"),
        _(
            "A limit is looked at again 60 days before its end, and whenever the customer's name, ownership, capital, "
            "legal representative, grade or way of paying changes for the worse."
        ),
    ),
    "unapplied": Term(
        _("Unapplied payment"),
        _("Money that has come in and is not yet set against an invoice. It lowers the exposure."),
    ),
    "unit": Term(
        _("Selling unit"),
        _("A department or subsidiary that sells. It may have a part of a customer's limit to itself, a sub-limit."),
    ),
    "verified": Term(
        _("Verified"),
        _("Compared with the document it comes from, by a named person on a day."),
    ),
    "working_capital": Term(
        _("Working-capital model"),
        _("Proposes a share of the working assets as a limit; the weaker the ratios, the smaller the share."),
        _("working assets = (working capital + net assets) ÷ 2"),
    ),
}


def in_order(sought: str = "") -> list[tuple[str, Term]]:
    """The terms with `sought` in their name or meaning (all of them for nothing), as a dictionary of the reader's
    language has them: Chinese by pinyin.
    """
    found = [item for item in TERMS.items() if sought.casefold() in f"{item[1].name} {item[1].meaning}".casefold()]
    return sorted(found, key=lambda item: "".join(lazy_pinyin(str(item[1].name))).casefold())
