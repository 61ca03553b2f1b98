"""The customers: who they are, how they hang together, and – kept beside them – how they will behave in the ledger."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from archives.choices import Category, CustomerStatus, Ownership, Probability, Size
from archives.models import CreditProfile, Customer, ExpectedValueInputs, OperatingProfile, Standing
from archives.search import search_columns
from crm.core.models import User
from crm.demo.names import (
    ABROAD,
    BANKS,
    COMPETITORS,
    INDUSTRIES,
    MAINLAND,
    PAYMENT_METHODS,
    TAIWAN,
    TRANSPORT,
    CompanyName,
    CompanyNames,
    Place,
    address,
    authority,
    mail_name,
    person,
    phone,
    tax_number,
)
from crm.demo.people import Company

LINES = ("bearings", "drives", "pumps", "valves", "hydraulics", "seals", "couplings", "motors")
# What one unit is worth in CNY, roughly: the scale of a customer's figures in its own currency.
WORTH = {"CNY": 1.0, "TWD": 0.225, "USD": 7.1, "EUR": 7.9}
SMALLEST, LARGEST, STEEPNESS = 80_000, 55_000_000, 1.02
HABITS = {"punctual": 60, "late": 27, "very_late": 9, "disputing": 4}


def money(amount: float) -> Decimal:
    return Decimal(round(amount * 100)).scaleb(-2)


@dataclass
class Buyer:
    """A customer and what only its maker knows: yearly purchases in CNY, growth per year, habit of paying.

    `word` is the one that names its family. What is `told` and not drawn gets limits, scores and reports by hand, the
    `showcase` everything else, too.
    """

    customer: Customer
    place: Place
    yearly: float
    trend: float = 0.04
    habit: str = "punctual"
    credit_days: int = 60
    lines: tuple[str, ...] = LINES[:1]
    word: str = ""
    told: bool = False
    showcase: bool = False

    @property
    def language(self) -> str:
        return self.place.language

    @property
    def currency(self) -> str:
        return self.customer.currency

    @property
    def trades(self) -> bool:
        """Whether it buys from us itself: not before the first order, and not through a distributor."""
        return self.customer.status != CustomerStatus.POTENTIAL and self.customer.category != Category.INDIRECT

    def own(self, yuan: float) -> Decimal:
        """A sum thought of in CNY, in the customer's currency."""
        return money(yuan / WORTH[self.currency])


