"""What changed, for those who follow from outside: one row for each change, written by the database itself."""

from collections.abc import Iterable

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .fields import TextChoice


class Change(models.Model):
    """A record was created, updated or deleted. Written by triggers in the transaction of the change, bulk or by hand.

    Its `position` is given once that transaction has committed (`crm.core.feed`): who reads by position misses nothing.
    """

    class Action(models.TextChoices):
        CREATED = "created", pgettext_lazy("records", "created")
        UPDATED = "updated", pgettext_lazy("records", "updated")
        DELETED = "deleted", _("deleted")

    position = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=24)
    key = models.CharField(max_length=200, help_text=_("what the record is called from outside: its number or id"))
    customer_id = models.BigIntegerField(null=True)
    customer = models.CharField(max_length=32, null=True)  # noqa: DJ001 – unknown once the customer is gone
    action = TextChoice(choices=Action.choices)
    fields = ArrayField(models.CharField(max_length=64), default=list)
    data = models.JSONField(default=dict, help_text=_("what the record said then, where later readers need it"))
    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("change")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["position"], condition=~Q(position=None), name="change_position_once")
        ]
        indexes = [models.Index(fields=["id"], condition=Q(position=None), name="change_without_position")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} {self.action}"


class FeedMark(models.Model):
    """How far something has come along the feed: what has a position, what is forgotten, what webhooks were told."""

    name = models.CharField(primary_key=True, max_length=20)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.position}"


NOTE = """
INSERT INTO core_change (kind, key, customer_id, customer, action, fields, data, at, by_id)
SELECT '{kind}', {key}, {customer}, {number}, '{action}', {fields}, {data}, clock_timestamp(), doer
  FROM {rows} AS record {joined} {where};
RETURN NULL;
"""
# A full join is never a nested loop, whatever number of rows the session's first plan was made for.
COMPARED = """(
    SELECT after.*, array_remove(ARRAY[{cases}]::text[], NULL) AS changed_fields
      FROM before FULL JOIN after ON after.{pk} = before.{pk}
)"""
REFERENCES = {
    "created": {"new": "after"},
    "updated": {"old": "before", "new": "after"},
    "deleted": {"old": "before"},
}
OPERATIONS = {"created": pgtrigger.Insert, "updated": pgtrigger.Update, "deleted": pgtrigger.Delete}
AT_THE_START = [
    ("doer", "bigint := nullif(current_setting('pghistory.context_metadata', true), '')::jsonb ->> 'user'"),
]


NEVER_TOLD = ("created_at", "updated_at", "source_version", "search_text", "search_grams")


class ChangeTrigger(pgtrigger.Trigger):
    """Notes one kind of change of a table's rows, all rows of a statement at once. See `tell_changes`."""

    level, when, declare = pgtrigger.Statement, pgtrigger.After, AT_THE_START

    def __init__(self, kind: str, action: str, *, key: str, part: str, only: Iterable[str], but: Iterable[str], tells):
        self.kind, self.action, self.key, self.part, self.tells = kind, action, key, part, tells
        self.only, self.but = set(only), set(but)
        super().__init__(
            name=f"told_{part or kind}_{action}",
            operation=OPERATIONS[action],
            referencing=pgtrigger.Referencing(**REFERENCES[action]),
        )

    def get_func(self, model: type[models.Model]) -> str:
        is_update = self.action == "updated"
        return NOTE.format(
            kind=self.kind,
            key=self.key.format(number=self._of_customer(model)["number"]),
            action="updated" if self.part else self.action,
            fields="record.changed_fields" if is_update else self._whole(),
            data=self._data(model),
            rows=self._compared(model) if is_update else "before" if self.action == "deleted" else "after",
            where="WHERE record.changed_fields <> '{}'" if is_update else "",
            **self._of_customer(model),
        )

    def _of_customer(self, model: type[models.Model]) -> dict[str, str]:
        """Where id and number of the customer stand: in the row itself, or behind its reference."""
        if "customer" not in {field.name for field in model._meta.fields}:
            return {"customer": "record.id", "number": "record.number", "joined": ""}
        table = model._meta.get_field("customer").remote_field.model._meta.db_table
        joined = f"LEFT JOIN {table} AS customer ON customer.id = record.customer_id"
        return {"customer": "record.customer_id", "number": "customer.number", "joined": joined}

    def _whole(self) -> str:
        return f"ARRAY['{self.part}']::text[]" if self.part else "'{}'::text[]"

    def _compared(self, model: type[models.Model]) -> str:
        cases = ", ".join(
            f'CASE WHEN before."{field.column}" IS DISTINCT FROM after."{field.column}" THEN {self._name(field)} END'
            for field in self._watched(model)
        )
        return COMPARED.format(cases=cases, pk=model._meta.pk.column)

    def _watched(self, model: type[models.Model]) -> list[models.Field]:
        """The columns whose change is a change."""
        fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        return [field for field in fields if field.name not in self.but and (not self.only or field.name in self.only)]

    def _name(self, field: models.Field) -> str:
        return f"'{self.part}.{field.name}'" if self.part else f"'{field.name}'"

    def _data(self, model: type[models.Model]) -> str:
        """The told columns as JSON: sums and days as text, as everywhere in the interface."""
        if not self.tells or self.part:
            return "'{}'::jsonb"
        fields = [model._meta.get_field(name) for name in self.tells]
        return f"jsonb_build_object({', '.join(map(_as_json, fields))})"


def _as_json(field: models.Field) -> str:
    as_text = "::text" if isinstance(field, models.DecimalField | models.DateField) else ""
    return f"'{field.name}', record.\"{field.column}\"{as_text}"


def tell_changes(
    model: type[models.Model],
    kind: str,
    *,
    key: str = "record.id::text",
    part: str = "",
    only: Iterable[str] = (),
    but: Iterable[str] = (),
    tells: Iterable[str] = (),
) -> None:
    """Have the rows of `model` told in the change feed as `kind`, by triggers that migrations then install.

    `key` is SQL over `record` and `{number}`, the customer's number. `only` and `but` choose the columns whose change
    is a change; an update without any tells nothing. `tells` are columns whose values go along. `part` says that a row
    is a part of that kind of record and not a record of its own: its coming and going is an update.
    """
    how = {"key": key, "part": part, "only": only, "but": {*NEVER_TOLD, *but}, "tells": list(tells)}
    for action in ["updated"] if only else OPERATIONS:
        ChangeTrigger(kind, action, **how).register(model)
