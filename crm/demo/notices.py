"""People have read what the night told them, all but the last few lines: nobody begins with a hundred of them."""

from django.db.models import F, Window
from django.db.models.functions import Now, RowNumber

from crm.core.models import Notice

UNREAD = 5


def leave_some_unread() -> None:
    newest_first = Window(RowNumber(), partition_by=[F("recipient")], order_by=F("id").desc())
    older = Notice.objects.annotate(place=newest_first).filter(place__gt=UNREAD).values_list("pk", flat=True)
    Notice.objects.filter(pk__in=list(older)).update(read_at=Now())
