"""What of the archive is told in the change feed, and by which name."""

from archives.models import (
    Contact,
    CreditProfile,
    CreditReport,
    Customer,
    Document,
    ExpectedValueInputs,
    FinancialStatement,
    Flag,
    Invoice,
    OperatingProfile,
    Order,
    Payment,
    SalesRecord,
    Standing,
    Visit,
)
from archives.models.customer import SEARCH_COLUMNS
from crm.core.models.feed import tell_changes

NUMBER = "record.number"
OF_CUSTOMER = "{number}"
SALES_KEY = "concat_ws('/', {number}, to_char(record.month, 'YYYY-MM'), nullif(record.product_line, ''))"

tell_changes(Customer, "customer", key=NUMBER, but=SEARCH_COLUMNS)
for part, layer in {
    "credit_profile": CreditProfile,
    "operating_profile": OperatingProfile,
    "expected_value": ExpectedValueInputs,
}.items():
    tell_changes(layer, "customer", key=OF_CUSTOMER, part=part)
tell_changes(Contact, "contact")
tell_changes(Visit, "visit")
tell_changes(Document, "document")
tell_changes(CreditReport, "report")
tell_changes(FinancialStatement, "statement")
tell_changes(Flag, "flag", tells=["reason", "raised_on", "closed_on"])
tell_changes(SalesRecord, "sales", key=SALES_KEY)
tell_changes(Order, "order", key=NUMBER)
tell_changes(Invoice, "invoice", key=NUMBER)
tell_changes(Payment, "payment", key=NUMBER)

# The sums of a standing follow from the trade record, which is told itself; what people look at is told.
tell_changes(Standing, "segment", key=OF_CUSTOMER, only=["segment", "core"], tells=["segment", "core"])
CONCLUDED = ["grade", "report_status", "report_valid_until", "limit_mode", "limit", "limit_valid_until"]
tell_changes(Standing, "standing", key=OF_CUSTOMER, only=CONCLUDED, tells=CONCLUDED)
