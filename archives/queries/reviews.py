"""Reviews of limits that somebody has answered by deciding."""

from collections.abc import Collection
from datetime import date

from django.db.models import Max

from archives.choices import FlagReason, ReviewCause
from archives.models import Flag


def decided_reviews(customer_ids: Collection[int], cause: ReviewCause) -> dict[int, date]:
    """By customer, the day when a review for this cause was last decided: what was known by then is no news."""
    decided = Flag.objects.filter(
        customer__in=customer_ids,
        reason=FlagReason.LIMIT_REVIEW,
        data__decided=True,
        data__causes__contains=[cause.value],
    )
    return dict(decided.order_by().values_list("customer_id").annotate(Max("closed_on")))
