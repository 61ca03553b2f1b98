"""What the doors of credit share: finding what the caller sees, currencies and units that exist."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from archives.models import Customer
from crm.core.currencies import CURRENCIES
from crm.core.models import Unit, User


@extend_schema_field({"type": "string", "pattern": "^[A-Z]{3}$", "example": "CNY"})
class Currency(serializers.CharField):
    """An ISO 4217 code in use."""

    default_error_messages = {"unknown": _("There is no such currency. Write an ISO 4217 code, for example CNY.")}

    def to_internal_value(self, data: Any) -> str:
        code = super().to_internal_value(data)
        if code not in CURRENCIES:
            self.fail("unknown")
        return code


class UnitCode(serializers.SlugRelatedField):
    """A selling unit by its code."""

    default_error_messages = {"does_not_exist": _("There is no selling unit {value}.")}

    def __init__(self, **kwargs: Any):
        super().__init__(slug_field="code", queryset=Unit.objects.all(), **kwargs)


def customer_seen(number: str, user: User) -> Customer:
    """The customer of that number; 404 when there is none, or none that `user` may see."""
    return get_object_or_404(Customer.objects.visible_to(user).select_related("standing", "owner"), number=number)
