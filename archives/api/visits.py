"""Visit notes over REST: sent twice, kept once."""

from typing import Any

import django_filters
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from archives.choices import VisitKind
from archives.commands.visits import post_visit
from archives.models import Customer, Visit
from crm.core.api.filters import InstantFilter, StrictFilterSet
from crm.core.api.formats import Day, Instant, StrictSerializer, read
from crm.core.api.views import Idempotent, ListView
from crm.core.roles import Can


class VisitSerializer(serializers.ModelSerializer):
    customer = serializers.CharField(source="customer.number")
    by = serializers.CharField(source="by.username")
    happened_at = Instant()
    created_at = Instant()

    class Meta:
        model = Visit
        fields = [
            "id", "client_id", "customer", "happened_at", "kind", "by", "content", "people", "colleagues", "minutes",
            "checklist", "next_step", "next_step_due", "next_step_done_on", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class Answers(serializers.DictField):
    """A checklist's answers by question: 1 to 10, or true and false. The rule knows which question wants which."""

    def to_internal_value(self, data: Any) -> dict:
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        return data


class NewVisitSerializer(StrictSerializer):
    customer = serializers.CharField(max_length=32)
    happened_at = Instant()
    kind = serializers.ChoiceField(choices=VisitKind.choices)
    content = serializers.CharField(required=False, allow_blank=True, default="", max_length=20_000)
    people = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=50)
    colleagues = serializers.ListField(child=serializers.CharField(max_length=80), required=False, max_length=50)
    minutes = serializers.IntegerField(required=False, allow_null=True)
    next_step = serializers.CharField(required=False, allow_blank=True, max_length=200)
    next_step_due = Day(required=False, allow_null=True)
    checklist = Answers(required=False)
    client_id = serializers.UUIDField(required=False)


class VisitFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number")
    since = InstantFilter(field_name="happened_at", lookup_expr="gte")

    class Meta:
        model = Visit
        fields: list[str] = []


class VisitsView(Idempotent, ListView, ListAPIView):
    """Visits to customers that the caller may see, and the way in for new notes."""

    scope = "visits"
    rights = {"read": Can.SEE_ARCHIVE, "write": Can.LOG_VISITS}
    serializer_class = VisitSerializer
    filterset_class = VisitFilter
    ordering = ("-happened_at", "-id")
    queryset = Visit.objects.none()

    def get_queryset(self):
        return Visit.objects.visible_to(self.request.user).select_related("customer", "by")

    @extend_schema(request=NewVisitSerializer, responses={201: VisitSerializer, 200: VisitSerializer})
    def post(self, request: Request) -> Response:
        """Post a visit note; a `client_id` sent again answers 200 with the first visit."""
        return self.dispatch_once(request, lambda: self._post(request))

    def _post(self, request: Request) -> Response:
        fields = read(NewVisitSerializer, request)
        customer = get_object_or_404(Customer.objects.visible_to(request.user), number=fields.pop("customer"))
        visit, created = post_visit(customer, by=request.user, now=timezone.now(), **fields)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(self.get_serializer(visit).data, status=code)
