"""The audit trail: one line for each thing done or seen, in the transaction of the deed."""

from typing import Any

from django.db import models
from structlog.contextvars import get_contextvars

from crm.core.models import AuditEntry, User


def record(
    verb: str, subject: models.Model, *, by: User | None, customer_id: int | None = None, **changes: Any
) -> AuditEntry:
    """Note that `by` did `verb` to `subject`; `changes` are JSON-safe details (money and dates as text)."""
    return AuditEntry.objects.create(
        actor=by,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=str(subject.pk),
        customer_id=customer_id or getattr(subject, "customer_id", None) or _own_id(subject),
        label=str(subject)[:200],
        changes={key: _plain(value) for key, value in changes.items()},
        request_id=get_contextvars().get("request_id", ""),
    )


def _own_id(subject: models.Model) -> int | None:
    return subject.pk if subject._meta.label_lower == "archives.customer" else None


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    return str(value)
