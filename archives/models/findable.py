"""What the program keeps beside a record so that a search finds it."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models

from archives.search import split_tokens, text_columns

from .customer import OfCustomerQuerySet


class FoldedField(models.TextField):
    """A column of `text_columns`, worked out of the record's `search_words()` whenever it is written: by `save()` and
    by `bulk_create()`. Who writes past them – raw SQL, `update()` of a searched field – writes this as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"editable": False, "default": "", "db_default": ""} | kwargs)

    def deconstruct(self) -> tuple:
        """For migrations a column of text: old ones must not need what works it out today."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = text_columns(**model_instance.search_words())[self.attname]
        setattr(model_instance, self.attname, value)
        return value


class Findable(models.Model):
    """A record of a customer's that is found by its words."""

    search_text = FoldedField()
    search_grams = FoldedField()

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        abstract = True

    def search_words(self) -> dict[str, list[str]]:
        """The arguments of `text_columns`."""
        raise NotImplementedError


def tokens_index(name: str) -> GinIndex:
    """Without fastupdate a search never waits for the pending list of a large sync."""
    return GinIndex(split_tokens(), name=name, fastupdate=False)
