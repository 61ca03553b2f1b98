"""Addresses of this app: pages for people, `api` below /api/v1/ for programs."""

from django.urls import path

from credit.api import applications, checks, standing
from credit.views import applications as asking
from credit.views import orders

pages: list = [
    path("credit/applications/", asking.application_list, name="applications"),
    path("credit/applications/new/", asking.application_new, name="limit_ask"),
    path("credit/applications/<int:pk>/", asking.application_page, name="application"),
    path("credit/applications/<int:pk>/edit/", asking.application_edit, name="application_edit"),
    path("credit/applications/<int:pk>/submit/", asking.application_submit, name="application_submit"),
    path("credit/applications/<int:pk>/withdraw/", asking.application_withdraw, name="application_withdraw"),
    path("credit/applications/<int:pk>/approve/", asking.application_approve, name="application_approve"),
    path("credit/applications/<int:pk>/return/", asking.application_return, name="application_return"),
    path("credit/applications/<int:pk>/reject/", asking.application_reject, name="application_reject"),
    path("credit/holds/", orders.hold_list, name="holds"),
    path("credit/holds/<path:order>/release/", orders.hold_release, name="hold_release"),
    path("credit/holds/<path:order>/refuse/", orders.hold_refuse, name="hold_refuse"),
    path("credit/holds/<path:order>/again/", orders.hold_check_again, name="hold_check_again"),
    path("customers/<str:number>/can-i-ship/", orders.what_if, name="what_if"),
]
api: list = [
    path("customers/<str:number>/credit/", standing.CustomerCreditView.as_view(), name="api_customer_credit"),
    path("limits/", standing.LimitsView.as_view(), name="api_limits"),
    path("limits/<int:pk>/", standing.LimitView.as_view(), name="api_limit"),
    path("reservations/", standing.ReservationsView.as_view(), name="api_reservations"),
    path("order-checks/", checks.OrderChecksView.as_view(), name="api_order_checks"),
    # An order's number may hold a slash, so the deeds come before the order itself.
    path("order-checks/<path:order>/cancel/", checks.CancelView.as_view(), name="api_order_check_cancel"),
    path("order-checks/<path:order>/fulfil/", checks.FulfilView.as_view(), name="api_order_check_fulfil"),
    path("order-checks/<path:order>/release/", checks.ReleaseView.as_view(), name="api_order_check_release"),
    path("order-checks/<path:order>/refuse/", checks.RefuseView.as_view(), name="api_order_check_refuse"),
    path("order-checks/<path:order>/", checks.OrderCheckView.as_view(), name="api_order_check"),
    path("limit-applications/", applications.ApplicationsView.as_view(), name="api_applications"),
    path("limit-applications/<int:pk>/", applications.ApplicationView.as_view(), name="api_application"),
    path("limit-applications/<int:pk>/submit/", applications.SubmitView.as_view(), name="api_application_submit"),
    path("limit-applications/<int:pk>/approve/", applications.ApproveView.as_view(), name="api_application_approve"),
    path("limit-applications/<int:pk>/return/", applications.ReturnView.as_view(), name="api_application_return"),
    path("limit-applications/<int:pk>/reject/", applications.RejectView.as_view(), name="api_application_reject"),
    path("limit-applications/<int:pk>/withdraw/", applications.WithdrawView.as_view(), name="api_application_withdraw"),
]
