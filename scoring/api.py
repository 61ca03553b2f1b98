"""Scorecards, assessments, yearly evaluations and rankings over REST."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from archives.choices import Segment
from archives.models import Customer
from crm.core.api.formats import Day, Instant, Money, StrictSerializer, read
from crm.core.api.views import ApiView, Idempotent, ListView, RecordView
from crm.core.roles import Can
from scoring.commands.assessments import assess, evaluate_year
from scoring.commands.ranking import start_ranking
from scoring.filters import AssessmentFilter, EvaluationFilter, MemberFilter
from scoring.models import Assessment, Evaluation, Scorecard, SegmentationMember
from scoring.queries import counts_for, latest_ranking, members_for, scorecards_in_force, worded
from scoring.rules import Rating

RIGHTS = {"read": Can.SEE_CREDIT, "write": Can.SCORE}
MOST_PAYMENTS = 10_000


# --- Scorecards ------------------------------------------------------------------------------------------------------
@extend_schema_field({"type": "number", "example": 15})
class Weight(serializers.ReadOnlyField):
    """A number as the scorecard has it: 15 stays 15."""


class IndicatorSerializer(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()
    help = serializers.CharField()
    weight = Weight()


class GroupSerializer(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()
    help = serializers.CharField()
    indicators = IndicatorSerializer(many=True)


class BandSerializer(serializers.Serializer):
    grade = serializers.CharField()

    def get_fields(self):
        # `from` is a word of Python's and cannot be written as an attribute.
        return {"from": serializers.IntegerField(help_text="lowest whole percent")} | super().get_fields()


class ScorecardSerializer(serializers.Serializer):
    """A published scorecard; codes are stable, labels follow the caller's language."""

    kind = serializers.CharField()
    label = serializers.CharField()
    help = serializers.CharField()
    version = serializers.IntegerField()
    groups = GroupSerializer(many=True)
    bands = BandSerializer(many=True)

    def to_representation(self, scorecard: Scorecard) -> dict:
        return super().to_representation(worded(scorecard))


class ScorecardList(ListView):
    scope, rights = "scoring", RIGHTS
    serializer_class = ScorecardSerializer

    def get_queryset(self):
        return scorecards_in_force()

    @extend_schema(operation_id="scorecards_list", responses=ScorecardSerializer(many=True))
    def get(self, request):
        """The published scorecards: kind, version, groups, indicators with weights, bands."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


# --- Assessments -----------------------------------------------------------------------------------------------------
@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "integer", "minimum": 1, "maximum": 10, "nullable": True}}
)
class Points(serializers.DictField):
    """Points by indicator; the scorecard's rule says which are good, so that pages and programs hear the same."""


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "maxLength": 1000}})
class Comments(serializers.DictField):
    """Comments by indicator."""


class NewAssessmentSerializer(StrictSerializer):
    customer = serializers.CharField()
    scorecard = serializers.CharField()
    assessed_on = Day(required=False)
    points = Points()
    comments = Comments(required=False)


class GroupPercentSerializer(serializers.Serializer):
    code = serializers.CharField()
    percent = serializers.CharField(allow_null=True)


class AssessmentSerializer(serializers.Serializer):
    """An assessment with its result; `grade` is the scorecard's, `limit_advice` what its credit grade advises."""

    id = serializers.IntegerField()
    customer = serializers.CharField(source="customer.number")
    scorecard = serializers.CharField(source="scorecard.kind")
    version = serializers.IntegerField(source="scorecard.version")
    assessed_on = serializers.DateField()
    score = Money()
    maximum = Money()
    percent = Money(allow_null=True)
    coverage = Money()
    grade = serializers.CharField()
    groups = GroupPercentSerializer(many=True)
    limit_advice = serializers.SerializerMethodField()
    points = Points()
    comments = Comments()
    by = serializers.CharField(source="by.username")

    def get_limit_advice(self, row: Assessment) -> str:
        return str(row.credit_grade.advice)


class OfAssessments:
    """What both doors share."""

    scope, rights = "scoring", RIGHTS
    serializer_class = AssessmentSerializer
    queryset = Assessment.objects.none()

    def get_queryset(self):
        rows = Assessment.objects.visible_to(self.request.user).select_related("customer", "scorecard", "by")
        return rows.order_by("-assessed_on", "-id")


