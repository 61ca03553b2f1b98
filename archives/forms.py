"""Forms of the archive's pages. What a value may be is the parsers' affair: page and program hear the same sentence."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core import signing
from django.db.models import Q, QuerySet
from django.forms.models import fields_for_model
from django.utils.translation import gettext_lazy as _

from archives.choices import DocumentKind, FieldOwner, VisitKind
from archives.layers import LAYERS, Layer
from archives.models import Contact, CreditReport, Customer, VisitPlan
from archives.parsing import BadRow, parse_customer
from archives.queries.ownership import Place, keepers, locked_fields, locked_in
from archives.queries.raw import NATURAL_KEYS, item_of, plain, raw_of
from archives.rules.customers import locked_for
from crm.core.errors import Refused
from crm.core.forms import styled
from crm.core.models import User
from crm.core.roles import Can, Role

BY_NUMBER = ("parent", "distributor")
WIDGETS = {
    forms.DateField: lambda: forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    forms.DecimalField: lambda: forms.TextInput(attrs={"inputmode": "decimal"}),
}


def dressed(field: forms.Field) -> forms.Field:
    """The field with the widget that our pages give it."""
    if make := WIDGETS.get(type(field)):
        field.widget = make()
        field.localize = False
    if isinstance(field.widget, forms.Textarea):
        field.widget.attrs["rows"] = 3
    field.label = str(field.label)[:1].upper() + str(field.label)[1:]
    return styled(field)


class LayerForm(forms.Form):
    """The fields of one layer, what they held when the form was opened, and why they are changed."""

    number = forms.CharField(label=_("Customer number"), max_length=32)
    opened = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(
        label=_("Why"), required=False, max_length=300, help_text=_("Kept with the change in the history.")
    )

    def __init__(self, *args: Any, layer: Layer, customer: Customer | None, user: User, **kwargs: Any):
        self.layer, self.customer = layer, customer
        now = (
            raw_of(layer.of(customer), layer) if customer else {"currency": settings.BASE_CURRENCY, "status": "active"}
        )
        initial = now | {"opened": signing.dumps(now)} | (kwargs.pop("initial", None) or {})
        super().__init__(*args, initial=initial, **kwargs)
        self.fields |= {name: self._field(name) for name in layer.fields}
        self.now = now
        for name in self._closed(user):
            del self.fields[name]
        for name, why in locked_in(layer, locked_fields(customer, user)).items():
            self._lock(name, why)
        for field in self.fields.values():
            dressed(field)

    def _field(self, name: str) -> forms.Field:
        """The form's field for a model's; other customers are named by number, for there may be 100,000 of them."""
        field = self.layer.model._meta.get_field(name)
        if name in BY_NUMBER:
            return forms.CharField(
                label=field.verbose_name, required=False, max_length=32, help_text=_("by customer number")
            )
        found = fields_for_model(self.layer.model, fields=[name])[name]
        if name in NATURAL_KEYS:
            found.to_field_name = NATURAL_KEYS[name]
        if name == "owner":
            found.queryset = User.objects.filter(is_active=True).exclude(role="connector").order_by("name")
        return found

    def _closed(self, user: User) -> list[str]:
        """What this person may not set here: the number once there is one, owner and group without the right to."""
        closed = locked_for(user) | ({"number"} if self.customer else set())
        return [name for name in self.fields if name in closed]

    def _lock(self, name: str, why: str) -> None:
        """Shown and not changed: somebody else keeps it."""
        if name in self.fields:
            self.fields[name].disabled, self.fields[name].required = True, False
            self.fields[name].help_text = why

    def clean(self) -> dict[str, Any]:
        """What the parsers say of each field, in the place of the field."""
        cleaned = super().clean()
        row = parse_customer(self._as_item(self.typed))
        for error in row.errors if isinstance(row, BadRow) else []:
            name = error.pointer.rsplit("/", 1)[-1]
            if name in self.fields and name not in self.errors:
                self.add_error(name, error.detail)
        return cleaned

    @property
    def typed(self) -> dict[str, Any]:
        """What was typed, as the REST interface would have it."""
        open_fields = {name for name, field in self.fields.items() if not field.disabled}
        shown = [name for name in self.layer.fields if name in open_fields and name in self.cleaned_data]
        return {name: plain(self.layer.model, name, self.cleaned_data[name]) for name in shown}

    @property
    def original(self) -> dict[str, Any]:
        """What the fields held when the form was opened; what they hold now, if that cannot be told."""
        try:
            return signing.loads(self.cleaned_data.get("opened", ""))
        except signing.BadSignature:
            return self.now

    def reopen(self) -> None:
        """Take what is stored now as what the form was opened with, so that saving again is meant."""
        self.data = self.data.copy()
        self.data["opened"] = signing.dumps(self.now)

    def _as_item(self, values: Mapping[str, Any]) -> dict[str, Any]:
        number = self.customer.number if self.customer else self.cleaned_data.get("number") or ""
        return item_of(number, self.layer, values)

    @property
    def grouped(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings."""
        first, *others = self.layer.groups
        groups = [(first.title, ("number", *first.fields)), *((group.title, group.fields) for group in others)]
        return [(title, [self[name] for name in names if name in self.fields]) for title, names in groups]


