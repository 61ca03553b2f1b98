"""What happened and who was told: the audit trail, notices to people, answers kept for repeated requests."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditEntry(models.Model):
    """One thing somebody did or saw. Written in the transaction of the deed, never changed, never deleted."""

    at = models.DateTimeField(_("when"), auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("who")
    )
    verb = models.CharField(_("what"), max_length=64)
    subject_type = models.CharField(_("kind of record"), max_length=64)
    subject_id = models.CharField(_("record"), max_length=64)
    customer_id = models.BigIntegerField(_("customer"), null=True)
    label = models.CharField(_("name of the record"), max_length=200, blank=True)
    changes = models.JSONField(_("details"), default=dict)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="audit_by_subject"),
            models.Index(fields=["customer_id", "-id"], name="audit_by_customer"),
            models.Index(fields=["actor", "-id"], name="audit_by_actor"),
            models.Index(fields=["verb", "-id"], name="audit_by_verb"),
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.verb} {self.label}"


class Notice(models.Model):
    """One line for one person: what happened, where to look. Worded when read, in the reader's language."""

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    link = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=120, help_text=_("The same key is told a person only once."))
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("notice")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["recipient", "key"], name="notice_told_once")]
        indexes = [models.Index(fields=["recipient", "-id"], name="notice_by_recipient")]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient_id}"


class IdempotencyKey(models.Model):
    """An answer kept for 72 hours, so that a request sent again has its effect once.

    The row is claimed in the transaction of the work: a crash takes both back.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text=_("SHA-256 of method, path and body"))
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    content_type = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return self.key
