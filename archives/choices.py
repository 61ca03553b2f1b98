"""The words of the archive: every closed list of values, each with what follows from it."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CustomerStatus(models.TextChoices):
    POTENTIAL = "potential", _("potential")
    ACTIVE = "active", _("active")
    DORMANT = "dormant", _("dormant")
    CLOSED = "closed", _("closed")
    BLACKLISTED = "blacklisted", _("blacklisted")

    @property
    def tone(self) -> str:
        return {"active": "green", "potential": "azure", "dormant": "secondary"}.get(self, "red")

    @property
    def tradable(self) -> bool:
        """Whether orders may be accepted and the customer is ranked."""
        return self not in (self.CLOSED, self.BLACKLISTED)


class Size(models.TextChoices):
    MICRO = "micro", _("micro")
    SMALL = "small", _("small")
    MEDIUM = "medium", _("medium")
    LARGE = "large", _("large")


class Ownership(models.TextChoices):
    STATE = "state", _("state-owned")
    COLLECTIVE = "collective", _("collective")
    PRIVATE = "private", _("private")
    LISTED = "listed", _("listed")
    FOREIGN = "foreign", _("foreign-owned")
    JOINT_VENTURE = "joint_venture", _("joint venture")
    SOLE = "sole", _("sole proprietor")
    OTHER = "other", _("other")


class Category(models.TextChoices):
    DIRECT = "direct", _("direct")
    INDIRECT = "indirect", _("indirect")
    DEALER = "dealer", _("dealer")
    DISTRIBUTOR = "distributor", _("distributor")
    END_USER = "end_user", _("end user")
    OTHER = "other", _("other")


class Segment(models.TextChoices):
    A = "A", "A"
    B = "B", "B"
    C = "C", "C"

    @property
    def tone(self) -> str:
        return {"A": "blue", "B": "azure", "C": "secondary"}[self]

    @property
    def solid(self) -> bool:
        """The best class stands out of a page of badges."""
        return self == Segment.A


class Grade(models.TextChoices):
    """The customer's credit grade and the advice that goes with it."""

    CA1 = "CA1", "CA1"
    CA2 = "CA2", "CA2"
    CA3 = "CA3", "CA3"
    CA4 = "CA4", "CA4"
    CA5 = "CA5", "CA5"
    CA6 = "CA6", "CA6"
    NR = "NR", "NR"

    @property
    def meaning(self) -> str:
        return {
            "CA1": _("excellent, may have favourable terms"),
            "CA2": _("good, approve quickly"),
            "CA3": _("average, normal approval"),
            "CA4": _("rather poor, monitor"),
            "CA5": _("poor, ask for security"),
            "CA6": _("very poor"),
            "NR": _("not enough data"),
        }[self]

    @property
    def advice(self) -> str:
        return {
            "CA1": pgettext_lazy("limit advice", "large"),
            "CA2": pgettext_lazy("limit advice", "larger"),
            "CA3": pgettext_lazy("limit advice", "moderate"),
            "CA4": pgettext_lazy("limit advice", "small, reviewed regularly"),
            "CA5": pgettext_lazy("limit advice", "as little as possible"),
            "CA6": pgettext_lazy("limit advice", "none"),
            "NR": pgettext_lazy("limit advice", "no advice"),
        }[self]

    @property
    def tone(self) -> str:
        return {"CA1": "green", "CA2": "green", "CA3": "azure", "CA4": "orange", "NR": "secondary"}.get(self, "red")

    @property
    def risky(self) -> bool:
        """CA4 or worse: reports are valid for three months only."""
        return self in (self.CA4, self.CA5, self.CA6)


class Probability(models.TextChoices):
    HIGH = "high", _("high")
    MEDIUM = "medium", _("medium")
    LOW = "low", _("low")


class ReportKind(models.TextChoices):
    AGENCY = "agency", _("agency report")
    OWN = "own", _("own investigation")
    BANK = "bank", _("bank reference")
    TRADE = "trade", _("trade reference")


class ReportStatus(models.TextChoices):
    VALID = "valid", _("valid")
    EXPIRING = "expiring", _("expiring")
    STALE = "stale", _("stale")
    MISSING = "missing", _("missing")
    NOT_NEEDED = "not_needed", _("not needed")

    @property
    def tone(self) -> str:
        return {"valid": "green", "expiring": "orange", "not_needed": "secondary"}.get(self, "red")