class FactForm(LayerForm):
    """One field of a layer, edited where it stands."""

    def __init__(self, *args: Any, name: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields = {kept: field for kept, field in self.fields.items() if kept in (name, "opened")}
        self.name = name
        if self.bound:
            self.bound.field.widget.attrs |= {"autofocus": True}

    @property
    def bound(self) -> forms.BoundField | None:
        """The field; None where this person may not set it."""
        may_set = self.name in self.fields and not self.fields[self.name].disabled
        return self[self.name] if may_set else None


class KeepersForm(forms.Form):
    """Who keeps each field of the customer: a choice for each, grouped by layer."""

    def __init__(self, *args: Any, **kwargs: Any):
        programs = list(User.objects.filter(role=Role.CONNECTOR, is_active=True).order_by("username"))
        self.kept = keepers()
        super().__init__(*args, **kwargs)
        for layer in LAYERS.values():
            for name in layer.fields:
                self.fields[f"{layer.code}.{name}"] = self._field(layer, name, programs)

    def _field(self, layer: Layer, name: str, programs: list[User]) -> forms.Field:
        keeper = self.kept.get((layer.code, name))
        field = forms.TypedChoiceField(
            label=layer.model._meta.get_field(name).verbose_name,
            choices=[
                *((FieldOwner.SHARED, FieldOwner.SHARED.label), (FieldOwner.DOSSIER, FieldOwner.DOSSIER.label)),
                (FieldOwner.ERP, _("any ERP")),
                *((f"erp:{program.pk}", program.name or program.username) for program in programs),
            ],
            coerce=choice_of,
            empty_value=None,
            required=False,  # so that fifty labels have no star; `clean` wants them all the same
            initial=written(keeper.owner, keeper.account) if keeper else FieldOwner.SHARED,
        )
        return dressed(field)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name in [name for name, choice in cleaned.items() if choice is None]:
            self.add_error(name, _("Choose who keeps this field."))
        return cleaned

    @property
    def choices(self) -> dict[Place, tuple[FieldOwner, int | None]]:
        return {tuple(name.split(".")): choice for name, choice in self.cleaned_data.items()}

    @property
    def grouped(self) -> list[tuple[Layer, int, list[forms.BoundField]]]:
        """The layers with how many of their fields are kept, and the fields."""
        kept = [layer for layer, _name in self.kept]
        return [
            (layer, kept.count(layer.code), [self[f"{layer.code}.{name}"] for name in layer.fields])
            for layer in LAYERS.values()
        ]


def choice_of(word: str) -> tuple[FieldOwner, int | None]:
    """`erp:7` is the service account 7; the other words are who keeps the field."""
    owner, _colon, account = word.partition(":")
    return FieldOwner(owner), int(account) if account else None


def written(owner: FieldOwner, account: int | None) -> str:
    return f"{owner.value}:{account}" if account else owner.value


class ContactForm(forms.ModelForm):
    """A person at the customer; reports to somebody else of the same customer."""

    class Meta:
        model = Contact
        fields = ("name", "title", "phone", "email", "decision_role", "reports_to", "birthday", "left_on")

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any):
        super().__init__(*args, **kwargs)
        others = Contact.objects.filter(customer=customer, left_on=None).exclude(pk=self.instance.pk)
        self.fields["reports_to"].queryset = others
        for field in self.fields.values():
            dressed(field)


class ReportForm(forms.ModelForm):
    """A credit report; without a validity the customer's class decides it."""

    class Meta:
        model = CreditReport
        fields = ("kind", "source", "issued_on", "validity_months", "grade", "price", "opinion")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["validity_months"].required = False
        self.fields["validity_months"].help_text = _("3 to 12; empty: by the customer's class")
        for field in self.fields.values():
            dressed(field)

    def _post_clean(self) -> None:
        """The command decides the validity and asks the rule; the model's constraints come after it."""


