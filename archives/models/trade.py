"""The trade record: sales per month, orders, invoices and payments, as the ERP tells them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from archives.choices import OrderStatus
from crm.core.models import CurrencyField, MoneyField, TextChoice, Unit

from .customer import Customer, OfCustomerQuerySet


class FromErp(models.Model):
    """What every synced record carries: an older `source_version` never overwrites a newer one."""

    source_version = models.BigIntegerField(null=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OfCustomerQuerySet.as_manager()

    class Meta:
        abstract = True


class SalesRecord(FromErp):
    """Sales to one customer in one month, per product line and selling unit where known."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="sales")
    month = models.DateField(_("month"), help_text=_("the first day of the month"))
    product_line = models.CharField(_("product line"), max_length=64, blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name=_("selling unit"))
    currency = CurrencyField(_("currency"))
    amount = MoneyField(_("sales"))
    cost = MoneyField(_("cost"), null=True, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=3, null=True, blank=True)
    target = MoneyField(_("target"), null=True, blank=True)

    class Meta(FromErp.Meta):
        abstract = False
        verbose_name = _("monthly sales")
        ordering = ["-month"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "month", "product_line", "unit"], name="sales_once_a_month", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="sales_month_is_first_day"),
        ]
        indexes = [models.Index(fields=["month", "customer"], include=["amount", "currency"], name="sales_by_month")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.month:%Y-%m}"


class Order(FromErp):
    """A customer's order. `open_amount` is not delivered yet, `delivered_uninvoiced` is delivered but not invoiced."""

    number = models.CharField(_("order number"), max_length=64, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders")
    ordered_on = models.DateField(_("ordered on"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name=_("selling unit"))
    currency = CurrencyField(_("currency"))
    amount = MoneyField(_("amount"))
    open_amount = MoneyField(_("not delivered"))
    delivered_uninvoiced = MoneyField(_("delivered, not invoiced"), default=0)
    status = TextChoice(_("status"), choices=OrderStatus.choices, default=OrderStatus.OPEN)

    class Meta(FromErp.Meta):
        abstract = False
        verbose_name = _("order")
        ordering = ["-ordered_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=0, open_amount__gte=0, delivered_uninvoiced__gte=0),
                name="order_sums_not_negative",
            )
        ]
        indexes = [
            models.Index(
                fields=["customer"],
                include=["open_amount", "delivered_uninvoiced"],
                condition=Q(status="open"),
                name="order_open_by_customer",
            ),
            models.Index(fields=["customer", "-ordered_on"], name="order_by_customer"),
        ]

    def __str__(self) -> str:
        return self.number


class Invoice(FromErp):
    """An invoice. `open_amount` is what is left to pay: stated by the ERP, or the amount less the payments known."""

    number = models.CharField(_("invoice number"), max_length=64, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="invoices")
    order = models.CharField(_("order number"), max_length=64, blank=True, db_index=True)
    invoiced_on = models.DateField(_("invoiced on"))
    due_on = models.DateField(_("due on"))
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, verbose_name=_("selling unit"))
    currency = CurrencyField(_("currency"))
    amount = MoneyField(_("amount"))
    open_amount = MoneyField(_("open"))
    stated_open_amount = MoneyField(null=True, help_text=_("what the ERP said is open, and from when that holds"))
    stated_on = models.DateField(null=True)
    disputed = models.BooleanField(_("disputed"), default=False)
    settled_on = models.DateField(
        _("settled on"), null=True, help_text=_("the day whose payment brought it to nothing")
    )

    class Meta(FromErp.Meta):
        abstract = False
        verbose_name = _("invoice")
        ordering = ["-invoiced_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0, open_amount__gte=0), name="invoice_sums_not_negative"),
            models.CheckConstraint(
                condition=Q(due_on__gte=models.F("invoiced_on")),
                name="invoice_due_after_invoiced",
                violation_error_message=_("An invoice cannot be due before it is dated."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["customer", "due_on"],
                include=["open_amount", "disputed"],
                condition=Q(open_amount__gt=0),
                name="invoice_open_by_customer",
            ),
            models.Index(fields=["customer", "-invoiced_on"], name="invoice_by_customer"),
        ]

    def __str__(self) -> str:
        return self.number


class Payment(FromErp):
    """Money that came in, for one invoice or not applied to any yet."""

    number = models.CharField(_("payment number"), max_length=64, unique=True)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="payments")
    invoice = models.ForeignKey(
        Invoice, models.PROTECT, null=True, blank=True, related_name="payments", verbose_name=_("invoice")
    )
    paid_on = models.DateField(_("paid on"))
    currency = CurrencyField(_("currency"))
    amount = MoneyField(_("amount"))

    class Meta(FromErp.Meta):
        abstract = False
        verbose_name = _("payment")
        ordering = ["-paid_on", "-id"]
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="payment_not_negative")]
        indexes = [
            models.Index(fields=["customer"], include=["amount"], condition=Q(invoice=None), name="payment_unapplied"),
            models.Index(fields=["customer", "-paid_on"], name="payment_by_customer"),
        ]

    def __str__(self) -> str:
        return self.number
