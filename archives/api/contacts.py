"""The people at a customer over REST."""

import django_filters
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from archives.choices import DecisionRole
from archives.commands.editing import change_contact, keep_contact
from archives.models import Contact, Customer
from crm.core.api.filters import StrictFilterSet
from crm.core.api.formats import Day, StrictSerializer, read
from crm.core.api.views import Idempotent, ListView, RecordView, check_etag, single
from crm.core.lists.filters import YesNo
from crm.core.roles import Can


class ContactSerializer(serializers.ModelSerializer):
    """A person at a customer; `left_on` is the day since when they are not."""

    customer = serializers.CharField(source="customer.number")
    email = serializers.CharField()
    decision_role = serializers.ChoiceField(choices=DecisionRole.choices, allow_blank=True)
    reports_to = serializers.IntegerField(source="reports_to_id", allow_null=True, help_text="id of another contact")

    class Meta:
        model = Contact
        fields = [
            "id", "customer", "name", "title", "phone", "email", "decision_role", "reports_to", "birthday", "left_on",
        ]  # fmt: skip
        read_only_fields = fields


class ContactChangeSerializer(StrictSerializer):
    """The fields that are given are changed, the others stay."""

    name = serializers.CharField(max_length=80, required=False)
    title = serializers.CharField(max_length=80, required=False, allow_blank=True)
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    decision_role = serializers.ChoiceField(choices=DecisionRole.choices, required=False, allow_blank=True)
    reports_to = serializers.IntegerField(
        source="reports_to_id", required=False, allow_null=True, help_text="id of a contact of the same customer"
    )
    birthday = Day(required=False, allow_null=True)
    left_on = Day(required=False, allow_null=True)


class NewContactSerializer(ContactChangeSerializer):
    """A person at a customer; everything but customer and name may be left out."""

    customer = serializers.CharField(max_length=32)
    name = serializers.CharField(max_length=80)


class ContactFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number", max_length=32)
    present = YesNo(field_name="left_on", lookup_expr="isnull")


class OfContacts:
    """What both doors share."""

    scope = "customers"
    rights = {"read": Can.SEE_ARCHIVE, "write": Can.EDIT_ARCHIVE}
    serializer_class = ContactSerializer
    queryset = Contact.objects.none()

    def get_queryset(self):
        return Contact.objects.visible_to(self.request.user).select_related("customer")


class ContactsView(Idempotent, OfContacts, ListView, ListAPIView):
    """The people at the customers that the caller may see, and the way in for new ones."""

    filterset_class = ContactFilter
    ordering = "id"

    @extend_schema(request=NewContactSerializer, responses={201: ContactSerializer})
    def post(self, request: Request) -> Response:
        """Add a person to a customer."""
        return self.dispatch_once(request, lambda: self._add(request))

    def _add(self, request: Request) -> Response:
        fields = read(NewContactSerializer, request)
        customer = get_object_or_404(Customer.objects.visible_to(request.user), number=fields.pop("customer"))
        contact = keep_contact(Contact(customer=customer, **fields), by=request.user)
        return Response(self.get_serializer(contact).data, status=status.HTTP_201_CREATED)


class ContactView(OfContacts, RecordView):
    """One person. Answers carry an `ETag`; `If-Match` keeps a change from going over another one."""

    @extend_schema(request=ContactChangeSerializer, responses={200: ContactSerializer})
    def patch(self, request: Request, pk: int) -> Response:
        """Change the fields that are given, and no others."""
        found, fields = self.get_object(), read(ContactChangeSerializer, request)
        contact = change_contact(
            found.pk, fields, by=request.user, look=lambda now: check_etag(request, self._answer(now)["ETag"])
        )
        return self._answer(contact)

    def _answer(self, contact: Contact) -> Response:
        return single(self.get_serializer(contact).data)
