"""Every address of the product, in one place. Below /api/ programs, above it people."""

from django.contrib.auth.decorators import login_not_required
from django.urls import include, path, re_path
from django.views.i18n import JavaScriptCatalog, set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

import archives.urls
import credit.urls
import scoring.urls
from crm import views
from crm.core import health
from crm.core import urls as core_urls
from crm.core.api.schema import RENDERERS
from crm.views.changes import ChangesView
from crm.views.night import run_night
from crm.views.policy import policy

api = [
    *archives.urls.api,
    *scoring.urls.api,
    *credit.urls.api,
    *core_urls.api,
    path("changes/", ChangesView.as_view(), name="api_changes"),
    path("schema/", login_not_required(SpectacularAPIView.as_view(renderer_classes=RENDERERS)), name="schema"),
    path("docs/", login_not_required(SpectacularSwaggerSplitView.as_view(url_name="schema")), name="docs"),
    re_path(r"^.*$", views.api_not_found),
]

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("account/", include("allauth.account.urls")),
    path("api/v1/", include(api)),
    path("jsi18n/", login_not_required(JavaScriptCatalog.as_view(packages=["crm"])), name="javascript_catalog"),
    path("", views.my_day, name="my_day"),
    path("charts/<slug:code>/", views.my_day_chart, name="my_day_chart"),
    path("night/", run_night, name="run_night"),
    path("language/", login_not_required(set_language), name="set_language"),
    path("session/", views.session, name="session"),
    path("search/", views.search, name="search"),
    path("policy/", policy, name="policy"),
    path("audit/", views.audit_trail, name="audit"),
    *archives.urls.pages,
    *scoring.urls.pages,
    *credit.urls.pages,
    *core_urls.pages,
    path("customers/<str:number>/glance/", views.glance, name="glance"),
    # Last: customers/<number>/assess/ comes before a tab of that name.
    path("customers/<str:number>/", views.customer_page, name="customer"),
    path("customers/<str:number>/<slug:tab>/", views.customer_page, name="customer_tab"),
]

handler400 = "crm.views.bad_request"
handler404 = "crm.views.not_found"
handler403 = "crm.views.not_allowed"
handler429 = "crm.views.too_many"
handler500 = "crm.views.server_error"
