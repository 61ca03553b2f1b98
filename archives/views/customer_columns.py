"""The columns of the list of customers, and what stands in their cells. `customer.standing` comes with the row."""

from functools import lru_cache

from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from archives.models import Customer
from crm.core.lists.table import Column
from crm.core.templatetags.dossier import badge, money, percent_of

NEARLY_FULL, FULL = 80, 100


@lru_cache(maxsize=1_000)
def bar(used: int) -> SafeString:
    """How much of a limit is used, in percent, as digits and as a bar."""
    fill = "fill-red" if used > FULL else "fill-orange" if used > NEARLY_FULL else "fill-primary"
    return format_html(
        ' <small class="text-secondary">{0} %</small><svg class="bar bar-thin" viewBox="0 0 100 4" '
        'preserveAspectRatio="none" role="img" aria-label="{0} %"><rect width="{0}" height="4" class="{1}"/></svg>',
        *(used, fill),
    )


def who(customer: Customer) -> SafeString:
    """The name by which it is known, a warning when nothing may be sold, number and full name below."""
    short, status = customer.short_name, customer.status_choice
    warning = "" if status.tradable else badge(status)
    below = f"{customer.number} · {customer.name}" if short else customer.number
    return format_html(
        '<a class="fw-medium text-reset" href="{}">{}</a> {}<div class="text-secondary small">{}</div>',
        *(customer.get_absolute_url(), short or customer.name, warning, below),
    )


def segment(customer: Customer) -> SafeString:
    standing = customer.standing
    return format_html("{} {}", badge(standing.segment_choice), badge(_("Core"), "azure") if standing.core else "")


def grade(customer: Customer) -> SafeString | str:
    return badge(customer.standing.grade_choice) if customer.standing.grade else ""


def limit(customer: Customer) -> str:
    return str(customer.standing.limit_words) + money(customer.standing.limit)


def exposure(customer: Customer) -> SafeString | str:
    """What is owed and ordered, and how much of the limit that is."""
    standing = customer.standing
    if not standing.limit:
        return money(standing.exposure) if standing.exposure else ""
    return format_html("{}{}", money(standing.exposure), bar(percent_of(standing.exposure, standing.limit)))


def available(customer: Customer) -> SafeString | str:
    left = customer.standing.available
    return format_html('<span class="text-red">{}</span>', money(left)) if left and left < 0 else money(left)


def overdue(customer: Customer) -> SafeString | str:
    standing = customer.standing
    if not standing.overdue:
        return ""
    days = ngettext("%(counter)s day", "%(counter)s days", standing.oldest_overdue_days)
    return format_html(
        '<span class="text-red">{}</span><div class="text-secondary small">{}</div>',
        *(money(standing.overdue), days % {"counter": standing.oldest_overdue_days}),
    )


def report(customer: Customer) -> SafeString:
    return badge(customer.standing.report_choice)


def limit_end(customer: Customer) -> str:
    day = customer.standing.limit_valid_until
    return date_format(day, "SHORT_DATE_FORMAT") if day else ""


COLUMNS = (
    Column(
        "name",
        gettext_lazy("Customer"),
        who,
        ("number", "name", "short_name", "status"),
        ordering="name",
        fixed=True,
    ),
    Column(
        "region",
        gettext_lazy("Region"),
        lambda customer: customer.region.name if customer.region else "",
        ("region__name",),
        classes="text-secondary",
    ),
    Column(
        "owner",
        gettext_lazy("Owner"),
        lambda customer: customer.owner.name if customer.owner else "",
        ("owner__name",),
        classes="text-secondary",
    ),
    Column(
        "segment",
        gettext_lazy("Class"),
        segment,
        ("standing__segment", "standing__core"),
        ordering="segment",
        term="class",
    ),
    Column("grade", gettext_lazy("Grade"), grade, ("standing__grade",), ordering="grade", term="grade"),
    Column(
        "limit",
        gettext_lazy("Limit"),
        limit,
        ("standing__limit", "standing__limit_mode"),
        ordering="limit",
        numeric=True,
        term="limit",
    ),
    Column(
        "exposure",
        gettext_lazy("Exposure"),
        exposure,
        ("standing__exposure", "standing__limit"),
        ordering="exposure",
        numeric=True,
        classes="exposure",
        term="exposure",
    ),
    Column(
        "available",
        gettext_lazy("Available"),
        available,
        ("standing__available",),
        ordering="available",
        numeric=True,
        term="available",
    ),
    Column(
        "overdue",
        gettext_lazy("Overdue"),
        overdue,
        ("standing__overdue", "standing__oldest_overdue_days"),
        ordering="overdue",
        numeric=True,
        term="overdue",
    ),
    Column("report_status", gettext_lazy("Credit report"), report, ("standing__report_status",), term="freshness"),
    Column("limit_end", gettext_lazy("Limit until"), limit_end, ("standing__limit_valid_until",), usual=False),
    Column(
        "status",
        gettext_lazy("Status"),
        lambda customer: customer.status_choice.label,
        ("status",),
        usual=False,
    ),
    Column("size", gettext_lazy("Size"), Customer.get_size_display, ("size",), usual=False),
    Column("industry", gettext_lazy("Industry"), lambda customer: customer.industry, ("industry",), usual=False),
    Column(
        "unit",
        gettext_lazy("Selling unit"),
        lambda customer: customer.unit.name if customer.unit else "",
        ("unit__name",),
        usual=False,
    ),
    Column(
        "updated_at",
        gettext_lazy("Last change"),
        lambda customer: date_format(customer.updated_at, "SHORT_DATE_FORMAT"),
        ("updated_at",),
        ordering="updated_at",
        usual=False,
        classes="text-secondary",
    ),
)
