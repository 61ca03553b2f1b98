"""What somebody must look at."""

from rest_framework import serializers
from rest_framework.generics import ListAPIView

from archives.filters import FlagFilterSet
from archives.models import Flag
from crm.core.api.views import ListView, RecordView
from crm.core.roles import Can


class FlagSerializer(serializers.ModelSerializer):
    customer = serializers.CharField(source="customer.number")
    detail = serializers.CharField(source="sentence", help_text="A sentence in the reader's language.")

    class Meta:
        model = Flag
        fields = ["id", "customer", "reason", "subject", "raised_on", "closed_on", "detail"]
        read_only_fields = fields


class OfFlags:
    """What both doors share."""

    scope = "flags"
    rights = {"read": Can.SEE_ARCHIVE}
    serializer_class = FlagSerializer
    queryset = Flag.objects.none()

    def get_queryset(self):
        return Flag.objects.visible_to(self.request.user).select_related("customer")


class FlagsView(OfFlags, ListView, ListAPIView):
    """Flags of customers that the caller may see, the newest first."""

    filterset_class = FlagFilterSet
    ordering = ("-raised_on", "-id")


class FlagView(OfFlags, RecordView):
    """One flag."""
