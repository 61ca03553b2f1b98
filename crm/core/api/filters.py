"""Filters that refuse what they do not know, and pages by key: no offset, no exact total."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext as _
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from crm.core.api.formats import DAY, INSTANT, MONTH, Day, Instant, Month
from crm.core.errors import Invalid
from crm.core.keyset import COUNT_CAP_OF_PROGRAMS, capped_count, page_of

PAGE_WORDS = {"cursor", "page_size", "count"}


def refuse_unknown_parameters(given, known: set[str]) -> None:
    """400 that names every query parameter this list does not know."""
    unknown = {
        name: [ErrorDetail(_("There is no such parameter here."), code="unknown_parameter")]
        for name in given
        if name not in known
    }
    if unknown:
        raise ValidationError(unknown)


class InstantField(IsoDateTimeField):
    """An instant with its offset: without one nobody knows which is meant."""

    def to_python(self, value):
        if value and not INSTANT.match(value):
            raise forms.ValidationError(Instant.default_error_messages["invalid"], code="invalid")
        return super().to_python(value)


class InstantFilter(django_filters.IsoDateTimeFilter):
    field_class = InstantField


class WholeFilter(django_filters.NumberFilter):
    """A whole number: half a year is no year."""

    field_class = forms.IntegerField


class DayField(forms.DateField):
    """A day as `YYYY-MM-DD`, in no language's own way."""

    def to_python(self, value):
        if value and not DAY.match(str(value)):
            raise forms.ValidationError(Day.default_error_messages["invalid"], code="invalid")
        return super().to_python(value)


class DayFilter(django_filters.DateFilter):
    field_class = DayField


class MonthField(forms.Field):
    """A month as `YYYY-MM`, held as its first day."""

    def to_python(self, value):
        if value in self.empty_values:
            return None
        if not MONTH.match(str(value)):
            raise forms.ValidationError(Month.default_error_messages["invalid"], code="invalid")
        return date.fromisoformat(f"{value}-01")


@extend_schema_field({"type": "string", "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])$", "example": "2026-11"})
class MonthFilter(django_filters.Filter):
    field_class = MonthField


class StrictFilterSet(django_filters.FilterSet):
    """A FilterSet for page, export and API alike; `known` are all names it answers to.

    `sparse`: only the filters that `data` names are made, since an answer without their form needs no others.
    """

    def __init__(self, data: Mapping[str, Any] | None = None, *args: Any, sparse: bool = False, **kwargs: Any):
        if sparse:
            self.base_filters = {name: one for name, one in self.base_filters.items() if name in (data or ())}
        super().__init__(data, *args, **kwargs)

    @property
    def known(self) -> set[str]:
        return set(type(self).base_filters)

    def refuse(self, *, also: Iterable[str] = ()) -> None:
        """For pages: Invalid, with a sentence for people, when a name or a value says nothing to this list."""
        if unknown := set(self.data) - self.known - set(also):
            sentence = _('This list cannot be narrowed by "%(name)s".')
            raise Invalid({name: sentence % {"name": name} for name in sorted(unknown)}, code="unknown_parameter")
        if not self.is_valid():
            raise Invalid({name: f"{self.form[name].label}: {errors[0]}" for name, errors in self.errors.items()})


class StrictFilterBackend(DjangoFilterBackend):
    """Filters by the view's `filterset_class` and refuses every other parameter."""

    def get_filterset_kwargs(self, request, queryset, view):
        return super().get_filterset_kwargs(request, queryset, view) | {"sparse": True}

    def filter_queryset(self, request, queryset, view):
        filterset = self.get_filterset(request, queryset, view)
        known = filterset.known if filterset is not None else set()
        refuse_unknown_parameters(request.query_params, known | PAGE_WORDS)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            raise ValidationError(_details(filterset.errors))
        return filterset.qs


def _details(errors) -> dict:
    return {
        name: [ErrorDetail(item["message"], code=item["code"] or "invalid") for item in items]
        for name, items in errors.get_json_data().items()
    }


class KeysetPagination(CursorPagination):
    """`{"next", "previous", "results"}` by key. `?count=true` adds a count, capped and marked so."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"
    ordering = "pk"

    def paginate_queryset(self, queryset, request, view=None):
        """The rows of the page; rows may be records or the dictionaries of `.values()`."""
        self._count = self._counted(queryset, request)
        size = page_size_of(request, default=self.page_size)
        ordered = queryset.order_by(*self.get_ordering(request, queryset, view))
        cursor = request.query_params.get(self.cursor_query_param, "")
        self._page = page_of(ordered, cursor=cursor, size=size)
        self._address = request.build_absolute_uri()
        return self._page.rows

    def get_ordering(self, request, queryset, view):
        """What the view or its filter ordered by; `page_of` makes it unique."""
        own = queryset.query.order_by or queryset.model._meta.ordering
        wanted = getattr(view, "ordering", None) or list(own) or self.ordering
        return (wanted,) if isinstance(wanted, str) else tuple(wanted)

    def get_next_link(self):
        return self._link(self._page.next)

    def get_previous_link(self):
        return self._link(self._page.previous)

    def _link(self, cursor: str | None) -> str | None:
        return replace_query_param(self._address, self.cursor_query_param, cursor) if cursor else None

    def get_paginated_response(self, data):
        body = {"next": self.get_next_link(), "previous": self.get_previous_link(), "results": data}
        if self._count is not None:
            count, capped = self._count
            body |= {"count": count, "count_capped": capped}
        return Response(body)

    def get_paginated_response_schema(self, schema):
        shape = super().get_paginated_response_schema(schema)
        shape["properties"] |= {"count": {"type": "integer"}, "count_capped": {"type": "boolean"}}
        shape["required"] = ["next", "previous", "results"]
        return shape

    def get_schema_operation_parameters(self, view):
        """The cursor, the size with its bounds, and the count."""
        told = {"cursor": {"type": "string"}, "page_size": {"type": "integer", "minimum": 1, "maximum": 500}}
        told |= {"count": {"type": "boolean", "description": f"count, no further than {COUNT_CAP_OF_PROGRAMS:,}"}}
        return [{"name": name, "in": "query", "required": False, "schema": shape} for name, shape in told.items()]

    def _counted(self, queryset, request) -> tuple[int, bool] | None:
        asked = request.query_params.get("count")
        if asked not in (None, "true", "false"):
            raise ValidationError({"count": [ErrorDetail(_("Write true or false."), code="invalid")]})
        return capped_count(queryset, COUNT_CAP_OF_PROGRAMS) if asked == "true" else None


def page_size_of(request: Request, *, default: int) -> int:
    """How many rows are asked for. Refuses what is no whole number from 1 to 500."""
    size = request.query_params.get(KeysetPagination.page_size_query_param)
    if size is None:
        return default
    if not (size.isascii() and size.isdigit() and 1 <= int(size) <= KeysetPagination.max_page_size):
        raise ValidationError({"page_size": [ErrorDetail(_("Write a whole number from 1 to 500."), code="invalid")]})
    return int(size)
