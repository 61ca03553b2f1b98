"""A few papers for the flagship: a contract, the licence, a statement of account, each a small file of its own."""

from datetime import date, timedelta
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from archives.choices import DocumentKind
from archives.commands.documents import store_document
from archives.models import Customer, Document, Invoice
from crm.core.models import User

PAGE = (620, 877)


def store(customer: Customer, by: User, today: date) -> None:
    """Each paper with its number and the day it is valid until, filed some days ago."""
    contract, licence = f"HT-{today.year}-0142", "330109000555123"
    next_march, kinds = date(today.year + 1, 3, 31), DocumentKind
    for ago, kind, title, file, number, valid_until in (
        (232, kinds.LICENCE, "营业执照", _pdf("Business licence", licence), licence, customer.license_valid_until),
        (201, kinds.CONTRACT, "年度框架合同", _pdf("Framework contract", contract), contract, next_march),
        (20, kinds.STATEMENT, "对账单", _statement(customer), "", None),
    ):
        paper = store_document(customer, file, by=by, kind=kind, title=title, number=number, valid_until=valid_until)
        Document.objects.filter(pk=paper.pk).update(created_at=paper.created_at - timedelta(days=ago))


def _pdf(heading: str, number: str) -> SimpleUploadedFile:
    """One page that says what it is."""
    page, out = Image.new("RGB", PAGE, "white"), BytesIO()
    ImageDraw.Draw(page).multiline_text(
        (60, 80), f"{heading} {number}\n\nDemonstration paper", fill="black", spacing=12
    )
    page.save(out, "PDF")
    return SimpleUploadedFile("paper.pdf", out.getvalue())


def _statement(customer: Customer) -> SimpleUploadedFile:
    """What is open, as the customer would be sent it."""
    rows = Invoice.objects.filter(customer=customer, open_amount__gt=0).order_by("due_on")
    lines = ["invoice,due,open", *(f"{row.number},{row.due_on},{row.open_amount}" for row in rows)]
    return SimpleUploadedFile("statement.csv", "\n".join(lines).encode())
