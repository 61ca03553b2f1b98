from django.core.management.base import BaseCommand, CommandError

from crm.core import health


class Command(BaseCommand):
    help = (
        "Tell whether the worker or beat has given a sign of life within the last minute; for container health checks."
    )

    def add_arguments(self, parser):
        parser.add_argument("name", choices=["worker", "beat"])

    def handle(self, *, name, **options):
        finding = health.CHECKS[name]()
        if not finding.ok:
            raise CommandError(finding.detail)
        self.stdout.write(finding.detail)
