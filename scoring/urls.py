"""Addresses of this app: pages for people, `api` below /api/v1/ for programs."""

from django.urls import path

from scoring import api as rest
from scoring import views

pages: list = [
    path("customers/<str:number>/assess/", views.assess_page, name="assess"),
    path("customers/<str:number>/evaluate/", views.evaluate_page, name="evaluate"),
    path("scoring/", views.ranking_page, name="ranking"),
    path("scoring/rank/", views.rank_now, name="rank_now"),
]
api: list = [
    path("scorecards/", rest.ScorecardList.as_view(), name="api_scorecards"),
    path("assessments/", rest.AssessmentList.as_view(), name="api_assessments"),
    path("assessments/<int:pk>/", rest.AssessmentView.as_view(), name="api_assessment"),
    path("evaluations/", rest.EvaluationList.as_view(), name="api_evaluations"),
    path("evaluations/<int:pk>/", rest.EvaluationView.as_view(), name="api_evaluation"),
    path("segmentations/", rest.RankingStart.as_view(), name="api_segmentations"),
    path("segmentations/latest/", rest.RankingLatest.as_view(), name="api_segmentations_latest"),
    path("segmentations/latest/members/", rest.RankingMembers.as_view(), name="api_segmentations_members"),
]
