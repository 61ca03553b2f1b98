"""Field types that every app shares."""

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

CENTS = 2


class MoneyField(models.DecimalField):
    """A sum of money with two digits; its currency stands beside it or is the customer's."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **{"max_digits": 20, "decimal_places": CENTS} | kwargs)


class CurrencyField(models.CharField):
    """An ISO 4217 code."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **{"max_length": 3, "validators": [CURRENCY_SHAPE]} | kwargs)


class TextChoice(models.CharField):
    """A CharField over a TextChoices class whose choices stay out of migrations: wording is not schema."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **{"max_length": 24} | kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("choices", None)
        return name, path, args, kwargs


CURRENCY_SHAPE = RegexValidator(r"^[A-Z]{3}\Z", _("A currency is three capital letters, for example CNY."))
