"""An example for every shape of the REST interface, as the OpenAPI document shows it: values of one customer's life."""

from typing import Any

CUSTOMER = "C-100234"
NOW = "2026-11-21T20:45:00Z"
ID = "0f3c9a52-6d0f-4c57-9a8e-2f1b7f0f6c11"
BASIC = {
    "number": CUSTOMER, "name": "杭州晨光轴承有限公司", "short_name": "晨光轴承", "status": "active",
    "currency": "CNY", "region": "ZJ", "size": "medium", "ownership": "private", "category": "direct",
    "industry": "bearings", "address": "杭州市滨江区江南大道 100 号", "postcode": "310000", "phone": "0571-85550101",
    "fax": "", "email": "info@chenguang.example", "website": "https://chenguang.example",
    "tax_number": "91330100MA2B1C2D3E",
    "registration_number": "330100000012345", "bank_name": "中国工商银行杭州分行",
    "bank_account": "1202020209900012345",
    "person_in_charge": "王建国", "legal_representative": "王建国", "business_scope": "轴承制造、销售",
    "license_valid_until": "2031-05-01", "owner": "liwei", "parent": "C-100200", "distributor": None,
    "related_since": "2014-03-01",
    "credit_profile": {
        "registered_capital": "20000000.00", "paid_in_capital": "20000000.00", "opened_on": "2003-06-01",
        "credit_period_days": 60, "settlement_day": 25, "payment_terms": "N60", "payment_method": "transfer",
    },
    "operating_profile": {
        "sales_staff": 24, "operating_staff": 180, "trading_area": "East China", "floor_area_m2": "5200.00",
        "warehouse_area_m2": "1800.00", "transport": "own trucks", "competing_products": "SKF, 人本",
    },
    "expected_value": {
        "market_potential": "12000000.00", "expected_share": "0.30", "expected_increase": "1500000.00",
        "probability": "medium",
    },
}  # fmt: skip
CONCLUDED = {
    "segment": "A", "core": True, "grade": "CA2", "report_status": "valid", "limit": "2000000.00",
    "exposure": "1486400.00", "available": "513600.00", "updated_at": NOW,
}  # fmt: skip
SALES = {"customer": CUSTOMER, "month": "2026-10", "product_line": "deep groove", "amount": "186400.00",
         "cost": "131000.00", "quantity": "5200.000", "currency": "CNY"}  # fmt: skip
ORDER = {"number": "SO-88121", "customer": CUSTOMER, "ordered_on": "2026-11-20", "unit": "east",
         "currency": "CNY", "amount": "206400.00", "open_amount": "206400.00", "delivered_uninvoiced": "0.00",
         "status": "open"}  # fmt: skip
INVOICE = {"number": "INV-2026-0917", "customer": CUSTOMER, "order": "SO-87003", "invoiced_on": "2026-09-17",
           "due_on": "2026-11-16", "unit": "east", "currency": "CNY", "amount": "120000.00",
           "disputed": False}  # fmt: skip
PAYMENT = {"number": "PAY-2026-1102", "customer": CUSTOMER, "paid_on": "2026-11-02", "currency": "CNY",
           "amount": "60000.00", "invoice": "INV-2026-0917"}  # fmt: skip
STORED = {"source_version": 41, "updated_at": NOW}
CONTACT = {"name": "陈丽", "title": "采购经理", "phone": "13805710000", "email": "chenli@chenguang.example",
           "decision_role": "decides", "reports_to": None, "birthday": None, "left_on": None}  # fmt: skip
FIGURES = {
    "customer": CUSTOMER, "period_end": "2025-12-31", "currency": "CNY", "current_assets": "31000000.00",
    "inventory": "9000000.00", "current_liabilities": "17000000.00", "total_liabilities": "21000000.00",
    "net_assets": "24000000.00", "total_assets": "45000000.00", "revenue": "88000000.00",
    "gross_profit": "15000000.00", "net_profit": "4200000.00",
}  # fmt: skip
POINTS = {"payment_record": 8, "business_reputation": 7}
CHECK = {"customer": CUSTOMER, "order": "SO-88121", "amount": "206400.00", "currency": "CNY", "unit": "east"}
WEBHOOK = {"url": "https://erp.example.com/dossier", "events": ["order.held", "order.decided"]}
STORED_WEBHOOK = {"id": ID, "account": "erp", **WEBHOOK, "active": True, "ended": "", "failing_since": None,
                  "previous_until": None, "created_at": NOW}  # fmt: skip
