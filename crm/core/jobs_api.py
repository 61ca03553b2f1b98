"""Long work, seen from a program: one's own jobs, or all with the right to see them."""

import django_filters
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView

from crm.core.api.access import ScopePermission
from crm.core.api.filters import StrictFilterSet
from crm.core.api.formats import Instant
from crm.core.api.views import ApiView, ListView
from crm.core.models import Job, ServiceToken
from crm.core.roles import Can


class JobSerializer(serializers.ModelSerializer):
    created_at = Instant()
    started_at = Instant(allow_null=True)
    finished_at = Instant(allow_null=True)
    message = serializers.CharField(source="words")

    class Meta:
        model = Job
        fields = [
            "id", "kind", "state", "done", "total", "message", "result", "created_at", "started_at", "finished_at",
        ]  # fmt: skip
        read_only_fields = fields


class OwnJobs(ScopePermission):
    """A token needs its scope; a person may always ask, because the jobs are the own ones unless the role sees all."""

    def has_permission(self, request, view) -> bool:
        if isinstance(request.auth, ServiceToken):
            return super().has_permission(request, view)
        return request.user.is_authenticated


class JobFilter(StrictFilterSet):
    state = django_filters.ChoiceFilter(choices=Job.State.choices)
    kind = django_filters.CharFilter(max_length=40)


class OfJobs:
    """What both doors share."""

    scope = "jobs"
    rights = {"read": Can.SEE_JOBS}
    permission_classes = [OwnJobs]
    serializer_class = JobSerializer
    queryset = Job.objects.none()

    def get_queryset(self):
        return Job.objects.visible_to(self.request.user)


class JobsView(OfJobs, ListView, ListAPIView):
    """Jobs, the newest first: one's own, or all with the right to see them."""

    filterset_class = JobFilter
    ordering = ("-created_at", "id")


class JobView(OfJobs, ApiView, RetrieveAPIView):
    """How far a job has come."""