class VisitKind(models.TextChoices):
    SITE = "site", _("on site")
    CALL = "call", _("call")
    LETTER = "letter", _("letter or e-mail")
    MEETING = "meeting", _("meeting")
    CONFERENCE = "conference", _("customer conference")
    FIRST_CONTACT = "first_contact", _("first contact")
    COLLECTION = "collection", _("collection")
    COMPLAINT = "complaint", _("complaint")

    @property
    def icon(self) -> str:
        return {
            "site": "building-factory-2",
            "call": "phone",
            "letter": "mail",
            "meeting": "users",
            "conference": "presentation",
            "first_contact": "hand-stop",
            "collection": "coin",
            "complaint": "message-report",
        }[self]

    @property
    def in_person(self) -> bool:
        """Whether people meet: what keeps a customer visited."""
        return self not in (self.CALL, self.LETTER)


class PlanState(models.TextChoices):
    """What has become of a planned visit."""

    OPEN = "open", _("open")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")

    @property
    def tone(self) -> str:
        return {"open": "blue", "done": "green"}.get(self, "secondary")


class OrderStatus(models.TextChoices):
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")
    CANCELLED = "cancelled", _("cancelled")


class DocumentKind(models.TextChoices):
    CONTRACT = "contract", _("contract")
    DELIVERY_NOTE = "delivery_note", _("delivery note")
    LICENCE = "licence", _("licence")
    CERTIFICATE = "certificate", _("certificate")
    STATEMENT = "statement", _("statement")
    PHOTO = "photo", _("photo")
    OTHER = "other", _("other")


class FlagReason(models.TextChoices):
    REPORT_EXPIRING = "report_expiring", _("credit report runs out")
    REPORT_STALE = "report_stale", _("credit report stale")
    REPORT_MISSING = "report_missing", _("credit report missing")
    ARCHIVE_STALE = "archive_stale", _("archive not confirmed")
    LIMIT_EXPIRING = "limit_expiring", _("limit runs out")
    LIMIT_REVIEW = "limit_review", _("limit due for review")

    @property
    def tone(self) -> str:
        return "orange" if self in ("report_expiring", "limit_expiring") else "red"


class ReviewCause(models.TextChoices):
    """Why a limit is to be reviewed. Facts name the first six; scoring and credit name the rest."""

    LEGAL_REPRESENTATIVE = "legal_representative", _("legal representative changed")
    OWNERSHIP = "ownership", _("ownership changed")
    REGISTERED_CAPITAL = "registered_capital", _("registered capital changed")
    BUSINESS_SCOPE = "business_scope", _("business scope changed")
    NAME = "name", _("registered name changed")
    ADDRESS = "address", _("registered address changed")
    WORSE_GRADE = "worse_grade", _("worse grade")
    STALE_REPORT = "stale_report", _("stale report")
    OVERDUE = "overdue", _("overdue debt")


class DecisionRole(models.TextChoices):
    DECIDES = "decides", _("decides")
    INFLUENCES = "influences", _("influences")
    USES = "uses", _("uses")
    PAYS = "pays", _("pays")
    OTHER = "other", _("other")


class SyncObject(models.TextChoices):
    """What a program brings in runs, each with what follows: who may, what is added up, what closing means."""

    CUSTOMERS = "customers", _("customers")
    SALES = "sales", _("monthly sales")
    ORDERS = "orders", _("orders")
    INVOICES = "invoices", _("invoices")
    PAYMENTS = "payments", _("payments")

    @property
    def scope(self) -> str:
        """Whose write scope opens the runs of this object."""
        return "receivables" if self in (self.INVOICES, self.PAYMENTS) else self.value

    @property
    def has_totals(self) -> bool:
        """Customers are counted, everything else is added up too."""
        return self != self.CUSTOMERS

    @property
    def closable(self) -> bool:
        """Whether a record that the source has no longer is closed. What is booked – sales, payments – is booked."""
        return self in (self.CUSTOMERS, self.ORDERS, self.INVOICES)


class SyncState(models.TextChoices):
    """What has become of a sync run."""

    OPEN = "open", pgettext_lazy("sync run", "open")
    FINISHED = "finished", pgettext_lazy("sync run", "finished")
    NEEDS_REVIEW = "needs_review", _("needs a decision")
    ABANDONED = "abandoned", _("abandoned")

    @property
    def tone(self) -> str:
        return {"open": "blue", "finished": "green", "needs_review": "red"}.get(self, "secondary")


class SyncDecision(models.TextChoices):
    """What was done with the records that a complete run did not bring."""

    NOTHING_MISSING = "nothing_missing", _("nothing was missing")
    CLOSED_BY_RULE = "closed_by_rule", _("closed: fewer than 2 % were missing")
    CLOSED = "closed", _("closed by a person")
    KEPT = "kept", _("kept by a person")
    SUPERSEDED = "superseded", _("a later complete run took its place")


class FieldOwner(models.TextChoices):
    """Who keeps a field of the customer. A shared one belongs to whoever wrote last."""

    SHARED = "shared", _("shared")
    ERP = "erp", _("the ERP")
    DOSSIER = "dossier", _("Dossier")
