"""`manage.py load_demo`: fill an empty archive with the demonstration."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from archives.models import Customer
from crm.demo.loading import load

BAR_WIDTH = 30


class Command(BaseCommand):
    help = "Load demonstration data into an empty archive: 2,000 customers of a machine-parts company."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=int, default=2_000, help="how many customers (at least 40)")
        parser.add_argument("--today", type=date.fromisoformat, default=None, help="the day it plays on, YYYY-MM-DD")

    def handle(self, *args: Any, customers: int, today: date | None, **options: Any) -> None:
        if Customer.objects.exists():
            raise CommandError(_("There are customers already. Demonstration data goes into an empty archive only."))
        if customers < 40:
            raise CommandError(_("The demonstration needs at least 40 customers."))
        load(customers, today or localdate(), self.show)

    def show(self, phase: object, done: int, total: int) -> None:
        """One line per phase on stderr, filling up; where nobody watches, only its end."""
        finished = done >= total
        if not (finished or self.stderr.isatty()):
            return
        full = BAR_WIDTH * done // total if total else BAR_WIDTH
        line = f"{'█' * full}{'·' * (BAR_WIDTH - full)} {100 * done // max(total, 1):3d} %  {phase}"
        self.stderr.write(line, style_func=str, ending="\n" if finished else "\r")