class AssessmentList(Idempotent, OfAssessments, ListView):
    filterset_class = AssessmentFilter

    @extend_schema(operation_id="assessments_list", responses=AssessmentSerializer(many=True))
    def get(self, request):
        """The assessments you may see, latest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="assessments_create", request=NewAssessmentSerializer, responses={201: AssessmentSerializer}
    )
    def post(self, request):
        """Score a customer. Leave out – or send null for – what nobody can score; the day defaults to today."""
        return self.dispatch_once(request, lambda: self._assess(request))

    def _assess(self, request) -> Response:
        given = read(NewAssessmentSerializer, request)
        customer, today = customer_of(given, request.user), timezone.localdate()
        row = assess(customer, **{"assessed_on": today} | given, by=request.user, today=today)
        return Response(AssessmentSerializer(row).data, status=201)


class AssessmentView(OfAssessments, RecordView):
    """One assessment."""


def customer_of(given: dict, user) -> Customer:
    """Takes the customer's number out of a body; 404 when it is not there or not the caller's to see."""
    return get_object_or_404(Customer.objects.visible_to(user), number=given.pop("customer"))


# --- Yearly evaluations ----------------------------------------------------------------------------------------------
class NewEvaluationSerializer(StrictSerializer):
    customer = serializers.CharField()
    year = serializers.IntegerField(min_value=1, max_value=9999)
    target = Money(minimum="positive")
    actual = Money(required=False)
    attitude = serializers.ChoiceField(choices=Rating.choices)
    information = serializers.ChoiceField(choices=Rating.choices)
    late = serializers.IntegerField(min_value=0, max_value=MOST_PAYMENTS)
    made_up = serializers.IntegerField(min_value=0, max_value=MOST_PAYMENTS)


class EvaluationSerializer(serializers.Serializer):
    """An evaluated year: four parts out of 50, 20, 20 and 10 points, their total, and what they came from."""

    id = serializers.IntegerField()
    customer = serializers.CharField(source="customer.number")
    year = serializers.IntegerField()
    target = Money()
    actual = Money()
    currency = serializers.CharField(source="customer.currency")
    attitude_rating = serializers.ChoiceField(choices=Rating.choices)
    information_rating = serializers.ChoiceField(choices=Rating.choices)
    late = serializers.IntegerField()
    made_up = serializers.IntegerField()
    performance = Money()
    attitude = Money()
    credit = Money()
    information = Money()
    total = Money()
    overall = serializers.ChoiceField(choices=Rating.choices)
    satisfactory = serializers.BooleanField()


class OfEvaluations:
    """What both doors share."""

    scope, rights = "scoring", RIGHTS
    serializer_class = EvaluationSerializer
    queryset = Evaluation.objects.none()

    def get_queryset(self):
        return Evaluation.objects.visible_to(self.request.user).select_related("customer").order_by("-year", "-id")


class EvaluationList(Idempotent, OfEvaluations, ListView):
    filterset_class = EvaluationFilter

    @extend_schema(operation_id="evaluations_list", responses=EvaluationSerializer(many=True))
    def get(self, request):
        """The evaluated years of the customers you may see, latest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        operation_id="evaluations_create",
        request=NewEvaluationSerializer,
        responses={200: EvaluationSerializer, 201: EvaluationSerializer},
    )
    def post(self, request):
        """Evaluate a year; `actual` defaults to its sales. A year evaluated before is evaluated anew (200)."""
        return self.dispatch_once(request, lambda: self._evaluate(request))

    def _evaluate(self, request) -> Response:
        given = read(NewEvaluationSerializer, request)
        customer = customer_of(given, request.user)
        row, created = evaluate_year(customer, **given, by=request.user, today=timezone.localdate())
        return Response(EvaluationSerializer(row).data, status=201 if created else 200)


class EvaluationView(OfEvaluations, RecordView):
    """One evaluated year."""


# --- Rankings --------------------------------------------------------------------------------------------------------
class NewRankingSerializer(StrictSerializer):
    as_of = Day()


class QueuedSerializer(serializers.Serializer):
    job = serializers.UUIDField(help_text="ask GET /jobs/{id}/ how far it is")


class RankingStart(Idempotent, ApiView):
    scope, rights = "scoring", {"write": Can.RANK}
    serializer_class = NewRankingSerializer

    @extend_schema(operation_id="segmentations_create", request=NewRankingSerializer, responses={202: QueuedSerializer})
    def post(self, request):
        """Rank all customers as of a day. The work is a job; the one that waits for the same day is given again."""
        return self.dispatch_once(request, lambda: self._start(request))

    def _start(self, request) -> Response:
        job = start_ranking(**read(NewRankingSerializer, request), by=request.user, today=timezone.localdate())
        return Response({"job": str(job.pk)}, status=202)


class CountsSerializer(serializers.Serializer):
    A = serializers.IntegerField()
    B = serializers.IntegerField()
    C = serializers.IntegerField()


class RankingSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    as_of = serializers.DateField()
    currency = serializers.CharField()
    ranked = serializers.IntegerField()
    counts = CountsSerializer()
    moved = serializers.IntegerField()
    finished_at = Instant()
    job = serializers.UUIDField(allow_null=True)


class RankingLatest(ApiView):
    scope, rights = "scoring", RIGHTS
    serializer_class = RankingSerializer

    @extend_schema(operation_id="segmentations_latest", responses=RankingSerializer)
    def get(self, request):
        """The latest finished ranking; the counts are of the customers you may see."""
        ranking = latest_ranking()
        if ranking is None:
            raise Http404
        shown = {name: getattr(ranking, name) for name in ("id", "as_of", "currency", "finished_at")}
        shown |= {"job": ranking.job_id} | counts_for(ranking, request.user)
        return Response(RankingSerializer(shown).data)


class MemberSerializer(serializers.Serializer):
    """A customer's place: sums in the base currency; `previous` is its class before the ranking."""

    rank = serializers.IntegerField()
    customer = serializers.CharField(source="customer.number")
    expected_value = Money()
    current_business = Money()
    segment = serializers.ChoiceField(choices=Segment.choices)
    previous = serializers.ChoiceField(choices=Segment.choices, allow_null=True)


class RankingMembers(ListView):
    scope, rights = "scoring", RIGHTS
    serializer_class = MemberSerializer
    filterset_class = MemberFilter
    ordering = "rank"

    queryset = SegmentationMember.objects.none()

    def get_queryset(self):
        ranking = latest_ranking()
        return members_for(ranking, self.request.user) if ranking else SegmentationMember.objects.none()

    @extend_schema(operation_id="segmentations_latest_members", responses=MemberSerializer(many=True))
    def get(self, request):
        """The places of the latest ranking, first rank first; `moved=true` for those whose class changed."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
