"""FACTS: the customer with its layers, the people, the visits, the papers and the trade record."""

from .collected import Confirmation, Contact, CreditReport, Document, FinancialStatement, Flag, Visit, VisitDraft
from .customer import CreditProfile, Customer, ExpectedValueInputs, OfCustomerQuerySet, OperatingProfile, Standing
from .plans import VisitPlan
from .syncing import KeptField, SyncCall, SyncedRecord, SyncFailure, SyncRun
from .trade import Invoice, Order, Payment, SalesRecord

__all__ = [
    "Confirmation",
    "Contact",
    "CreditProfile",
    "CreditReport",
    "Customer",
    "Document",
    "ExpectedValueInputs",
    "FinancialStatement",
    "Flag",
    "Invoice",
    "KeptField",
    "OfCustomerQuerySet",
    "OperatingProfile",
    "Order",
    "Payment",
    "SalesRecord",
    "Standing",
    "SyncCall",
    "SyncFailure",
    "SyncRun",
    "SyncedRecord",
    "Visit",
    "VisitDraft",
    "VisitPlan",
]
