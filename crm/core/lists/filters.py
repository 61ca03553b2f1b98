"""Filters that lists of several apps share: some of a closed list, yes or no, an order with an arrow."""

from collections.abc import Mapping
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from crm.core.models import User
from crm.core.roles import Role, Scope

YES_NO = [("", _("any")), ("true", _("yes")), ("false", _("no"))]


class ManyValues(forms.SelectMultiple):
    """Several values, written `segment=A,B` or `segment=A&segment=B`."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        given = data.getlist(name) if isinstance(data, QueryDict) else [data[name]] if name in data else []
        return [part for value in given for part in str(value).split(",") if part]


class Fixed(list):
    """Choices that nobody changes: a filter set copies itself for every request, these stay what they are."""

    def __deepcopy__(self, memo: dict) -> "Fixed":
        return self


class AnyOf(django_filters.MultipleChoiceFilter):
    """One or more of a closed list; `none` stands for "not known"."""

    def __init__(self, choices: Any, *, none: Any = None, **kwargs: Any):
        unknown = {"null_label": none, "null_value": "none"} if none else {}
        super().__init__(choices=Fixed(choices), widget=ManyValues, distinct=False, **unknown, **kwargs)


@extend_schema_field(OpenApiTypes.BOOL)
class YesNo(django_filters.TypedChoiceFilter):
    """`true` or `false`, nothing else: a word that is neither is refused, not ignored."""

    def __init__(self, **kwargs: Any):
        super().__init__(choices=Fixed(YES_NO), coerce=lambda word: word == "true", **kwargs)


def owners(request: HttpRequest | None) -> QuerySet[User]:
    """The people a customer may belong to, as far as the reader may ask about others."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated and Role(user.role).scope == Scope.OWN:
        return User.objects.filter(pk=user.pk).only("username", "name")
    return User.objects.exclude(role=Role.CONNECTOR).only("username", "name")


def arrows(labels: Mapping[str, str | Promise]) -> list[tuple[str, str]]:
    """The orderings with their words, for a form: an arrow says which way."""
    return [pair for name, label in labels.items() for pair in ((name, f"{label} ↑"), (f"-{name}", f"{label} ↓"))]
