"""Records for tests: each valid as it is, each field open to be set."""

from datetime import date, timedelta
from decimal import Decimal

import factory
from django.utils import timezone

from archives.models import CreditReport, Customer, Invoice, Order, Payment, SalesRecord, Standing
from archives.rules.freshness import valid_until
from archives.search import search_columns
from credit.models import CreditLimit
from crm.core.models import Region, ServiceToken, Team, Unit, User
from crm.core.roles import Role


class RegionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Region
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"R{n}")
    name = factory.LazyAttribute(lambda region: f"Region {region.code}")


class UnitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Unit
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"unit{n}")
    name = factory.LazyAttribute(lambda unit: f"Unit {unit.code}")


class TeamFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Team
        django_get_or_create = ("code",)

    code = factory.Sequence(lambda n: f"team{n}")
    name = factory.LazyAttribute(lambda team: f"Team {team.code}")


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        django_get_or_create = ("username",)

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.LazyAttribute(lambda user: user.username.title())
    role = Role.SALESPERSON


class CustomerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Customer
        skip_postgeneration_save = True

    number = factory.Sequence(lambda n: f"C-{n:06d}")
    name = factory.Sequence(lambda n: f"Precision Bearings No. {n} Ltd")
    currency = "CNY"

    @classmethod
    def _adjust_kwargs(cls, **kwargs):
        """Found by its name, as every customer that a command writes."""
        known = {name: kwargs.get(name, "") for name in ("name", "short_name", "former_names", "phone")}
        return search_columns(**known) | kwargs

    @factory.post_generation
    def standing(self, create, extracted, **kwargs):
        if create:
            Standing.objects.get_or_create(customer=self, defaults=kwargs)


class SalesRecordFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SalesRecord

    customer = factory.SubFactory(CustomerFactory)
    month = date(2026, 10, 1)
    currency = "CNY"
    amount = Decimal("100000.00")


class OrderFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Order

    customer = factory.SubFactory(CustomerFactory)
    number = factory.Sequence(lambda n: f"SO-{n:06d}")
    ordered_on = date(2026, 11, 1)
    currency = "CNY"
    amount = Decimal("1000.00")
    open_amount = factory.SelfAttribute("amount")


class InvoiceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Invoice

    customer = factory.SubFactory(CustomerFactory)
    number = factory.Sequence(lambda n: f"INV-{n:06d}")
    invoiced_on = date(2026, 11, 1)
    due_on = date(2026, 12, 1)
    currency = "CNY"
    amount = Decimal("1000.00")
    open_amount = factory.SelfAttribute("amount")


class PaymentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Payment

    customer = factory.SubFactory(CustomerFactory)
    number = factory.Sequence(lambda n: f"PAY-{n:06d}")
    paid_on = date(2026, 11, 10)
    currency = "CNY"
    amount = Decimal("1000.00")


class CreditLimitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CreditLimit

    customer = factory.SubFactory(CustomerFactory)
    amount = Decimal("1000000.00")
    valid_from = date(2026, 4, 1)
    valid_until = date(2027, 3, 31)


def token_for(user: User, *scopes: str) -> str:
    """A usable token's secret for the service account `user`."""
    secret, stored = ServiceToken.mint()
    expires_at = timezone.now() + timedelta(days=30)
    ServiceToken.objects.create(account=user, scopes=list(scopes), expires_at=expires_at, **stored)
    return secret


class CreditReportFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = CreditReport

    customer = factory.SubFactory(CustomerFactory)
    kind = "agency"
    source = "Sinosure"
    issued_on = date(2026, 9, 1)
    validity_months = 12
    valid_until = factory.LazyAttribute(lambda report: valid_until(report.issued_on, report.validity_months))
    by = factory.SubFactory(UserFactory)
