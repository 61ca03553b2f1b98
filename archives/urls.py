"""Addresses of this app: pages for people, `api` below /api/v1/ for programs."""

from django.urls import path

from archives.api import bulk, contacts, flags, papers, receivables, reports, sync_runs, trade, visits
from archives.api import customers as customer_api
from archives.api import documents as document_api
from archives.api import plans as plan_api
from archives.views import at_hand, customers, documents, edit, facts, follow_ups, kept_fields, plans, selected
from archives.views import flags as flag_pages
from archives.views import reports as report_pages
from archives.views import sync_runs as sync_pages
from archives.views import visits as visit_pages

pages: list = [
    path("customers/", customers.customer_list, name="customers"),
    path("selected-customers/all/", selected.select_all, name="customers_all"),
    path("selected-customers/", selected.selected, name="customers_selected"),
    path("customers.csv", customers.export, name="customers_export"),
    path("new-customer/", edit.customer_new, name="customer_new"),
    path("customers/<str:number>/edit/<slug:layer>/", edit.customer_edit, name="customer_edit"),
    path("customers/<str:number>/facts/<slug:layer>/<slug:field>/", facts.fact, name="fact"),
    path("customers/<str:number>/facts/<slug:layer>/<slug:field>/edit/", facts.fact_edit, name="fact_edit"),
    path("customers/<str:number>/facts/<slug:layer>/<slug:field>/about/", facts.fact_about, name="fact_about"),
    path("customers/<str:number>/contacts/new/", edit.contact_new, name="contact_new"),
    path("customers/<str:number>/contacts/<int:pk>/", edit.contact_edit, name="contact_edit"),
    path("customers/<str:number>/confirm/", edit.fact_confirm, name="fact_confirm"),
    path("customers/<str:number>/documents/add/", edit.document_add, name="document_add"),
    path("customers/<str:number>/reports/new/", report_pages.report_new, name="report_new"),
    path("customers/<str:number>/visits/new/", visit_pages.visit_new, name="visit_new"),
    path("customers/<str:number>/visits/draft/", visit_pages.visit_draft, name="visit_draft"),
    path("visits/new/", at_hand.visit_choose, name="visit_choose"),
    path("visits/at-hand/", at_hand.visit_places, name="visit_places"),
    path("visits/<int:visit_id>/photos/", visit_pages.visit_photos, name="visit_photos"),
    path("visits/<int:visit_id>/take-back/", visit_pages.visit_take_back, name="visit_take_back"),
    path("offline/", at_hand.offline, name="offline"),
    path("visits/<int:visit_id>/done/", visit_pages.visit_done, name="visit_done"),
    path("customers/<str:number>/visit-plans/new/", plans.plan_new, name="plan_new"),
    path("visit-plans/", plans.plan_list, name="visit_plans"),
    path("visit-plans/<int:plan_id>/", plans.plan_edit, name="plan_edit"),
    path("visit-plans/<int:plan_id>/cancel/", plans.plan_cancel, name="plan_cancel"),
    path("sync-runs/", sync_pages.sync_runs, name="sync_runs"),
    path("sync-runs/<int:run>/", sync_pages.sync_run, name="sync_run"),
    path("sync-runs/<int:run>/close/", sync_pages.close, name="sync_run_close"),
    path("sync-runs/<int:run>/keep/", sync_pages.keep, name="sync_run_keep"),
    path("sync-runs/<int:run>/abandon/", sync_pages.abandon, name="sync_run_abandon"),
    path("sync-runs/<int:run>/retry/", sync_pages.retry, name="sync_run_retry_all"),
    path("sync-runs/<int:run>/rows/<int:failure>/retry/", sync_pages.retry, name="sync_run_retry"),
    path("kept-fields/", kept_fields.kept_fields, name="kept_fields"),
    path("flags/", flag_pages.flag_list, name="flags"),
    path("follow-ups/", follow_ups.follow_ups, name="follow_ups"),
    path("documents/<uuid:document_id>/", documents.download, name="document"),
]
api: list = [
    path("customers/", customer_api.CustomersView.as_view(), name="api_customers"),
    path("customers/bulk/", bulk.CustomersBulkView.as_view(), name="api_customers_bulk"),
    path("customers/<str:number>/", customer_api.CustomerView.as_view(), name="api_customer"),
    path("contacts/", contacts.ContactsView.as_view(), name="api_contacts"),
    path("contacts/<int:pk>/", contacts.ContactView.as_view(), name="api_contact"),
    path("documents/", document_api.DocumentsView.as_view(), name="api_documents"),
    path("documents/<uuid:pk>/", document_api.DocumentView.as_view(), name="api_document"),
    path("documents/<uuid:pk>/file/", document_api.DocumentFileView.as_view(), name="api_document_file"),
    path("financial-statements/", papers.StatementsView.as_view(), name="api_statements"),
    path("financial-statements/<int:pk>/", papers.StatementView.as_view(), name="api_statement"),
    path("confirmations/", papers.ConfirmationsView.as_view(), name="api_confirmations"),
    path("sales/", trade.SalesView.as_view(), name="api_sales"),
    path("sales/bulk/", bulk.SalesBulkView.as_view(), name="api_sales_bulk"),
    # A number of the trade may hold a slash, so the bulk calls come before the records.
    path("orders/", trade.OrdersView.as_view(), name="api_orders"),
    path("orders/bulk/", bulk.OrdersBulkView.as_view(), name="api_orders_bulk"),
    path("orders/<path:number>/", trade.OrderView.as_view(), name="api_order"),
    path("invoices/", trade.InvoicesView.as_view(), name="api_invoices"),
    path("invoices/bulk/", bulk.InvoicesBulkView.as_view(), name="api_invoices_bulk"),
    path("invoices/<path:number>/", trade.InvoiceView.as_view(), name="api_invoice"),
    path("payments/", trade.PaymentsView.as_view(), name="api_payments"),
    path("payments/bulk/", bulk.PaymentsBulkView.as_view(), name="api_payments_bulk"),
    path("payments/<path:number>/", trade.PaymentView.as_view(), name="api_payment"),
    path("credit-reports/", reports.ReportsView.as_view(), name="api_credit_reports"),
    path("credit-reports/<int:pk>/", reports.ReportView.as_view(), name="api_credit_report"),
    path("flags/", flags.FlagsView.as_view(), name="api_flags"),
    path("flags/<int:pk>/", flags.FlagView.as_view(), name="api_flag"),
    path("receivables/ageing/", receivables.AgeingView.as_view(), name="api_ageing"),
    path("receivables/payment-behaviour/", receivables.BehaviourView.as_view(), name="api_payment_behaviour"),
    path("sync-runs/", sync_runs.SyncRunsView.as_view(), name="api_sync_runs"),
    path("sync-runs/<int:run>/", sync_runs.SyncRunView.as_view(), name="api_sync_run"),
    path("sync-runs/<int:run>/finish/", sync_runs.SyncRunFinishView.as_view(), name="api_sync_run_finish"),
    path("sync-runs/<int:run>/abandon/", sync_runs.SyncRunAbandonView.as_view(), name="api_sync_run_abandon"),
    path("visits/", visits.VisitsView.as_view(), name="api_visits"),
    path("visits/<int:pk>/", visits.VisitView.as_view(), name="api_visit"),
    path("visits/<int:pk>/done/", visits.VisitDoneView.as_view(), name="api_visit_done"),
    path("visit-plans/", plan_api.PlansView.as_view(), name="api_visit_plans"),
    path("visit-plans/<int:pk>/", plan_api.PlanView.as_view(), name="api_visit_plan"),
    path("visit-plans/<int:pk>/cancel/", plan_api.PlanCancelView.as_view(), name="api_visit_plan_cancel"),
]
