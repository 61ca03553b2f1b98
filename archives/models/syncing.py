"""Sync runs: what a program announced, what it brought, what failed; and who keeps which field of a customer."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from archives.choices import FieldOwner, SyncDecision, SyncObject, SyncState
from crm.core.models import TextChoice, User
from crm.core.roles import Can


class SyncRunQuerySet(models.QuerySet):
    """Operators see every run, a service account its own."""

    def visible_to(self, user: User) -> "SyncRunQuerySet":
        return self if user.may(Can.SEE_SYNC) else self.filter(account=user)


class SyncRun(models.Model):
    """One time a source brought one kind of record: what it announced, and how that compares with what is held.

    `complete`: the source brings everything it has, so what is missing can be closed. Sums in `totals` and `held` are
    texts by currency; `customers` are the source's sums by customer and currency. `differences` are the largest of
    `differing`, `missing` is counted when the run is finished.
    """

    LONGEST = timedelta(hours=24)

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="sync_runs", verbose_name=_("source")
    )
    object = TextChoice(_("object"), choices=SyncObject.choices)
    complete = models.BooleanField(_("complete"), default=False)
    count = models.PositiveBigIntegerField(_("announced records"), null=True)
    totals = models.JSONField(_("announced totals"), null=True)
    as_of = models.DateTimeField(_("as of"), null=True)
    state = TextChoice(_("state"), choices=SyncState.choices, default=SyncState.OPEN)
    started_at = models.DateTimeField(_("begun"))
    finished_at = models.DateTimeField(_("ended"), null=True)
    agrees = models.BooleanField(_("agrees"), null=True)
    held = models.JSONField(default=dict)
    customers = models.JSONField(null=True)
    differences = models.JSONField(default=list)
    differing = models.PositiveBigIntegerField(default=0)
    missing = models.PositiveBigIntegerField(_("missing"), default=0)
    closed = models.PositiveBigIntegerField(_("closed"), default=0)
    decision = TextChoice(choices=SyncDecision.choices, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = SyncRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync run")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["account", "object"], condition=Q(state="open"), name="sync_run_open_once")
        ]
        indexes = [
            models.Index(fields=["account", "object", "-id"], name="sync_run_by_source"),
            models.Index(fields=["started_at"], condition=Q(state="open"), name="sync_run_open"),
        ]

    def __str__(self) -> str:
        return f"{self.account} · {self.get_object_display()} · {self.pk}"

    @property
    def object_choice(self) -> SyncObject:
        return SyncObject(self.object)

    @property
    def state_choice(self) -> SyncState:
        return SyncState(self.state)

    def is_over(self, now: datetime) -> bool:
        """Whether nobody will finish it any more."""
        return self.state == SyncState.OPEN and self.started_at < now - self.LONGEST


class SyncCall(models.Model):
    """What one call within a run came to. Rows of their own, so that calls do not wait for each other."""

    run = models.ForeignKey(SyncRun, models.CASCADE, related_name="calls")
    at = models.DateTimeField(auto_now_add=True)
    created = models.PositiveIntegerField()
    updated = models.PositiveIntegerField()
    unchanged = models.PositiveIntegerField()
    failed = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.run_id} {self.at}"


class SyncedRecord(models.Model):
    """A record belongs to the source that brought it in a run; `run` is the last that did.

    `run` has no index: a run touches every row, and without one that stays a cheap update in place.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)
    object = TextChoice(choices=SyncObject.choices)
    record = models.BigIntegerField()
    run = models.ForeignKey(SyncRun, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "object", "record"], name="synced_record_once")]

    def __str__(self) -> str:
        return f"{self.object} {self.record}"


class SyncFailure(models.Model):
    """An item of a run that could not be taken: why, and the item itself as it was sent, to try it again.

    The item is shown to nobody. It goes when the failure is resolved, and with the failure after 30 days.
    """

    run = models.ForeignKey(SyncRun, models.CASCADE, related_name="failures")
    key = models.CharField(_("key"), max_length=255)
    errors = models.JSONField(_("errors"))
    item = models.JSONField(null=True)
    at = models.DateTimeField(auto_now=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("failed row")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "key"], condition=Q(resolved_at=None) & ~Q(key=""), name="sync_failure_open_once"
            )
        ]
        indexes = [models.Index(fields=["run", "-id"], condition=Q(resolved_at=None), name="sync_failure_open")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.key}"


class KeptField(models.Model):
    """A field of the customer that is not shared: the ERP keeps it – any, or `account` alone – or Dossier does."""

    layer = models.CharField(_("layer"), max_length=24)
    field = models.CharField(_("field"), max_length=40)
    owner = TextChoice(_("kept by"), choices=FieldOwner.choices)
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", verbose_name=_("service account")
    )

    class Meta:
        verbose_name = _("kept field")
        ordering = ["layer", "field"]
        constraints = [
            models.UniqueConstraint(fields=["layer", "field"], name="field_kept_once"),
            models.CheckConstraint(condition=Q(owner__in=["erp", "dossier"]), name="kept_field_has_keeper"),
            models.CheckConstraint(condition=Q(account=None) | Q(owner="erp"), name="kept_by_account_of_erp"),
        ]

    def __str__(self) -> str:
        return f"{self.layer}.{self.field}"
