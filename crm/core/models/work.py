"""Long work and the signs of life of those who do it."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.core.roles import Can

from .accounts import User
from .fields import TextChoice


class JobQuerySet(models.QuerySet):
    """Jobs are seen by whoever asked for them and by those who watch the night."""

    def visible_to(self, user: User) -> "JobQuerySet":
        return self if user.may(Can.SEE_JOBS) else self.filter(by=user)


def _readable(value: Any) -> str:
    """A count in the reader's format; anything else as it is."""
    return number_format(value, force_grouping=True) if isinstance(value, int) else str(value)


class Job(models.Model):
    """Long work, and its queue: a worker claims the row, the broker only wakes it.

    `cursor` says how far the work has come, so that a killed job goes on where its last commit left it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

        @property
        def tone(self) -> str:
            return {"queued": "secondary", "running": "blue", "done": "green", "failed": "red"}.get(self, "orange")

    OPEN = (State.QUEUED, State.RUNNING)
    MAX_ATTEMPTS = 5

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("period or subject"), max_length=80)
    params = models.JSONField(default=dict)
    state = TextChoice(_("state"), choices=State.choices, default=State.QUEUED)
    after = models.ForeignKey("self", models.SET_NULL, null=True, related_name="followers", verbose_name=_("after"))
    done = models.PositiveIntegerField(_("done"), default=0)
    total = models.PositiveIntegerField(_("total"), default=0)
    message = models.TextField(_("message"), blank=True)
    message_params = models.JSONField(default=dict, db_default={})
    cursor = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    cancel_asked = models.BooleanField(default=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(state__in=["queued", "running"]), name="job_open_once"
            )
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="job_by_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    def get_absolute_url(self) -> str:
        return reverse("job", args=[self.pk])

    def say(self, sentence: str, **params: Any) -> None:
        """What the job is doing, or how it ended: a sentence as it stands in the source, and what goes into it."""
        self.message, self.message_params = sentence, params

    @property
    def words(self) -> str:
        """What the job says, in the language of whoever reads it."""
        sentence = gettext(self.message) if self.message else ""
        shown = {name: _readable(value) for name, value in self.message_params.items()}
        return sentence % shown if shown else sentence

    @property
    def state_choice(self) -> "Job.State":
        return self.State(self.state)


class Heartbeat(models.Model):
    """When the worker and beat were last heard of."""

    name = models.CharField(primary_key=True, max_length=20)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
