"""What has been learnt: people at the customer, visits, credit reports, statements, and what was confirmed when."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from archives.checklists import Answer, Question, offered
from archives.choices import CustomerStatus, DecisionRole, ReportKind, VisitKind
from archives.models import Confirmation, Contact, CreditReport, FinancialStatement, Visit
from crm.core.models import User
from crm.core.periods import add_months
from crm.demo.customers import Buyer, money
from crm.demo.names import person, phone
from crm.demo.notes import NEXT_STEPS, TITLES, note

KINDS = {VisitKind.SITE: 40, VisitKind.CALL: 32, VisitKind.MEETING: 10, VisitKind.LETTER: 8, VisitKind.CONFERENCE: 2,
         VisitKind.COMPLAINT: 4, VisitKind.COLLECTION: 4}  # fmt: skip
ROLES = (
    DecisionRole.DECIDES,
    DecisionRole.INFLUENCES,
    DecisionRole.PAYS,
    DecisionRole.USES,
    DecisionRole.USES,
    DecisionRole.OTHER,
)
SOURCES = {
    "zh-hans": ("远见征信", "启明商业调查", "自行调查"),
    "zh-hant": ("遠見徵信", "啟明商業徵信", "自行調查"),
    "en": ("Harbour Credit Bureau", "Meridian Ratings", "own inquiry"),
}
OPINIONS = {
    "zh-hans": ("经营正常，付款及时。", "规模稳定，负债偏高。", "近期有诉讼，建议关注。"),
    "zh-hant": ("營運正常，付款準時。", "規模穩定，負債偏高。", "近期有訴訟，建議留意。"),
    "en": (
        "Business as usual, pays on time.",
        "Stable, debt on the high side.",
        "Recent litigation, keep an eye on it.",
    ),
}
VISIT_DAYS = 540


def store(buyers: list[Buyer], rng: Random, today: date, officer: User, progress: Callable[[int], None]) -> None:
    """Everything below, for all customers."""
    contacts = store_contacts(buyers, rng, today)
    progress(1)
    store_visits(buyers, contacts, rng, today)
    progress(1)
    CreditReport.objects.bulk_create(report for buyer in buyers if (report := _report(buyer, rng, today, officer)))
    store_statements(buyers, rng, today)
    store_confirmations(buyers, rng, today)
    progress(1)


# --- People ---------------------------------------------------------------------------------------
def store_contacts(buyers: list[Buyer], rng: Random, today: date) -> dict[int, list[Contact]]:
    """One to six people per customer; all report to the first, who is written before them."""
    found = {buyer.customer.pk: _contacts(buyer, rng, today) for buyer in buyers if not buyer.showcase}
    Contact.objects.bulk_create(people[0] for people in found.values())
    Contact.objects.bulk_create(one for people in found.values() for one in people[1:])
    return found


def _contacts(buyer: Buyer, rng: Random, today: date) -> list[Contact]:
    head = _contact(buyer, 0, rng, today)
    many = 1 + (buyer.yearly > 200_000) + (buyer.yearly > 600_000) * 2 + (buyer.yearly > 3_000_000) * 2
    return [head, *(_contact(buyer, at, rng, today, reports_to=head) for at in range(1, rng.randint(1, many)))]


def _contact(buyer: Buyer, at: int, rng: Random, today: date, reports_to: Contact | None = None) -> Contact:
    birthday = today - timedelta(days=rng.randint(26 * 365, 61 * 365)) if rng.random() < 0.5 else None
    return Contact(
        customer=buyer.customer, name=buyer.customer.person_in_charge if at == 0 else person(rng, buyer.language),
        title=TITLES[buyer.language][at], phone=phone(rng, buyer.place), birthday=birthday,
        email=buyer.customer.email.replace("sales", f"p{at + 1}"), decision_role=ROLES[at], reports_to=reports_to,
    )  # fmt: skip


# --- Visits ---------------------------------------------------------------------------------------
def store_visits(buyers: list[Buyer], contacts: dict[int, list[Contact]], rng: Random, today: date) -> None:
    """About three notes per customer of the last year and a half, more for larger ones."""
    rows: list[Visit] = []
    for buyer in buyers:
        if buyer.showcase or buyer.customer.status == CustomerStatus.CLOSED:
            continue
        often = 2.1 + min(9.0, buyer.yearly / 600_000)
        days = sorted((rng.randint(1, VISIT_DAYS) for _ in range(round(rng.uniform(0.3, 1.9) * often))), reverse=True)
        rows += [_visit(buyer, contacts[buyer.customer.pk], days_ago, rng, today) for days_ago in days]
    Visit.objects.bulk_create(rows, batch_size=1_000)


def _visit(buyer: Buyer, people: list[Contact], days_ago: int, rng: Random, today: date) -> Visit:
    kind = _kind(buyer, rng)
    met = rng.sample(people, min(len(people), rng.randint(1, 2)))
    visit = Visit(
        customer=buyer.customer, client_id=random_uuid(rng), kind=kind, by=buyer.customer.owner,
        happened_at=office_hours(today - timedelta(days=days_ago), rng), people=[contact.name for contact in met],
        content=note(rng, buyer.language, kind, who=met[0].name, line=rng.choice(buyer.lines)),
        minutes=rng.choice((15, 20, 30, 45, 60, 90)), checklist=checklist(kind, rng),
    )  # fmt: skip
    if rng.random() < (0.8 if days_ago < 45 else 0.4):
        _next_step(visit, buyer, days_ago, rng, today)
    return visit


def _kind(buyer: Buyer, rng: Random) -> VisitKind:
    if buyer.customer.status == CustomerStatus.POTENTIAL and rng.random() < 0.5:
        return VisitKind.FIRST_CONTACT
    if buyer.habit == "very_late" and rng.random() < 0.3:
        return VisitKind.COLLECTION
    return rng.choices(list(KINDS), KINDS.values())[0]


def _next_step(visit: Visit, buyer: Buyer, days_ago: int, rng: Random, today: date) -> None:
    """What was agreed. Steps of earlier times are done, all but a few; those of these weeks are mostly open."""
    visit.next_step = rng.choice(NEXT_STEPS[buyer.language])
    visit.next_step_due = today - timedelta(days=days_ago) + timedelta(days=rng.choice((3, 7, 7, 14, 30)))
    overdue = (today - visit.next_step_due).days
    if overdue > 15 or (overdue > 0 and rng.random() < 0.6):
        visit.next_step_done_on = visit.next_step_due - timedelta(days=rng.randint(0, 2))


def checklist(kind: VisitKind, rng: Random) -> dict[str, bool | int]:
    """Answers to the kind's first checklist, a question or two left out; impressions hang together."""
    questions = offered(kind)[0].questions
    if len(offered(kind)) < 2 or rng.random() < 0.35:
        return {}
    usual = rng.randint(4, 9)
    return {question.code: _answer(question, usual, rng) for question in questions if rng.random() < 0.85}


