"""Forms of the house's own pages: they check the shape, the commands decide."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_ipv46_address
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from crm.core.currencies import CURRENCIES
from crm.core.models import Policy, User, Webhook
from crm.core.roles import TOKEN_SCOPES, Role
from crm.core.webhooks.events import EVENTS

LONGEST_TOKEN = timedelta(days=730)


CLASS_OF = {
    forms.Select: "form-select",
    forms.CheckboxInput: "form-check-input",
    forms.CheckboxSelectMultiple: "form-check-input",
}
NOTHING = "–"  # where Django draws nine hyphens


def styled(field: forms.Field) -> forms.Field:
    """The field with the class of the page; no choice at all is a dash, as in the lists."""
    field.widget.attrs.setdefault("class", CLASS_OF.get(type(field.widget), "form-control"))
    if isinstance(field, forms.ModelChoiceField):
        field.empty_label = field.empty_label and NOTHING
    elif isinstance(field.widget, forms.Select):
        field.choices = [(value, label if value else label and NOTHING) for value, label in field.choices]
    return field


class Styled:
    """Mixed into a form: its fields look as those of every page."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            styled(field)


class PreferencesForm(Styled, forms.ModelForm):
    """How the pages look to oneself."""

    class Meta:
        model = User
        fields = ["language", "theme", "density"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("as the browser asks")), *User._meta.get_field("language").choices]


class PersonForm(Styled, forms.ModelForm):
    """A person, as the administrator enters them. Service accounts are made with their tokens."""

    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    class Meta:
        model = User
        fields = ["username", "name", "email", "role", "team", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [choice for choice in Role.choices if choice[0] != Role.CONNECTOR]
        self.fields["is_active"].label = _("May sign in")
        if self.instance.pk:
            self.fields["password"].help_text = _("Leave empty to keep the present one.")
        else:
            self.fields["password"].required = True

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if password:
            validate_password(password, User(username=self.data.get("username", ""), name=self.data.get("name", "")))
        return password


class AddressesField(forms.CharField):
    """Addresses with spaces, commas or lines between them."""

    def clean(self, value: Any) -> list[str]:
        addresses = super().clean(value).replace(",", " ").split()
        for address in addresses:
            try:
                validate_ipv46_address(address)
            except ValidationError as failure:
                raise ValidationError(_("%(address)s is not an address."), params={"address": address}) from failure
        return addresses


class TokenForm(Styled, forms.Form):
    """A new token: for which account, for what, how long and from where."""

    name = forms.RegexField(
        r"^[\w.@+-]+\Z",
        label=_("Service account"),
        max_length=64,
        help_text=_("For example erp. It is made when missing."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=[(scope, scope) for scope in TOKEN_SCOPES],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Write includes read."),
    )
    days = forms.IntegerField(label=_("Valid for days"), min_value=1, max_value=LONGEST_TOKEN.days, initial=90)
    addresses = AddressesField(
        label=_("Allowed addresses"), required=False, help_text=_("Empty: from everywhere. Otherwise IP addresses.")
    )


class WebhookForm(Styled, forms.Form):
    """Who is called, where and for what. Of a webhook that is there, the account stays."""

    account = forms.ModelChoiceField(
        User.objects.filter(role=Role.CONNECTOR, is_active=True),
        label=_("Service account"),
        to_field_name="username",
        empty_label=None,
        help_text=_("It hears what its tokens may read."),
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("A public address that answers by https with 2xx within 15 seconds."),
    )
    events = forms.MultipleChoiceField(
        label=_("Events"), choices=[(event, event) for event in EVENTS], widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, webhook: Webhook | None = None, **kwargs: Any):
        stored = {"url": webhook.url, "events": webhook.events} if webhook else {}
        super().__init__(*args, initial=stored, **kwargs)
        if webhook:
            del self.fields["account"]


PERCENTS = (
    *("share_a", "share_ab", "probability_high", "probability_medium", "probability_low", "coverage_needed"),
    "release_tolerance",
)
# The heads of the page of the policy, with the words of the glossary that explain them, and the fields below.
POLICY_GROUPS = [
    (
        _("Credit reports and confirmations"),
        ["freshness", "confirmed"],
        [
            "report_months_core",
            "report_months_b",
            "report_months_other",
            "report_months_risky",
            "report_expiring_days",
            "archive_confirm_days",
        ],
    ),
    (
        _("Limits and who may grant them"),
        ["limit", "authority", "review", "application"],
        ["authority_officer", "authority_manager", "limit_review_days", "decide_within_days"],
    ),
    (
        _("Order checks"),
        ["overdue", "hold", "reservation"],
        ["overdue_block_days", "reservation_days", "release_tolerance", "check_report"],
    ),
    (
        _("Classification"),
        ["class", "expected_value", "core"],
        [
            "share_a",
            "share_ab",
            "probability_high",
            "probability_medium",
            "probability_low",
            "core_turnover",
            "core_years",
            "core_cap",
        ],
    ),
    (_("Scoring"), ["assessment", "grade", "coverage"], ["grading_scorecard", "coverage_needed"]),
    (_("Visits"), [], ["visit_days_a", "visit_days_b", "visit_days_other", "manager_visit_days"]),
]


class PolicyForm(Styled, forms.ModelForm):
    """The company's numbers; `scorecards` are the kinds that may give the grade, with their words."""

    grading_scorecard = forms.ChoiceField(label=capfirst(Policy._meta.get_field("grading_scorecard").verbose_name))

    class Meta:
        model = Policy
        fields = [name for _head, _terms, names in POLICY_GROUPS for name in names]

    def __init__(self, *args: Any, scorecards: list[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["grading_scorecard"].choices = scorecards

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        self._refuse_disorder("share_a", "share_ab", _("A and B together cannot be less than A."))
        self._refuse_disorder(
            "authority_officer", "authority_manager", _("A manager's authority begins where an officer's ends.")
        )
        self._refuse_disorder("probability_low", "probability_medium", _("Medium cannot be less than low."))
        self._refuse_disorder("probability_medium", "probability_high", _("High cannot be less than medium."))
        for name in PERCENTS:
            if not 0 <= (values.get(name) or 0) <= 100:
                self.add_error(name, _("A percentage lies between 0 and 100."))
        return values

    def _refuse_disorder(self, lower: str, upper: str, sentence: str) -> None:
        low, high = self.cleaned_data.get(lower), self.cleaned_data.get(upper)
        if low is not None and high is not None and low > high:
            self.add_error(upper, sentence)

    def groups(self) -> list[tuple[str, list[str], list[forms.BoundField]]]:
        """The heads of the page, the keys of the terms that explain each, and the fields below it."""
        return [(str(head), terms, [self[name] for name in names]) for head, terms, names in POLICY_GROUPS]


class ExchangeRateForm(Styled, forms.Form):
    """One rate: what a unit of a currency is worth in the base currency from a day on."""

    currency = forms.CharField(label=_("Currency"), max_length=3)
    valid_from = forms.DateField(
        label=_("Valid from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    rate = forms.DecimalField(label=_("Rate"), max_digits=18, decimal_places=8, min_value=Decimal("0.00000001"))

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].upper()
        if currency not in CURRENCIES or currency == settings.BASE_CURRENCY:
            raise ValidationError(_("Choose a currency of ISO 4217 other than the base currency, for example USD."))
        return currency
