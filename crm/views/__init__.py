"""Pages that speak of several apps at once, and the pages for what is not there."""

from .audit import audit_trail
from .customer import customer_page
from .errors import api_not_found, bad_request, not_allowed, not_found, server_error, session, stale_form, too_many
from .glance import glance
from .my_day import my_day
from .my_day_charts import my_day_chart
from .search import search

__all__ = [
    "api_not_found",
    "audit_trail",
    "bad_request",
    "customer_page",
    "glance",
    "my_day",
    "my_day_chart",
    "not_allowed",
    "not_found",
    "search",
    "server_error",
    "session",
    "stale_form",
    "too_many",
]
