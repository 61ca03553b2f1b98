"""`manage.py nightly [--today 2026-11-21]`: the chain of the night, here and now, without a broker."""

from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.core.models import Job
from crm.pipelines import run_night


class Command(BaseCommand):
    help = "Flags reports, ranks customers, reviews limits and sends notices. Run twice, it changes nothing more."

    def add_arguments(self, parser):
        parser.add_argument("--today", type=self._day, default=None, help="the day to stand on, YYYY-MM-DD")

    def handle(self, *, today: date | None = None, **options):
        chain = run_night(today or timezone.localdate(), by=None, progress=self._tell)
        if any(job.state != Job.State.DONE for job in chain):
            raise CommandError("The night did not end well; see the messages above.")

    def _tell(self, job: Job) -> None:
        progress = f"{job.done}/{job.total} {job.words} {job.result or ''}"
        self.stdout.write(f"{job.kind:<18} {job.state:<10} {progress}".rstrip())

    @staticmethod
    def _day(text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError as failure:
            raise CommandError(f"{text!r} is not a day. Write it YYYY-MM-DD, for example 2026-11-21.") from failure
