"""The demonstration, loaded phase by phase in one transaction: killed half-way, it leaves nothing behind."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random

import pghistory
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from archives.models import Customer
from credit.commands.standings import refresh_standings
from crm.core.models import Job
from crm.demo import (
    changes,
    credit,
    customers,
    judgements,
    knowledge,
    notices,
    papers,
    people,
    plans,
    showcase,
    syncing,
    trade,
)
from crm.pipelines import run_night

SEED = "dossier"
Progress = Callable[[object, int, int], None]


@dataclass
class Phase:
    """One line of the progress bar: how far the work that it names has come."""

    name: object
    total: int
    show: Progress
    done: int = 0

    def __enter__(self) -> Callable[[int], None]:
        self.show(self.name, 0, self.total)
        return self.step

    def step(self, count: int) -> None:
        """Totals are estimates; only the end of the phase fills the bar."""
        self.done = min(self.total - 1, self.done + count)
        self.show(self.name, self.done, self.total)

    def __exit__(self, *trouble: object) -> None:
        if trouble[0] is None:
            self.show(self.name, self.total, self.total)


class Loading:
    """Everything that the phases hand on to one another."""

    def __init__(self, count: int, today: date, show: Progress):
        self.count, self.today, self.show = count, today, show

    def phase(self, name: object, total: int) -> Phase:
        return Phase(name, total, self.show)

    @staticmethod
    def rng(phase: str) -> Random:
        """Its own stream of chance for each phase: a change in one leaves the others as they were."""
        return Random(f"{SEED}:{phase}")

    @transaction.atomic
    def run(self) -> None:
        for store in (
            self.found_company,
            self.store_customers,
            self.store_trade,
            self.store_knowledge,
            self.store_judgements,
            self.pass_the_night,
            self.decide,
        ):
            store()
            # Foreign keys are checked now, not all at the end: a long queue of checks slows down every trigger.
            connection.check_constraints()
            _gather_statistics()

    def found_company(self) -> None:
        with self.phase(_("People, teams, regions"), 1):
            self.company = people.found()
            self.people = self.company.people
            credit.store_rates(self.today)

    def store_customers(self) -> None:
        rng = self.rng("customers")
        with self.phase(_("Customers"), self.count) as step, pghistory.context(user=self.people["erp"].pk):
            drawing = customers.Drawing(rng, self.company, self.today, count=self.count, taken=showcase.NUMBERS)
            self.told = showcase.Showcase(drawing)
            drawn = customers.draw(drawing, max(0, self.count - len(self.told.buyers)))
            self.buyers = [*self.told.buyers, *drawn]
            customers.store(self.buyers, rng, self.today, step)
            showcase.store_layers(self.told)

    def store_trade(self) -> None:
        rng, ledger = self.rng("trade"), trade.Ledger(self.today)
        with self.phase(_("Monthly sales"), 40 * self.count) as step:
            bought = trade.store_sales(self.buyers, rng, self.today, step)
        with self.phase(_("Orders, invoices, payments"), 40 * self.count) as step:
            trade.keep_books(ledger, self.buyers, bought, rng)
            showcase.store_trade(self.told, ledger)
            ledger.store(step)

    def store_knowledge(self) -> None:
        rng, officer = self.rng("knowledge"), self.people["officer"]
        with self.phase(_("Contacts, visits, reports"), 4) as step:
            knowledge.store(self.buyers, rng, self.today, officer, step)
            showcase.store_knowledge(self.told, rng, officer)
            papers.store(self.told.flagship.customer, self.people["seller"], self.today)
            changes.store(self.buyers, self.told, self.people["erp"], self.rng("changes"), self.today)
            plans.store(self.buyers, self.people, self.rng("plans"), self.today)

    def store_judgements(self) -> None:
        with self.phase(_("Limits and assessments"), self.count // 2) as step:
            credit.store_limits(self.buyers, self.told, self.rng("limits"), self.today)
            credit.check_flagship(self.told, self.people["erp"], self.today)
            refresh_standings(list(Customer.objects.values_list("pk", flat=True)), today=self.today)
            judgements.store_showcase(self.told.by_number, self.today, self.people["officer"])
            judgements.store(self.buyers, self.rng("judgements"), self.today, self.people["officer"], step)

    def pass_the_night(self) -> None:
        with self.phase(_("The night: flags, ranking, limits, notices"), 4) as step:
            for job in run_night(self.today, by=None, progress=lambda job: step(1)):
                _refuse_failed(job)
            notices.leave_some_unread()

    def decide(self) -> None:
        rng = self.rng("decisions")
        with self.phase(_("Applications and order checks"), 2) as step:
            credit.store_checks(self.people["erp"], rng, self.today)
            step(1)
            credit.store_applications(self.buyers, self.told, self.people, self.today)
            syncing.store(self.people["erp"], self.today)


def load(count: int, today: date, show: Progress) -> None:
    """`count` customers and all that hangs on them, as of `today`."""
    Loading(count, today, show).run()


def _gather_statistics() -> None:
    """Tell the planner of the rows that came in this very transaction, of which it knows nothing by itself.

    Of our own tables alone: others of the server are shared by its databases, and loads into two would wait for each
    other until they end.
    """
    with connection.cursor() as cursor:
        tables = map(connection.ops.quote_name, connection.introspection.django_table_names(only_existing=True))
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def _refuse_failed(job: Job) -> None:
    if job.state != Job.State.DONE:
        raise RuntimeError(f"{job.kind}: {job.words}")