RUN = {
    "id": 7, "account": "erp", "object": "invoices", "complete": True, "state": "finished", "count": 12345,
    "totals": {"CNY": "98765432.10"}, "as_of": NOW, "started_at": NOW, "finished_at": NOW, "created": 210,
    "updated": 44, "unchanged": 12090, "failed": 1, "failed_rows": 1,
    "held": {"count": 12344, "totals": {"CNY": "98645432.10"}}, "agrees": False, "missing": 3, "closed": 3,
    "decision": "closed_by_rule",
}  # fmt: skip
PROBLEM = {
    "type": "about:blank", "title": "Bad request", "status": 400, "code": "invalid",
    "detail": "A month is written YYYY-MM, for example 2026-11.", "request_id": "5d1f0b6c2a9e4c1e8f7a6b5c4d3e2f10",
    "errors": [{"pointer": "/items/3/month", "code": "invalid",
                "detail": "A month is written YYYY-MM, for example 2026-11."}],
}  # fmt: skip


def bulk(*items: dict[str, Any]) -> dict[str, Any]:
    return {"items": list(items), "mode": "partial", "dry_run": False}


ASKED: dict[str, Any] = {
    "Customer": BASIC,
    "PatchedCustomer": {"phone": "0571-85550102", "credit_profile": {"credit_period_days": 45}},
    "CustomersBulk": bulk(
        {"number": CUSTOMER, "name": "杭州晨光轴承有限公司", "currency": "CNY", "owner": "liwei", "source_version": 41}
    ),
    "SalesBulk": bulk(SALES),
    "OrdersBulk": bulk(ORDER),
    "InvoicesBulk": bulk(INVOICE),
    "PaymentsBulk": bulk(PAYMENT),
    "NewContact": {"customer": CUSTOMER, **CONTACT},
    "PatchedContactChange": {"title": "采购总监", "left_on": None},
    "NewStatement": FIGURES,
    "NewConfirmation": {"customer": CUSTOMER, "layer": "basic", "field": "bank_account", "verified": True},
    "NewVisit": {
        "customer": CUSTOMER, "happened_at": "2026-11-20T09:30:00+08:00", "kind": "site",
        "content": "Second line runs since October; wants to order for the whole year.", "people": ["陈丽"],
        "minutes": 45, "next_step": "Send an offer for 2027", "next_step_due": "2026-11-28",
        "checklist": {"premises": 9}, "client_id": ID,
    },
    "NewPlan": {"customer": CUSTOMER, "day": "2026-12-03", "kind": "site", "purpose": "Offer for 2027",
                "person": "liwei"},
    "PatchedPlanChange": {"day": "2026-12-04"},
    "NewReport": {"customer": CUSTOMER, "kind": "agency", "issued_on": "2026-09-01", "source": "Sinosure",
                  "grade": "B", "opinion": "Pays within terms.", "price": "1200.00", "currency": "CNY"},
    "NewCheck": CHECK,
    "Words": {"reason": "The customer has paid; the bank confirms it."},
    "NewApplication": {"customer": CUSTOMER, "amount": "2500000.00", "currency": "CNY", "months": 12,
                       "credit_period_days": 60, "reason": "Orders for the whole of 2027."},
    "Approving": {"amount": "2200000.00", "comment": "Less until the next statement."},
    "Decision": {"comment": "The statement of 2026 is missing."},
    "NewAssessment": {"customer": CUSTOMER, "scorecard": "characteristic", "assessed_on": "2026-11-21",
                      "points": POINTS, "comments": {"payment_record": "Twice three days late."}},
    "NewEvaluation": {"customer": CUSTOMER, "year": 2025, "target": "2400000.00", "attitude": "good",
                      "information": "excellent", "late": 2, "made_up": 1},
    "NewRanking": {"as_of": "2026-11-21"},
    "NewWebhook": WEBHOOK,
    "PatchedWebhookChange": {"active": True},
    "NewRun": {"object": "invoices", "complete": True, "count": 12345, "totals": {"CNY": "98765432.10"}},
    "Finish": {"customers": {CUSTOMER: {"CNY": "1280000.00"}}},
}  # fmt: skip
TOLD: dict[str, Any] = {
    "Problem": PROBLEM,
    "Customer": BASIC | CONCLUDED,
    "WrittenCustomer": BASIC | CONCLUDED,
    "BulkResult": {
        "created": 9120, "updated": 412, "unchanged": 466, "failed": 2,
        "errors": [{"index": 17, "key": "C-1", "errors": [
            {"pointer": "/items/17/tax_number", "code": "invalid", "detail": "A tax number has 15 to 20 characters."}
        ]}],
    },
    "WholeRun": RUN | {
        "differing": 1,
        "differences": [
            {"customer": CUSTOMER, "currency": "CNY", "announced": "1280000.00", "held": "1160000.00"}
        ],
        "failures": [{"key": "INV-2026-0917", "at": NOW, "errors": [
            {"pointer": "/customer", "code": "unknown_reference",
             "detail": "There is no C-9 here, or you may not see it."}
        ]}],
    },
    "StoredSales": SALES | STORED | {"unit": None, "target": None},
    "StoredOrder": ORDER | STORED,
    "StoredInvoice": INVOICE | STORED | {"open_amount": "60000.00", "settled_on": None},
    "StoredPayment": PAYMENT | STORED,
    "Contact": {"id": 71, "customer": CUSTOMER, **CONTACT},
    "Document": {
        "id": ID, "customer": CUSTOMER, "kind": "licence", "title": "营业执照", "number": "91330100MA2B1C2D3E",
        "valid_until": "2031-05-01", "visit": None, "content_type": "application/pdf", "size": 482113, "by": "liwei",
        "created_at": NOW,
    },
    "Statement": {"id": 12, **FIGURES},
    "Confirmation": {"id": 90, "customer": CUSTOMER, "layer": "basic", "field": "bank_account", "on": "2026-11-21",
                     "by": "liwei", "verified": True},
    "Visit": {
        "id": 3021, "client_id": ID, "customer": CUSTOMER, "happened_at": "2026-11-20T01:30:00Z", "kind": "site",
        "by": "liwei", "content": "Second line runs since October.", "people": ["陈丽"], "colleagues": [],
        "minutes": 45, "checklist": {"premises": 9}, "next_step": "Send an offer for 2027",
        "next_step_due": "2026-11-28", "next_step_done_on": None, "created_at": NOW,
    },
    "Plan": {"id": 8, "customer": CUSTOMER, "person": "liwei", "day": "2026-12-03", "kind": "site",
             "purpose": "Offer for 2027", "state": "open", "visit": None, "cancelled_on": None, "created_at": NOW},
    "Report": {
        "id": 55, "customer": CUSTOMER, "kind": "agency", "source": "Sinosure", "issued_on": "2026-09-01",
        "validity_months": 6, "valid_until": "2027-03-01", "status": "valid", "grade": "B",
        "opinion": "Pays within terms.", "price": "1200.00", "currency": "CNY",
    },
    "Flag": {"id": 402, "customer": CUSTOMER, "reason": "report_stale", "subject": "", "raised_on": "2026-11-21",
             "closed_on": None, "detail": "The credit report ran out on 31 October 2026."},
    "Ageing": {"as_of": "2026-11-21", "currency": "CNY", "not_due": "1160000.00", "d1_30": "0.00",
               "d31_60": "120000.00", "d61_90": "0.00", "d90_plus": "0.00", "total": "1280000.00",
               "disputed": "0.00"},
    "Behaviour": {"as_of": "2026-11-21", "invoices_settled": 41, "on_time": 35, "on_time_percent": "85.37",
                  "average_days_late": "3.20", "worst_days_late": 19, "dso": "54.0"},
    "Credit": {
        "limit": "2000000.00", "limit_mode": "amount", "currency": "CNY", "valid_until": "2027-03-31",
        "exposure": "1486400.00", "available": "513600.00",
        "breakdown": {"receivables": "1280000.00", "delivered_uninvoiced": "0.00", "open_orders": "0.00",
                      "reservations": "206400.00", "unapplied_payments": "0.00"},
        "overdue": "120000.00", "oldest_overdue_days": 41,
        "group": {"number": "C-100200", "limit": "5000000.00", "exposure": "3050000.00", "available": "1950000.00"},
        "as_of": NOW,
    },
    "OrderCheck": CHECK | {
        "decision": "held", "state": "open", "available_before": "120000.00", "available_after": "120000.00",
        "reasons": [{"code": "over_limit", "detail": "The order is 86,400.00 CNY more than what is available.",
                     "measured": "206400.00", "threshold": "120000.00"}],
        "binding": "customer", "reserved_until": None,
        "ways_out": ["Ship for at most 120,000.00 CNY now."], "decided_by": None, "decision_reason": "",
        "checked_at": NOW,
    },
    "Limit": {"id": 31, "customer": CUSTOMER, "unit": None, "mode": "amount", "amount": "2000000.00",
              "currency": "CNY", "valid_from": "2026-04-01", "valid_until": "2027-03-31", "superseded_at": None,
              "credit_period_days": 60, "application": 7},
    "Reservation": {"order": "SO-88121", "customer": CUSTOMER, "unit": "east", "amount": "206400.00",
                    "currency": "CNY", "reserved_until": "2026-12-21"},
    "Application": {
        "id": 7, "customer": CUSTOMER, "amount": "2500000.00", "currency": "CNY", "amount_base": "2500000.00",
        "months": 12, "credit_period_days": 60, "reason": "Orders for the whole of 2027.", "state": "submitted",
        "waiting_for": "credit_officer", "applicant": "liwei", "created_at": NOW, "submitted_on": "2026-11-21",
        "decide_by": "2026-11-26", "approvals": [],
    },
    "Assessment": {
        "id": 611, "customer": CUSTOMER, "scorecard": "characteristic", "version": 1, "assessed_on": "2026-11-21",
        "score": "612.00", "maximum": "800.00", "percent": "76.50", "coverage": "100.00", "grade": "CA2",
        "groups": [{"code": "customer", "percent": "78.00"}], "limit_advice": "A limit may be granted.",
        "points": POINTS, "comments": {"payment_record": "Twice three days late."}, "by": "chenjie",
    },
    "Evaluation": {
        "id": 17, "customer": CUSTOMER, "year": 2025, "target": "2400000.00", "actual": "1920000.00",
        "currency": "CNY", "attitude_rating": "good", "information_rating": "excellent", "late": 2, "made_up": 1,
        "performance": "40.00", "attitude": "15.00", "credit": "10.00", "information": "10.00", "total": "75.00",
        "overall": "good", "satisfactory": False,
    },
    "Queued": {"job": ID},
    "Ranking": {"id": 5, "as_of": "2026-11-21", "currency": "CNY", "ranked": 1200,
                "counts": {"A": 96, "B": 264, "C": 840}, "moved": 37, "finished_at": NOW, "job": ID},
    "Member": {"rank": 3, "customer": CUSTOMER, "expected_value": "3600000.00", "current_business": "2100000.00",
               "segment": "A", "previous": "B"},
    "Job": {"id": ID, "kind": "rank_customers", "state": "running", "done": 4200, "total": 10000,
            "message": "4,200 of 10,000 customers", "result": None, "created_at": NOW, "started_at": NOW,
            "finished_at": None},
    "ChangePage": {
        "next": "https://dossier.example.com/api/v1/changes/?after=5f0c7a11-1806", "previous": None,
        "cursor": "5f0c7a11-1806",
        "results": [{"cursor": "5f0c7a11-1806", "kind": "customer", "key": CUSTOMER, "customer": CUSTOMER,
                     "action": "updated", "fields": ["phone", "credit_profile.payment_terms"], "data": {}, "at": NOW,
                     "by": "liwei"}],
    },
    "Webhook": STORED_WEBHOOK,
    "WebhookWithSecret": STORED_WEBHOOK | {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"},
    "Delivery": {"id": ID, "message_id": "msg_0f3c9a52", "event": "order.held", "state": "delivered", "attempts": 1,
                 "status": 204, "trouble": "", "created_at": NOW, "tried_at": NOW, "due_at": None},
}  # fmt: skip


def add_examples(result: dict[str, Any], **_how: Any) -> dict[str, Any]:
    """A hook of the document's generator: what is sent is described apart from what is answered."""
    shapes = result["components"]["schemas"]
    for names in ({f"{name}Request": example for name, example in ASKED.items()}, TOLD):
        for name in names.keys() & shapes.keys():
            shapes[name]["example"] = names[name]
    return result
