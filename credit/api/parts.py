"""What the doors of credit share: finding what the caller sees, and units that exist."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from archives.models import Customer
from crm.core.models import Unit, User


class UnitCode(serializers.SlugRelatedField):
    """A selling unit by its code."""

    default_error_messages = {"does_not_exist": _("There is no selling unit {value}.")}

    def __init__(self, **kwargs: Any):
        super().__init__(slug_field="code", queryset=Unit.objects.all(), **kwargs)


def customer_seen(number: str, user: User) -> Customer:
    """The customer of that number; 404 when there is none, or none that `user` may see."""
    return get_object_or_404(Customer.objects.visible_to(user).select_related("standing", "owner"), number=number)
