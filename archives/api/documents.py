"""Papers and pictures over REST: what they are, and the files themselves."""

from uuid import UUID

import django_filters
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from archives.choices import DocumentKind
from archives.commands.documents import store_document, take_document
from archives.models import Customer, Document
from archives.uploads import CONTENT_TYPES
from crm.core.api.filters import StrictFilterSet
from crm.core.api.formats import Day, Instant, StrictSerializer, read
from crm.core.api.views import ApiView, Idempotent, ListView, RecordView
from crm.core.lists.filters import AnyOf
from crm.core.roles import Can


class DocumentSerializer(serializers.ModelSerializer):
    """A paper or picture; the file itself is at `/documents/{id}/file/`."""

    customer = serializers.CharField(source="customer.number")
    kind = serializers.ChoiceField(choices=DocumentKind.choices)
    visit = serializers.IntegerField(source="visit_id", allow_null=True, help_text="id of the visit it belongs to")
    content_type = serializers.ChoiceField(choices=sorted(CONTENT_TYPES.values()))
    by = serializers.CharField(source="by.username")
    created_at = Instant()

    class Meta:
        model = Document
        fields = [
            "id", "customer", "kind", "title", "number", "valid_until", "visit", "content_type", "size", "by",
            "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewDocumentSerializer(StrictSerializer):
    """A form with a file. Its content says what it is: PDF, PNG, JPEG, XLSX, DOCX or CSV, at most 20 MB."""

    customer = serializers.CharField(max_length=32)
    kind = serializers.ChoiceField(choices=DocumentKind.choices, required=False)
    title = serializers.CharField(max_length=200, required=False, help_text="the file's name by default")
    number = serializers.CharField(max_length=64, required=False, allow_blank=True)
    valid_until = Day(required=False)
    file = serializers.FileField(allow_empty_file=True)


class DocumentFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number", max_length=32)
    kind = AnyOf(DocumentKind.choices)
    visit = django_filters.NumberFilter(field_name="visit_id")


class OfDocuments:
    """What the doors share."""

    scope = "customers"
    rights = {"read": Can.SEE_ARCHIVE, "write": Can.EDIT_ARCHIVE}
    serializer_class = DocumentSerializer
    queryset = Document.objects.none()

    def get_queryset(self):
        return Document.objects.visible_to(self.request.user).select_related("customer", "by")


class DocumentsView(Idempotent, OfDocuments, ListView, ListAPIView):
    """The papers of the customers that the caller may see, the newest first, and the way in for new ones."""

    filterset_class = DocumentFilter
    ordering = ("-created_at", "-id")
    parser_classes = [MultiPartParser]

    @extend_schema(request={"multipart/form-data": NewDocumentSerializer}, responses={201: DocumentSerializer})
    def post(self, request: Request) -> Response:
        """Keep a file of a customer's. Pictures lose the place and the device they were taken with."""
        return self.dispatch_once(request, lambda: self._keep(request))

    def _keep(self, request: Request) -> Response:
        fields = read(NewDocumentSerializer, request)
        customer = get_object_or_404(Customer.objects.visible_to(request.user), number=fields.pop("customer"))
        document = store_document(customer, fields.pop("file"), by=request.user, **fields)
        return Response(self.get_serializer(document).data, status=status.HTTP_201_CREATED)


class DocumentView(OfDocuments, RecordView):
    """What is known of one paper."""


class DocumentFileView(OfDocuments, ApiView):
    """The file of one paper."""

    @extend_schema(
        operation_id="documents_file", responses={(200, kind): OpenApiTypes.BINARY for kind in CONTENT_TYPES.values()}
    )
    def get(self, request: Request, pk: UUID) -> FileResponse:
        """The file, as a download; the audit trail notes who took it."""
        return take_document(get_object_or_404(self.get_queryset(), pk=pk), by=request.user)

    def perform_content_negotiation(self, request, force=False):
        """Whatever the caller would like: a file has the kind that it has."""
        return super().perform_content_negotiation(request, force=True)
