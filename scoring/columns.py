"""The columns of the ranking. `member.customer` and `member.currency` come with the row."""

from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from crm.core.lists.table import Column
from crm.core.templatetags.dossier import badge, money
from scoring.models import SegmentationMember


def who(member: SegmentationMember) -> SafeString:
    customer = member.customer
    return format_html(
        '<a class="fw-medium text-reset" href="{}">{}</a><div class="text-secondary small">{}</div>',
        *(customer.get_absolute_url(), customer, customer.number),
    )


COLUMNS = (
    Column("customer", gettext_lazy("Customer"), who, fixed=True),
    Column("rank", gettext_lazy("Rank"), lambda member: number_format(member.rank, force_grouping=True), numeric=True),
    Column("segment", gettext_lazy("Class"), lambda member: badge(member.segment_choice), term="class"),
    Column("previous", gettext_lazy("Before"), lambda member: member.previous or "–", classes="text-secondary"),
    Column(
        "expected_value",
        gettext_lazy("Expected value"),
        lambda member: money(member.expected_value, member.currency),
        numeric=True,
        term="expected_value",
    ),
    Column(
        "business",
        gettext_lazy("Business of 12 months"),
        lambda member: money(member.current_business, member.currency),
        numeric=True,
    ),
)
