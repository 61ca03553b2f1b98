"""`manage.py create_token NAME --scope customers:write …`: a program's way in, its secret on the last line."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_ipv46_address
from django.utils import timezone

from crm.core.commands import create_token
from crm.core.errors import Refused
from crm.core.forms import LONGEST_TOKEN


class Command(BaseCommand):
    help = "Make a token for the service account NAME. The secret is printed once, as the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the service account; it is made when missing")
        parser.add_argument("--scope", action="append", default=[], help="for example customers:write; may be repeated")
        parser.add_argument("--days", type=int, default=90, help="how long the token is valid (90)")
        parser.add_argument(
            "--address", action="append", default=[], help="an IP address it may come from; may be repeated"
        )

    def handle(self, *, name: str, scope: list[str], days: int, address: list[str], **options) -> None:
        self._check(days, address)
        expires_at = timezone.now() + timedelta(days=days)
        try:
            token, secret = create_token(name, by=None, scopes=scope, expires_at=expires_at, addresses=address)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stderr.write(f"{token.account} may now {', '.join(token.scopes)} until {expires_at:%Y-%m-%d}. Keep this:")
        self.stdout.write(secret)

    def _check(self, days: int, addresses: list[str]) -> None:
        if not 1 <= days <= LONGEST_TOKEN.days:
            raise CommandError(f"--days must lie between 1 and {LONGEST_TOKEN.days}.")
        for address in addresses:
            try:
                validate_ipv46_address(address)
            except ValidationError as failure:
                raise CommandError(f"--address: {address} is not an IP address.") from failure