class Drawing:
    """Draws customers one after the other, each with a number and a name of its own."""

    def __init__(self, rng: Random, company: Company, today: date, *, count: int, taken: set[str]):
        self.rng, self.company, self.today = rng, company, today
        self.names = CompanyNames(rng)
        self.numbers = iter(_numbers(rng, count, taken))
        self.towns = dict(self._towns())

    def _towns(self) -> Iterator[tuple[User, list[Place]]]:
        served: dict[User, list[Place]] = {}
        for place in (*MAINLAND, *TAIWAN, *ABROAD):
            for owner in self.company.sellers_of(place):
                served.setdefault(owner, []).append(place)
        yield from served.items()

    def buyer(
        self, place: Place | None = None, owner: User | None = None, *, word: str = "", group: bool = False
    ) -> Buyer:
        """A customer of `owner` in `place`, each drawn where not given; `word` makes it one of a family."""
        owner = owner or self.rng.choice(list(self.towns))
        place = place or self.rng.choice(self.towns[owner])
        name = self.names.new(place, word=word, group=group)
        yearly = min(SMALLEST * self.rng.paretovariate(STEEPNESS), LARGEST)
        buyer = Buyer(self._customer(name, place, owner, yearly), place, yearly, word=name.word)
        self._character(buyer)
        return buyer

    def _character(self, buyer: Buyer) -> None:
        rng = self.rng
        buyer.trend = rng.gauss(0.03, 0.12)
        buyer.habit = rng.choices(list(HABITS), HABITS.values())[0]
        buyer.credit_days = rng.choice((30, 30, 45, 60, 60, 90))
        buyer.lines = tuple(rng.sample(LINES, 1 if buyer.yearly < 400_000 else rng.randint(2, 3)))
        buyer.customer.status = rng.choices(
            [CustomerStatus.ACTIVE, CustomerStatus.POTENTIAL, CustomerStatus.DORMANT, CustomerStatus.CLOSED],
            (82, 8, 7, 3),
        )[0]

    def _customer(self, name: CompanyName, place: Place, owner: User, yearly: float) -> Customer:
        rng, language = self.rng, place.language
        number = next(self.numbers)
        return Customer(
            number=number, name=name.name, short_name=name.short,
            currency=self._currency(place), region=self.company.regions[place.code],
            size=self._size(yearly), ownership=self._ownership(language), industry=rng.choice(INDUSTRIES[language]),
            category=rng.choice((Category.DIRECT, Category.DIRECT, Category.END_USER, Category.DEALER)),
            address=(seat := address(rng, place)), office_address=seat if rng.random() < 0.8 else address(rng, place),
            postcode=place.postcode, phone=phone(rng, place), email=f"sales@{mail_name(name, number)}.example",
            person_in_charge=person(rng, language), legal_representative=person(rng, language),
            bank_name=rng.choice(BANKS[language]), bank_account=f"{rng.randint(10**14, 10**15 - 1)}",
            tax_number=tax_number(rng, place), registration_number=f"{rng.randint(10**11, 10**12 - 1)}",
            business_scope=f"{name.short} – {rng.choice(INDUSTRIES[language])}", issuing_authority=authority(place),
            license_valid_until=self.today + timedelta(days=rng.randint(-60, 5000)),
            owner=owner, unit=owner.team.unit, related_since=self._since(),
        )  # fmt: skip

    def _currency(self, place: Place) -> str:
        if place.language == "en":
            return "EUR" if place.region == "DE" else "USD"
        return "TWD" if place.language == "zh-hant" else "CNY"

    def _size(self, yearly: float) -> str:
        steps = ((250_000, Size.MICRO), (900_000, Size.SMALL), (5_000_000, Size.MEDIUM))
        return next((size for limit, size in steps if yearly * self.rng.uniform(0.6, 1.6) < limit), Size.LARGE)

    def _ownership(self, language: str) -> str:
        if language == "en":
            return self.rng.choice((Ownership.PRIVATE, Ownership.LISTED, Ownership.FOREIGN))
        weights = {Ownership.PRIVATE: 66, Ownership.STATE: 8, Ownership.LISTED: 6, Ownership.JOINT_VENTURE: 6,
                   Ownership.COLLECTIVE: 5, Ownership.SOLE: 5, Ownership.FOREIGN: 4}  # fmt: skip
        return self.rng.choices(list(weights), weights.values())[0]

    def _since(self) -> date:
        days = self.rng.randint(45, 540) if self.rng.random() < 0.12 else self.rng.randint(540, 7000)
        return self.today - timedelta(days=days)


