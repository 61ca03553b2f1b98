"""The two scorecards that come with the program: codes, weights and bands as data, and the words for them."""

from datetime import date
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

FIVE_C = "5c"
CHARACTERISTIC = "characteristic"
PUBLISHED_ON = date(2026, 1, 1)


class Words(NamedTuple):
    """What people read for a code: its name, and in one line what to look at."""

    label: str | Promise
    help: str | Promise = ""


def _group(code: str, **weights: int) -> dict[str, Any]:
    return {"code": code, "indicators": [{"code": name, "weight": weight} for name, weight in weights.items()]}


def _bands(**lowest: int) -> list[dict[str, Any]]:
    return [{"from": percent, "grade": grade} for grade, percent in lowest.items()]


DEFINITIONS: dict[str, dict[str, Any]] = {
    CHARACTERISTIC: {
        "groups": [
            _group(
                "own",
                product_and_market=4,
                outward_impression=2,
                operating_condition=4,
                organisation_and_management=3,
                market_competitiveness=4,
                prospects=3,
            ),
            _group(
                "priority",
                trading_margin=4,
                guarantee_conditions=4,
                replaceability=2,
                product_demands=2,
                market_attractiveness=3,
                market_competition=3,
            ),
            _group(
                "credit_and_financial",
                payment_record=10,
                bank_credit=7,
                profitability=7,
                total_capital=6,
                balance_sheet=7,
                solvency=5,
            ),
        ],
        "bands": _bands(CA1=86, CA2=61, CA3=46, CA4=31, CA5=16, CA6=0),
    },
    FIVE_C: {
        "groups": [
            _group("character", punctuality=15, reputation=15),
            _group("capacity", liquidity=10, turnover=8, management=7),
            _group("capital", real_capital=8, debt_ratio=6, current_asset_ratio=6),
            _group("collateral", assets_offered=15),
            _group("conditions", economy=4, region_and_policy=3, industry=3),
        ],
        "bands": _bands(AAA=90, AA=80, A=70, BBB=60, BB=50, B=40, C=0),
    },
}

KINDS = {
    CHARACTERISTIC: Words(
        _("Characteristic analysis"), _("18 indicators in three groups; it gives the grade CA1 to CA6.")
    ),
    FIVE_C: Words(_("5C"), _("Character, capacity, capital, collateral and conditions; it gives AAA to C.")),
}

# The keys of the glossary that explain what a scorecard gives.
TERMS = {CHARACTERISTIC: ("characteristic", "grade"), FIVE_C: ("five_c",)}

GROUPS = {
    "own": Words(_("Own characteristics"), _("What the customer is and how it stands in its market.")),
    "priority": Words(_("Priority characteristics"), _("How much this customer matters to us.")),
    "credit_and_financial": Words(_("Credit and financial"), _("Whether it pays, and what it pays from.")),
    "character": Words(_("Character"), _("Will they pay?")),
    "capacity": Words(_("Capacity"), _("Can they pay?")),
    "capital": Words(_("Capital"), _("The general financial condition.")),
    "collateral": Words(_("Collateral"), _("Assets offered as security.")),
    "conditions": Words(_("Conditions"), _("Economy, region and policy, industry.")),
}

INDICATORS = {
    "product_and_market": Words(_("Product and market"), _("Good products for which there is a steady market.")),
    "outward_impression": Words(_("Outward impression"), _("Premises, papers and manners of a sound business.")),
    "operating_condition": Words(_("Operating condition"), _("Capacity in use, stock in order, deliveries on time.")),
    "organisation_and_management": Words(
        _("Organisation and management"), _("Experienced managers, clear duties, little turnover of staff.")
    ),
    "market_competitiveness": Words(_("Market competitiveness"), _("Its share and position against its competitors.")),
    "prospects": Words(_("Prospects"), _("Where the business will stand in three years.")),
    "trading_margin": Words(_("Trading margin"), _("What we earn on its orders.")),
    "guarantee_conditions": Words(_("Guarantees"), _("Guarantees, insurance or retention of title that we hold.")),
    "replaceability": Words(_("Replaceability"), _("How hard it would be for the customer to buy elsewhere.")),
    "product_demands": Words(_("Demands on the product"), _("Few special demands on quality, packing and delivery.")),
    "market_attractiveness": Words(
        _("Attractiveness for our market"), _("What the name of this customer opens for us.")
    ),
    "market_competition": Words(_("Competition for the customer"), _("How few others offer it the same.")),
    "payment_record": Words(_("Payment record"), _("Paid in full and on the day, with us and with others.")),
    "bank_credit": Words(_("Bank credit"), _("Lines open, standing with the bank, no account frozen.")),
    "profitability": Words(_("Profitability"), _("Margins and return of the last years against the industry.")),
    "total_capital": Words(_("Capital"), _("Paid-in capital and net assets against what it buys.")),
    "balance_sheet": Words(_("Balance sheet"), _("Debt, stock and receivables in a sound relation.")),
    "solvency": Words(_("Solvency"), _("Current and quick ratio, cash against debt that falls due.")),
    "punctuality": Words(_("Punctuality"), _("Pays on the day, with us and with others.")),
    "reputation": Words(_("Reputation"), _("What peers, banks and courts know of it and its owners.")),
    "liquidity": Words(_("Liquidity"), _("Current and quick ratio, cash in hand.")),
    "turnover": Words(pgettext_lazy("capacity", "Turnover"), _("How fast stock and receivables turn into money.")),
    "management": Words(_("Management"), _("Experience and success of those who run it.")),
    "real_capital": Words(_("Real capital"), _("Capital that is paid in and still there.")),
    "debt_ratio": Words(_("Debt ratio"), _("Total liabilities against net assets.")),
    "current_asset_ratio": Words(_("Current assets"), _("The part of the assets that can soon be turned into money.")),
    "assets_offered": Words(
        _("Assets offered"), _("Value of mortgages, pledges and guarantees, and how fast to realise.")
    ),
    "economy": Words(_("Economy"), _("The general course of business.")),
    "region_and_policy": Words(_("Region and policy"), _("The place, and what its authorities support or restrain.")),
    "industry": Words(_("Industry"), _("Whether its industry grows or shrinks.")),
}


def kind_words(code: str) -> Words:
    """The words for a kind of scorecard; a company's own shows its code."""
    return KINDS.get(code, Words(code))


def group_words(code: str) -> Words:
    return GROUPS.get(code, Words(code))


def indicator_words(code: str) -> Words:
    return INDICATORS.get(code, Words(code))


def publish_missing(scorecards: Any) -> None:
    """Publish version 1 of each scorecard that is not there yet; what a company has stays. For migrations and tests."""
    for kind, definition in DEFINITIONS.items():
        scorecards.objects.get_or_create(
            kind=kind,
            version=1,
            defaults={"state": "published", "definition": definition, "published_on": PUBLISHED_ON},
        )
