"""Notices: one line for one person, worded when read, in the reader's language."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.core.models import Notice, User
from crm.core.templatetags.dossier import day_in_words
from crm.core.words import listed

# A kind of notice → its sentence. The params named here are those that `tell` is given.
TEXTS = {
    "limit_approved": _("The limit of %(customer)s is granted: %(amount)s until %(until)s."),
    "limit_rejected": _("The application for %(customer)s is rejected: %(comment)s"),
    "limit_returned": _("The application for %(customer)s comes back with a question: %(comment)s"),
    "limit_waiting": _("An application for %(customer)s over %(amount)s waits for your decision."),
    "order_held": _("Order %(order)s of %(customer)s is held."),
    "order_released": _("Order %(order)s of %(customer)s is released: %(comment)s"),
    "order_refused": _("Order %(order)s of %(customer)s is refused: %(comment)s"),
    "report_expiring": _("The credit report of %(customer)s runs out on %(until)s."),
    "report_stale": _("The credit report of %(customer)s is stale since %(until)s. A new investigation is due."),
    "report_missing": _("%(customer)s buys on credit without a credit report."),
    "archive_stale": _("Nobody has confirmed the archive of %(customer)s for a long time."),
    "limit_expiring": _("The limit of %(customer)s runs out on %(until)s."),
    "customers_handed_over": _("%(by)s has handed customers over to you."),
    "job_done": _("Finished: %(job)s."),
    "job_failed": _("This could not be finished: %(job)s. Its page says why and what to do."),
    "webhook_gone": _("%(url)s is called no more: the receiver answered that it is gone for good."),
    "webhook_failing": _("%(url)s is called no more: no call got through for three days."),
    "sync_needs_decision": _("Sync run %(run)s of %(source)s needs a decision: too much is missing."),
    "limit_review": _("The limit of %(customer)s is due for review: %(cause)s."),
}


def tell(recipient: User, kind: str, *, key: str, link: str = "", **params: Any) -> None:
    """Tell `recipient` once for each `key`; `params` are what the sentence of `kind` needs, as text."""
    texts = {name: str(value) for name, value in params.items()}
    Notice.objects.bulk_create(
        [Notice(recipient=recipient, kind=kind, key=key, link=link, params=texts)], ignore_conflicts=True
    )


def mark_read(recipient: User, *, now: datetime) -> None:
    """Everything that `recipient` was told so far has been read."""
    Notice.objects.filter(recipient=recipient, read_at=None).update(read_at=now)


def text_of(notice: Notice) -> str:
    """The sentence of a notice in the language of the reader."""
    params = {"until": "–", "cause": "–", "comment": "", "amount": "", "order": ""} | notice.params
    if job := params.get("job"):
        params["job"] = gettext(job)
    if causes := params.get("causes"):
        params["cause"] = listed(map(gettext, causes))
    return str(TEXTS[notice.kind]) % (params | {"until": day_in_words(params["until"])})
