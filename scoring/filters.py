"""What lists of scores can be narrowed by; pages and API alike."""

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from archives.choices import Segment
from crm.core.api.filters import StrictFilterSet, WholeFilter
from scoring.models import SegmentationMember
from scoring.queries import movers


class AssessmentFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number", label=_("customer number"))
    scorecard = django_filters.CharFilter(field_name="scorecard__kind", label=_("kind of scorecard"))


class EvaluationFilter(StrictFilterSet):
    customer = django_filters.CharFilter(field_name="customer__number", label=_("customer number"))
    year = WholeFilter(field_name="year", label=_("year"))


class MemberFilter(StrictFilterSet):
    segment = django_filters.ChoiceFilter(choices=Segment.choices, label=_("class"))
    moved = django_filters.ChoiceFilter(
        choices=[("true", _("yes")), ("false", _("no"))], method="by_move", label=_("whether the class changed")
    )

    def by_move(self, rows: QuerySet[SegmentationMember], name: str, value: str) -> QuerySet[SegmentationMember]:
        moved = movers(rows)
        return moved if value == "true" else rows.exclude(pk__in=moved.order_by().values("pk"))
