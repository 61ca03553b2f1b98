"""Addresses of this app: pages for people, `api` below /api/v1/ for programs."""

from django.urls import path

from crm.core import jobs_api, jobs_views
from crm.core.views import glossary, hints, lists, people, preferences, rates, shell, style, tokens, webhooks
from crm.core.webhooks import api as webhooks_api

pages: list = [
    path("jobs/", jobs_views.job_list, name="jobs"),
    path("jobs/working/", jobs_views.jobs_working, name="jobs_working"),
    path("jobs/<uuid:pk>/", jobs_views.job_page, name="job"),
    path("jobs/<uuid:pk>/file/", jobs_views.job_file, name="job_file"),
    path("jobs/<uuid:pk>/cancel/", jobs_views.cancel_job, name="cancel_job"),
    path("jobs/<uuid:pk>/repeat/", jobs_views.repeat_job, name="repeat_job"),
    path("notices/", jobs_views.notice_list, name="notices"),
    path("notices/read/", jobs_views.read_notices, name="read_notices"),
    path("glossary/", glossary.glossary, name="glossary"),
    path("hints/<slug:key>/close/", hints.close, name="hint_close"),
    path("hints/restore/", hints.restore, name="hints_restore"),
    path("settings/", preferences.preferences, name="settings"),
    path("lists/<slug:page>/columns/", lists.columns_choose, name="columns_choose"),
    path("lists/<slug:page>/views/", lists.view_keep, name="view_keep"),
    path("density/", lists.density, name="density"),
    path("views/<int:pk>/", lists.view_change, name="view_change"),
    path("people/", people.people, name="people"),
    path("people/new/", people.person_new, name="person_new"),
    path("people/<int:pk>/", people.person, name="person"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/<int:pk>/revoke/", tokens.token_revoke, name="token_revoke"),
    path("tokens/<int:pk>/rotate/", tokens.token_rotate, name="token_rotate"),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/<uuid:webhook>/", webhooks.webhook, name="webhook"),
    path("webhooks/<uuid:webhook>/switch/", webhooks.switch, name="webhook_switch"),
    path("webhooks/<uuid:webhook>/rotate/", webhooks.rotate, name="webhook_rotate"),
    path("webhooks/<uuid:webhook>/test/", webhooks.test, name="webhook_test"),
    path("webhooks/<uuid:webhook>/remove/", webhooks.remove, name="webhook_remove"),
    path("webhooks/<uuid:webhook>/deliveries/<uuid:delivery>/resend/", webhooks.resend, name="webhook_resend"),
    path("rates/", rates.rates, name="rates"),
    path("manifest.webmanifest", shell.manifest, name="manifest"),
    path("service-worker.js", shell.service_worker, name="service_worker"),
    path("style/", style.style, name="style"),
]
api: list = [
    path("jobs/", jobs_api.JobsView.as_view(), name="api_jobs"),
    path("jobs/<uuid:pk>/", jobs_api.JobView.as_view(), name="api_job"),
    path("webhooks/", webhooks_api.WebhooksView.as_view(), name="api_webhooks"),
    path("webhooks/<uuid:webhook>/", webhooks_api.WebhookView.as_view(), name="api_webhook"),
    path("webhooks/<uuid:webhook>/rotate/", webhooks_api.WebhookRotateView.as_view(), name="api_webhook_rotate"),
    path("webhooks/<uuid:webhook>/test/", webhooks_api.WebhookTestView.as_view(), name="api_webhook_test"),
    path("webhooks/<uuid:webhook>/deliveries/", webhooks_api.DeliveriesView.as_view(), name="api_deliveries"),
    path(
        "webhooks/<uuid:webhook>/deliveries/<uuid:delivery>/resend/",
        webhooks_api.DeliveryResendView.as_view(),
        name="api_delivery_resend",
    ),
]