def _answer(question: Question, usual: int, rng: Random) -> bool | int:
    if question.answer == Answer.IMPRESSION:
        return max(1, min(10, usual + rng.randint(-2, 2)))
    return (rng.random() < 0.85) != (question.code == "signs_of_trouble")


def random_uuid(rng: Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)


def office_hours(day: date, rng: Random) -> datetime:
    """Some quarter of an hour of the working day in China."""
    return datetime.combine(day, time(rng.randint(1, 8), rng.choice((0, 15, 30, 45))), UTC)


# --- Papers ---------------------------------------------------------------------------------------
def _report(buyer: Buyer, rng: Random, today: date, officer: User) -> CreditReport | None:
    """A report of any age – valid, expiring, stale – and none for the rest; the larger the customer the surer."""
    if buyer.told or not buyer.trades or rng.random() > 0.55 + min(0.4, buyer.yearly / 2_500_000):
        return None
    months = 3 if buyer.yearly > 1_500_000 else rng.choice((6, 12, 12))
    issued_on = today - timedelta(days=rng.randint(2, round(months * 30.4 * 1.35)))
    kind = rng.choices(list(ReportKind), (60, 20, 10, 10))[0]
    return CreditReport(
        customer=buyer.customer, kind=kind, source=rng.choice(SOURCES[buyer.language]), issued_on=issued_on,
        validity_months=months, valid_until=add_months(issued_on, months), grade=rng.choice(("", "A", "AA", "BB", "B")),
        opinion=rng.choices(OPINIONS[buyer.language], (70, 22, 8))[0], by=officer,
        price=Decimal(rng.choice((280, 380, 600, 980))) if kind == ReportKind.AGENCY else None,
        currency="CNY" if kind == ReportKind.AGENCY else "",
    )  # fmt: skip


def store_statements(buyers: list[Buyer], rng: Random, today: date) -> None:
    """Two or three years of the larger customers."""
    rows: list[FinancialStatement] = []
    for buyer in buyers:
        if buyer.showcase or not buyer.trades or buyer.yearly < 700_000 or rng.random() < 0.25:
            continue
        assets = buyer.yearly * rng.uniform(2.0, 5.0)
        for back in range(rng.randint(2, 3), 0, -1):
            rows.append(statement(buyer, date(today.year - back, 12, 31), assets * (1 + buyer.trend) ** -back, rng))
    FinancialStatement.objects.bulk_create(rows)


def statement(buyer: Buyer, period_end: date, assets: float, rng: Random) -> FinancialStatement:
    """Sums that fit one another: assets are liabilities and net assets, stock is part of what is current."""
    current, debt = assets * rng.uniform(0.45, 0.7), assets * rng.uniform(0.3, 0.68)
    revenue = assets * rng.uniform(0.8, 1.5)
    total, liabilities = buyer.own(assets), buyer.own(debt)
    return FinancialStatement(
        customer=buyer.customer, period_end=period_end, currency=buyer.currency, total_assets=total,
        current_assets=buyer.own(current), inventory=buyer.own(current * rng.uniform(0.2, 0.5)),
        total_liabilities=liabilities, current_liabilities=money(float(liabilities) * rng.uniform(0.6, 0.95)),
        net_assets=total - liabilities, gross_profit=buyer.own(revenue * rng.uniform(0.12, 0.3)),
        revenue=buyer.own(revenue), net_profit=buyer.own(revenue * rng.uniform(-0.02, 0.09)),
    )  # fmt: skip


def store_confirmations(buyers: list[Buyer], rng: Random, today: date) -> None:
    """Most archives were confirmed within the half-year, some longer ago, some never."""
    Confirmation.objects.bulk_create(
        Confirmation(
            customer=buyer.customer,
            layer=layer,
            on=today - timedelta(days=rng.randint(1, 230)),
            by=buyer.customer.owner,
        )
        for buyer in buyers
        for layer in ("basic", "operating")
        if not buyer.showcase and rng.random() < 0.62
    )
