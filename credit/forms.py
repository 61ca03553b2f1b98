"""The shapes of what people send from the pages of credit; whether it may happen is asked by the commands."""

import re
from decimal import Decimal

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.core.currencies import CURRENCIES
from crm.core.models import ExchangeRate, Unit


class MoneyInput(forms.NumberInput):
    """A box for a sum; on a phone it opens the keyboard with digits."""

    input_type = "text"

    def __init__(self):
        super().__init__({"class": "form-control", "inputmode": "decimal", "autocomplete": "off"})


class MoneyField(forms.DecimalField):
    """A sum with two digits; groups of three may be set off by commas, as people copy them."""

    GROUPED = re.compile(r"^\d{1,3}(,\d{3})+(\.\d*)?$")

    def __init__(self, **kwargs):
        super().__init__(widget=MoneyInput(), max_digits=18, decimal_places=2, min_value=Decimal("0.01"), **kwargs)

    def to_python(self, value):
        text = str(value or "").strip()
        return super().to_python(text.replace(",", "") if self.GROUPED.match(text) else text)


class CurrencyField(forms.ChoiceField):
    """One of the currencies that have a rate."""

    widget = forms.Select(attrs={"class": "form-select"})

    def __init__(self, **kwargs):
        super().__init__(choices=rated_currencies, label=_("Currency"), **kwargs)


def rated_currencies() -> list[tuple[str, str]]:
    known = set(ExchangeRate.objects.values_list("currency", flat=True)) & CURRENCIES
    return [(code, code) for code in [settings.BASE_CURRENCY, *sorted(known - {settings.BASE_CURRENCY})]]


def words(label: str, *, required: bool = True, rows: int = 3) -> forms.CharField:
    area = forms.Textarea(attrs={"class": "form-control", "rows": rows})
    return forms.CharField(label=label, required=required, max_length=2_000, widget=area)


def number(label: str, *, least: int, most: int, **kwargs) -> forms.IntegerField:
    box = forms.NumberInput(attrs={"class": "form-control", "inputmode": "numeric"})
    return forms.IntegerField(label=label, min_value=least, max_value=most, widget=box, **kwargs)


class ApplicationForm(forms.Form):
    amount = MoneyField(label=_("Limit asked for"))
    currency = CurrencyField()
    months = number(_("For months"), least=1, most=36, initial=12)
    credit_period_days = number(_("Credit period, days"), least=0, most=720, required=False)
    reason = words(_("Reason"), rows=4)


class CommentForm(forms.Form):
    comment = words(_("Your words"))


class ApprovalForm(forms.Form):
    """`amount` in the currency of the application; empty for the whole sum."""

    amount = MoneyField(label=_("Amount"), required=False)
    comment = words(_("Comment"), required=False, rows=2)


class HoldForm(forms.Form):
    reason = words(_("Reason"), rows=2)


class WhatIfForm(forms.Form):
    amount = MoneyField(label=_("Order of"))
    currency = CurrencyField()
    unit = forms.ModelChoiceField(
        Unit.objects.all(),
        to_field_name="code",
        required=False,
        label=_("Selling unit"),
        empty_label="–",
        widget=forms.Select(attrs={"class": "form-select"}),
    )
