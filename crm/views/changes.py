"""The change feed over REST: what changed, in the order in which it was committed, from a cursor on."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from archives.models import Customer
from crm.core.api.access import token_reads
from crm.core.api.filters import KeysetPagination, page_size_of, refuse_unknown_parameters
from crm.core.api.formats import Instant
from crm.core.api.problems import CONTENT_TYPE
from crm.core.api.schema import ProblemSerializer
from crm.core.api.views import ListView
from crm.core.errors import NotAllowed
from crm.core.feed import changes_between, cursor_at, life, number_changes, position_of
from crm.core.models import Change, ServiceToken, User
from crm.core.roles import Can, Role, Scope

# What is told, and the noun of the scope that lets a program read it.
KINDS = {
    "customer": "customers",
    "contact": "customers",
    "document": "customers",
    "statement": "customers",
    "visit": "visits",
    "report": "reports",
    "flag": "flags",
    "sales": "sales",
    "order": "orders",
    "invoice": "receivables",
    "payment": "receivables",
    "application": "credit",
    "limit": "credit",
    "order_check": "credit",
    "standing": "credit",
    "assessment": "scoring",
    "evaluation": "scoring",
    "segment": "scoring",
}
PARAMETERS = {"after", "kind", "page_size"}
LATEST = "latest"


class ChangeSerializer(serializers.Serializer):
    """One change. Read the record itself by its key; `data` is what it said then, for kinds that say something."""

    cursor = serializers.CharField()
    kind = serializers.ChoiceField(choices=list(KINDS))
    key = serializers.CharField(help_text="what the record is called: its number, or its id where it has none")
    customer = serializers.CharField(allow_null=True, help_text="the customer's number; null once it is deleted")
    action = serializers.ChoiceField(choices=Change.Action.choices)
    fields_changed = serializers.ListField(child=serializers.CharField())
    data = serializers.DictField()
    at = Instant()
    by = serializers.CharField(allow_null=True, help_text="user name; null for the night and the command line")

    def get_fields(self):
        """Told as `fields`, a name that a serializer has for itself."""
        found = super().get_fields()
        return {name.removesuffix("_changed"): field for name, field in found.items()}


PAGE = inline_serializer(
    "ChangePage",
    {
        "next": serializers.CharField(allow_null=True, help_text="where to go on; null when nothing came"),
        "previous": serializers.CharField(allow_null=True, help_text="always null: a feed is read forwards"),
        "cursor": serializers.CharField(help_text="to be kept and given as `after` next time"),
        "results": ChangeSerializer(many=True),
    },
)
TOLD = [
    OpenApiParameter("after", str, description="A cursor, or `latest` for one that stands at the end."),
    OpenApiParameter("kind", str, description="Only these kinds of records, separated by commas."),
    OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": KeysetPagination.max_page_size}),
]


class ChangesView(ListView):
    """What changed since a cursor, oldest first, deletions too. Nothing is missed, nothing is told out of order."""

    scope = "changes"
    rights = {"read": Can.SEE_ARCHIVE}
    serializer_class = ChangeSerializer
    pagination_class = None

    @extend_schema(parameters=TOLD, responses={200: PAGE, (410, CONTENT_TYPE): ProblemSerializer})
    def get(self, request: Request) -> Response:
        refuse_unknown_parameters(request.query_params, PARAMETERS)
        size, kinds = page_size_of(request, default=100), self._kinds(request)
        last, own_life = number_changes(), life()
        start = self._start(request, last, own_life)
        rows = list(visible(changes_between(start, last), request.user).filter(kind__in=kinds)[:size])
        end = rows[-1].position if len(rows) == size else max(last, start)
        return Response(self._page(request, rows, cursor_at(end, own_life), own_life))

    def _kinds(self, request: Request) -> set[str]:
        """The kinds that are asked for. Refuses those that do not exist and those that the caller may not read."""
        asked = set(filter(None, request.query_params.get("kind", "").split(",")))
        if unknown := sorted(asked - KINDS.keys()):
            sentence = _("There is no kind %(unknown)s. Known kinds: %(known)s.")
            detail = sentence % {"unknown": ", ".join(unknown), "known": ", ".join(KINDS)}
            raise ValidationError({"kind": [ErrorDetail(detail, code="invalid")]})
        readable = {kind for kind, noun in KINDS.items() if self._reads(request, noun)}
        if not readable or asked - readable:
            raise NotAllowed(_("Your scopes or your role do not include this."))
        return asked or readable

    def _reads(self, request: Request, noun: str) -> bool:
        return not isinstance(request.auth, ServiceToken) or token_reads(request.auth, noun)

    def _start(self, request: Request, last: int, own_life: str) -> int:
        after = request.query_params.get("after", "")
        if after == LATEST:
            return last
        return position_of(after, own_life) if after else 0

    def _page(self, request: Request, rows: list[Change], cursor: str, own_life: str) -> dict[str, Any]:
        names = dict(User.objects.filter(pk__in={row.by_id for row in rows}).values_list("pk", "username"))
        for row in rows:
            row.cursor, row.by = cursor_at(row.position, own_life), names.get(row.by_id)
        following = replace_query_param(request.build_absolute_uri(), "after", cursor) if rows else None
        return {
            "next": following,
            "previous": None,
            "cursor": cursor,
            "results": ChangeSerializer(rows, many=True).data,
        }


def visible(changes: QuerySet[Change], user: User) -> QuerySet[Change]:
    """The changes of customers that `user` may see. Who sees all sees those of customers that are gone, too."""
    if Role(user.role).scope is Scope.ALL:
        return changes
    return changes.filter(customer_id__in=Customer.objects.visible_to(user).values("pk"))
