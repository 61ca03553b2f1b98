"""Reads of credit that span models or shape a screen."""

from credit.queries.applications import waiting_for
from credit.queries.checks import held_orders, ways_out_of, why_held
from credit.queries.exposure import exposure_of
from credit.queries.limits import credit_of, limit_in_force
from credit.queries.screens import receivables_of, strip_of

__all__ = [
    "credit_of",
    "exposure_of",
    "held_orders",
    "limit_in_force",
    "receivables_of",
    "strip_of",
    "waiting_for",
    "ways_out_of",
    "why_held",
]
