"""The ground under every app: people, places, tokens, jobs, the audit trail and the company's numbers."""

from .accounts import Density, Region, ServiceToken, Team, Theme, Unit, User
from .exports import ExportPart
from .feed import Change, FeedMark
from .fields import CurrencyField, MoneyField, TextChoice
from .ledger import AuditEntry, IdempotencyKey, Notice
from .lists import SavedView
from .policy import ExchangeRate, Policy
from .quota import Quota
from .webhooks import Delivery, Webhook
from .work import Heartbeat, Job

__all__ = [
    "AuditEntry",
    "Change",
    "CurrencyField",
    "Delivery",
    "Density",
    "ExchangeRate",
    "ExportPart",
    "FeedMark",
    "Heartbeat",
    "IdempotencyKey",
    "Job",
    "MoneyField",
    "Notice",
    "Policy",
    "Quota",
    "Region",
    "SavedView",
    "ServiceToken",
    "Team",
    "TextChoice",
    "Theme",
    "Unit",
    "User",
    "Webhook",
]