def _numbers(rng: Random, count: int, taken: set[str]) -> list[str]:
    """Enough customer numbers in no order, with gaps, as years of trade leave them."""
    free = [number for n in range(100_001, 100_300 + count * 3 // 2) if (number := f"C-{n}") not in taken]
    return rng.sample(free, len(free))


def draw(drawing: Drawing, count: int) -> list[Buyer]:
    """`count` customers: groups, distributors with whom they supply, and the many who stand alone."""
    buyers: list[Buyer] = []
    for family in _families(drawing, count):
        buyers += family
    buyers += [drawing.buyer() for _ in range(count - len(buyers))]
    _blacklist(drawing.rng, buyers, max(1, count // 250))
    for buyer in buyers:
        if buyer.customer.status == CustomerStatus.POTENTIAL:
            buyer.customer.related_since = None
    return buyers[:count]


def _families(drawing: Drawing, count: int) -> Iterator[list[Buyer]]:
    for _ in range(count // 50):
        yield _group(drawing)
    for _ in range(count // 80):
        yield _channel(drawing)


def _group(drawing: Drawing) -> list[Buyer]:
    """A group parent and one to four companies below it, which share its word and its credit."""
    root = drawing.buyer(group=True)
    root.customer.status = CustomerStatus.ACTIVE
    family = [drawing.buyer(owner=root.customer.owner, word=root.word) for _ in range(drawing.rng.randint(1, 4))]
    for member in family:
        member.customer.parent = root.customer
    return [root, *family]


def _channel(drawing: Drawing) -> list[Buyer]:
    """A distributor and the indirect customers that it supplies."""
    distributor = drawing.buyer()
    distributor.customer.category, distributor.customer.status = Category.DISTRIBUTOR, CustomerStatus.ACTIVE
    distributor.yearly = max(distributor.yearly, 1_200_000)
    return [distributor, *indirect(drawing, distributor.customer, drawing.rng.randint(3, 9))]


def indirect(drawing: Drawing, distributor: Customer, count: int) -> list[Buyer]:
    """Customers who buy from `distributor`: archived, so that losing it does not lose the market."""
    supplied = [drawing.buyer(owner=distributor.owner) for _ in range(count)]
    for buyer in supplied:
        buyer.customer.distributor, buyer.customer.category = distributor, Category.INDIRECT
        buyer.customer.status = CustomerStatus.ACTIVE
    return supplied


def _blacklist(rng: Random, buyers: list[Buyer], count: int) -> None:
    alone = [buyer for buyer in buyers if buyer.customer.status == CustomerStatus.ACTIVE and not _related(buyer)]
    for buyer in rng.sample(alone, min(count, len(alone))):
        buyer.customer.status, buyer.habit = CustomerStatus.BLACKLISTED, "very_late"


def _related(buyer: Buyer) -> bool:
    return bool(buyer.customer.parent or buyer.customer.distributor or buyer.customer.category == Category.DISTRIBUTOR)


# --- Writing them down ----------------------------------------------------------------------------
def store(buyers: list[Buyer], rng: Random, today: date, progress: Callable[[int], None]) -> None:
    """Parents and distributors before those who name them; then the layers of each."""
    customers = [buyer.customer for buyer in buyers]
    for customer in customers:
        names = {"name": customer.name, "short_name": customer.short_name, "phone": customer.phone}
        vars(customer).update(search_columns(**names))
    waiting = customers
    while waiting:
        Customer.objects.bulk_create([one for one in waiting if _may_follow(one)], batch_size=500)
        waiting = [one for one in waiting if one.pk is None]
    progress(len(customers))
    _store_layers(buyers, rng, today)


def _may_follow(customer: Customer) -> bool:
    """Whether everybody whom it names is stored."""
    return all(above is None or above.pk for above in (customer.parent, customer.distributor))


def _store_layers(buyers: list[Buyer], rng: Random, today: date) -> None:
    Standing.objects.bulk_create(Standing(customer=buyer.customer) for buyer in buyers)
    drawn = [buyer for buyer in buyers if not buyer.showcase]
    CreditProfile.objects.bulk_create(_credit_layer(buyer, rng, today) for buyer in drawn if rng.random() < 0.8)
    OperatingProfile.objects.bulk_create(_operating_layer(buyer, rng) for buyer in drawn if rng.random() < 0.65)
    inputs = (_expected_value(buyer, rng) for buyer in drawn)
    ExpectedValueInputs.objects.bulk_create(one for one in inputs if one)


def _credit_layer(buyer: Buyer, rng: Random, today: date) -> CreditProfile:
    capital = round(buyer.yearly * rng.uniform(0.3, 2.5) / WORTH[buyer.currency], -5) + 100_000
    return CreditProfile(
        customer=buyer.customer,
        registered_capital=money(capital),
        paid_in_capital=money(capital * rng.choice((1, 1, 1, 0.5, 0.3))),
        opened_on=(buyer.customer.related_since or today) - timedelta(days=rng.randint(300, 5000)),
        credit_period_days=buyer.credit_days,
        settlement_day=rng.choice((5, 10, 15, 20, 25)),
        payment_terms=f"N{buyer.credit_days}",
        payment_method=rng.choice(PAYMENT_METHODS[buyer.language]),
    )


def _operating_layer(buyer: Buyer, rng: Random) -> OperatingProfile:
    staff = max(2, round((buyer.yearly / 60_000) ** 0.8 * rng.uniform(0.6, 1.6)))
    return OperatingProfile(
        customer=buyer.customer,
        sales_staff=max(1, staff // 6),
        operating_staff=staff,
        trading_area=buyer.customer.region.name,
        floor_area_m2=money(staff * rng.randint(20, 45)),
        warehouse_area_m2=money(staff * rng.randint(6, 14)),
        transport=rng.choice(TRANSPORT[buyer.language]),
        delivery_address=buyer.customer.office_address,
        competing_products=rng.choice(COMPETITORS[buyer.language]),
    )


def _expected_value(buyer: Buyer, rng: Random) -> ExpectedValueInputs | None:
    """Potential and shares for those who may come to buy – not of all is it known –, more volume for some who do."""
    probability = rng.choice([*Probability.values, Probability.MEDIUM])
    if buyer.customer.status == CustomerStatus.POTENTIAL:
        share = Decimal(rng.randint(5, 45)).scaleb(-2) if rng.random() < 0.8 else None
        potential = buyer.own(round(buyer.yearly * rng.uniform(2, 5), -4))
        return ExpectedValueInputs(
            customer=buyer.customer, market_potential=potential, expected_share=share, probability=probability
        )
    if rng.random() > 0.4 or not buyer.trades:
        return None
    more = buyer.own(round(buyer.yearly * rng.uniform(0.05, 0.5), -3))
    return ExpectedValueInputs(customer=buyer.customer, expected_increase=more, probability=probability)
