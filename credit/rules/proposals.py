"""What three models would grant, with their workings. The smallest is the cautious proposal. Base currency."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from crm.core.money import cents

DAYS_OF_A_MONTH = 30
USUAL_PERIOD_DAYS = 30
GRADE_FACTOR = {
    "CA1": Decimal("1.5"),
    "CA2": Decimal("1.2"),
    "CA3": Decimal("1.0"),
    "CA4": Decimal("0.5"),
    "CA5": Decimal("0.2"),
    "CA6": Decimal("0"),
    "NR": Decimal("0.3"),
}
NET_ASSETS_PERCENT = {
    "CA1": Decimal(20),
    "CA2": Decimal(15),
    "CA3": Decimal(10),
    "CA4": Decimal(5),
    "CA5": Decimal(2),
    "CA6": Decimal(0),
    "NR": Decimal(3),
}
# Working-capital model: up to this z, that percent of the working assets; above the last, HIGHEST_PERCENT.
Z_BANDS = [
    (Decimal("-4.6"), Decimal("0")),
    (Decimal("-3.9"), Decimal("2.5")),
    (Decimal("-3.2"), Decimal("5")),
    (Decimal("-2.5"), Decimal("7.5")),
    (Decimal("-1.8"), Decimal("10")),
    (Decimal("-1.1"), Decimal("12.5")),
    (Decimal("-0.4"), Decimal("15")),
    (Decimal("0.3"), Decimal("17.5")),
    (Decimal("0.9"), Decimal("20")),
]
HIGHEST_PERCENT = Decimal("25")


@dataclass(frozen=True)
class Figures:
    """A financial statement in the base currency, as far as the models need it."""

    current_assets: Decimal
    inventory: Decimal
    current_liabilities: Decimal
    total_liabilities: Decimal
    net_assets: Decimal


@dataclass(frozen=True)
class Proposal:
    """What one model gives; `amount` is None where the archive does not hold what it needs."""

    model: str
    amount: Decimal | None
    workings: dict[str, Decimal] = field(default_factory=dict)


def by_turnover(average_monthly_sales: Decimal | None, credit_period_days: int | None, grade: str | None) -> Proposal:
    """Average monthly sales × credit period in months of 30 days × factor of the grade. Who pays at once needs none."""
    if average_monthly_sales is None:
        return Proposal("turnover", None)
    days = USUAL_PERIOD_DAYS if credit_period_days is None else credit_period_days
    months = Decimal(days) / DAYS_OF_A_MONTH
    factor = GRADE_FACTOR[grade or "NR"]
    amount = cents(max(average_monthly_sales, Decimal(0)) * months * factor)
    return Proposal("turnover", amount, {"average": average_monthly_sales, "months": months, "factor": factor})


def by_net_assets(figures: Figures | None, grade: str | None) -> Proposal:
    """A percentage of the net assets, by grade; nothing when they are negative."""
    if figures is None:
        return Proposal("net_assets", None)
    percent = NET_ASSETS_PERCENT[grade or "NR"]
    amount = cents(max(figures.net_assets, Decimal(0)) * percent / 100)
    return Proposal("net_assets", amount, {"percent": percent, "base": figures.net_assets})


def by_working_capital(figures: Figures | None) -> Proposal:
    """The working-capital model: a share of (working capital + net assets) / 2 that grows with z."""
    if figures is None:
        return Proposal("working_capital", None)
    working_assets = (figures.current_assets - figures.current_liabilities + figures.net_assets) / 2
    z = z_value(figures)
    percent = percent_at(z, figures)
    amount = cents(max(working_assets, Decimal(0)) * percent / 100)
    workings = {"percent": percent, "base": cents(working_assets)} | ({} if z is None else {"z": cents(z)})
    return Proposal("working_capital", amount, workings)


def z_value(figures: Figures) -> Decimal | None:
    """Current ratio + quick ratio − current liabilities / net assets − total liabilities / net assets.

    None where a ratio has no meaning: without current liabilities, or without positive net assets.
    """
    owed, own = figures.current_liabilities, figures.net_assets
    if owed <= 0 or own <= 0:
        return None
    quick_assets = figures.current_assets - figures.inventory
    return (figures.current_assets + quick_assets) / owed - (owed + figures.total_liabilities) / own


def percent_at(z: Decimal | None, figures: Figures) -> Decimal:
    """The percent for z. Without positive net assets nothing; without current liabilities the highest band."""
    if z is None:
        return HIGHEST_PERCENT if figures.net_assets > 0 else Decimal(0)
    return next((percent for ceiling, percent in Z_BANDS if z <= ceiling), HIGHEST_PERCENT)


def cautious(proposals: Iterable[Proposal]) -> Decimal | None:
    """The smallest of the proposals that could be worked out."""
    return min((proposal.amount for proposal in proposals if proposal.amount is not None), default=None)
