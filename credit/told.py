"""What of the decisions is told in the change feed, and by which name."""

from credit.models import CreditLimit, LimitApplication, OrderCheck
from crm.core.models.feed import tell_changes

tell_changes(LimitApplication, "application", tells=["state"])
tell_changes(CreditLimit, "limit", tells=["mode", "amount", "valid_from", "valid_until"])
tell_changes(OrderCheck, "order_check", key='record."order"', tells=["amount", "currency", "decision", "state"])