class DocumentForm(forms.Form):
    file = forms.FileField(label=_("File"))
    kind = forms.ChoiceField(label=_("Kind"), choices=DocumentKind.choices, initial=DocumentKind.OTHER)
    title = forms.CharField(label=_("Title"), required=False, max_length=200)
    number = forms.CharField(label=_("Number"), required=False, max_length=64)
    valid_until = forms.DateField(label=_("Valid until"), required=False)


class VisitPlanForm(forms.Form):
    """When, how and what for; for whom only where somebody plans for others."""

    day = forms.DateField(label=_("Day"))
    kind = forms.ChoiceField(label=_("Kind"), choices=VisitKind.choices, initial=VisitKind.SITE)
    purpose = forms.CharField(label=_("Purpose"), required=False, max_length=200)
    person = forms.ModelChoiceField(label=_("Who goes"), queryset=User.objects.none(), to_field_name="username")

    def __init__(self, *args: Any, customer: Customer, user: User, plan: VisitPlan | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if plan is None and user.may(Can.ASSIGN):
            self.fields["person"].queryset = goers(customer, user)
        else:
            del self.fields["person"]
        for field in self.fields.values():
            dressed(field)

    def carried_out(self, deed: Callable[[], VisitPlan]) -> VisitPlan | None:
        """What the deed made; None, with the sentence beside its field, when it is refused."""
        try:
            return deed()
        except Refused as refusal:
            for name, sentence in getattr(refusal, "errors", {"day": str(refusal)}).items():
                self.add_error(name, sentence)
            return None


def goers(customer: Customer, user: User) -> QuerySet[User]:
    """Who may be sent to a customer: oneself, its owner, the people of one's team."""
    near = Q(pk__in=[user.pk, customer.owner_id or user.pk]) | Q(team=user.team, team__isnull=False)
    people = User.objects.filter(near, is_active=True).exclude(role=Role.CONNECTOR)
    return people.order_by("name")


class SeveralFiles(forms.FileField):
    """Any number of files in one input."""

    widget = type("SeveralFilesInput", (forms.ClearableFileInput,), {"allow_multiple_selected": True})

    def clean(self, data: Any, initial: Any = None) -> list:
        return [super(SeveralFiles, self).clean(file, initial) for file in data or []]


class PhotoForm(forms.Form):
    """One photo of a visit note, with the name that the phone gave it."""

    photo_id = forms.UUIDField()
    file = forms.FileField()


class VisitForm(forms.Form):
    """The shape of a visit note; what it must say is the rule's affair. Checklist answers come as check-<code>."""

    client_id = forms.UUIDField(required=False)
    kind = forms.ChoiceField(choices=VisitKind.choices)
    happened_at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])
    content = forms.CharField(required=False, max_length=20_000)
    others = forms.CharField(required=False, max_length=400)
    minutes = forms.IntegerField(required=False, min_value=0)
    next_step = forms.CharField(required=False, max_length=200)
    next_step_due = forms.DateField(required=False)
    files = SeveralFiles(required=False)
    plan = forms.IntegerField(required=False, min_value=1)

    def people(self) -> list[str]:
        """Everybody who was there: those ticked, and those written down, by comma."""
        ticked = [name[:80] for name in self.data.getlist("people")]
        written = re.split(r"[,，、;；]", self.cleaned_data["others"])
        return [*ticked, *(name.strip()[:80] for name in written if name.strip())]

    def checklist(self) -> dict[str, Any]:
        """The answers given: impressions as whole numbers, yes and no as they are."""
        prefix = "check-"
        given = {key[len(prefix) :]: value for key, value in self.data.items() if key.startswith(prefix) and value}
        return {code: int(value) if value.isdecimal() else value for code, value in given.items()}


class HandOverForm(forms.Form):
    """To whom many customers go."""

    to = forms.ModelChoiceField(queryset=User.objects.none(), label=_("New owner"), empty_label=_("Choose a person"))

    def __init__(self, *args: Any, by: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        sellers = User.objects.filter(is_active=True, role__in=(Role.SALESPERSON, Role.SALES_MANAGER))
        self.fields["to"].queryset = sellers.order_by("name")
        dressed(self.fields["to"])

    @property
    def params(self) -> dict[str, Any]:
        return {"to": self.cleaned_data["to"].pk}


class PlanManyForm(forms.Form):
    """The day and the purpose of many visits."""

    day = forms.DateField(label=_("Day"))
    purpose = forms.CharField(label=_("What for"), required=False, max_length=200)

    def __init__(self, *args: Any, by: User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            dressed(field)

    @property
    def params(self) -> dict[str, Any]:
        return {"day": self.cleaned_data["day"].isoformat(), "purpose": self.cleaned_data["purpose"]}
