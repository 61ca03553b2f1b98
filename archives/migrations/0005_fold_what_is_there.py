"""What the search keeps beside the rows that are there already: in chunks that commit, and may be run again."""

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from django.db import migrations, models, transaction

from archives.search import search_columns, text_columns, with_former

CHUNK = 2_000
NAMES = ("name", "short_name")
SEARCHED: dict[str, Callable[[Any], dict[str, list[str]]]] = {
    "Contact": lambda row: {"names": [row.name], "texts": [row.title, row.email], "phones": [row.phone]},
    "Visit": lambda row: {"names": [str(one) for one in row.people], "texts": [row.content, row.next_step]},
    "Document": lambda row: {"texts": [row.title], "numbers": [row.number]},
}


def chunks_of(model: type[models.Model]) -> Iterator[list]:
    """All rows by key, the next ones read after the ones before are written."""
    rows = list(model.objects.order_by("pk")[:CHUNK])
    while rows:
        yield rows
        rows = list(model.objects.filter(pk__gt=rows[-1].pk).order_by("pk")[:CHUNK])


def write(schema_editor, model: type[models.Model], found: dict[Any, dict[str, str]]) -> None:
    """One statement a chunk. Its history trigger compares rows: hashed, not each with every other."""
    table, names = model._meta.db_table, list(next(iter(found.values())))
    told = [{model._meta.pk.attname: pk} | columns for pk, columns in found.items()]
    changes = ", ".join(f"{name} = told.{name}" for name in names)
    with transaction.atomic(schema_editor.connection.alias), schema_editor.connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(
            f"UPDATE {table} AS stored SET {changes} FROM json_populate_recordset(NULL::{table}, %s) AS told"
            " WHERE stored.id = told.id",
            [orjson.dumps(told, default=str).decode()],
        )


def fold_records(apps, schema_editor) -> None:
    for name, words in SEARCHED.items():
        model = apps.get_model("archives", name)
        for rows in chunks_of(model):
            write(schema_editor, model, {row.pk: text_columns(**words(row)) for row in rows})


def fold_customers(apps, schema_editor) -> None:
    model, event = apps.get_model("archives", "Customer"), apps.get_model("archives", "CustomerEvent")
    for rows in chunks_of(model):
        borne = event.objects.filter(pgh_obj_id__in=[row.pk for row in rows]).order_by("pgh_id")
        history: dict[int, list[tuple[str, str]]] = {}
        for pk, *names in borne.values_list("pgh_obj_id", *NAMES).iterator():
            history.setdefault(pk, []).append(tuple(names))
        write(schema_editor, model, {row.pk: columns_of(row, history.get(row.pk, [])) for row in rows})


def columns_of(row: Any, history: list[tuple[str, str]]) -> dict[str, str]:
    former = ""
    for left in history:
        former = with_former(former, left=left, borne=[row.name, row.short_name])
    found = search_columns(name=row.name, short_name=row.short_name, former_names=former, phone=row.phone)
    return {"former_names": former} | found


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("archives", "0004_search_columns")]

    operations = [
        migrations.RunPython(fold_customers, migrations.RunPython.noop),
        migrations.RunPython(fold_records, migrations.RunPython.noop),
    ]
