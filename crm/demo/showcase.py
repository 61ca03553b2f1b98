"""Customers that are told, not drawn: 晨光 with its group, and three who ask for limits."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from archives.choices import Category, CustomerStatus, DecisionRole, Ownership, Probability, ReportKind, Size, VisitKind
from archives.models import (
    Confirmation,
    Contact,
    CreditProfile,
    CreditReport,
    ExpectedValueInputs,
    FinancialStatement,
    OperatingProfile,
    SalesRecord,
    Visit,
)
from crm.core.models import User
from crm.core.periods import add_months
from crm.demo.customers import Buyer, Drawing, indirect
from crm.demo.knowledge import random_uuid
from crm.demo.names import ABROAD, MAINLAND, TAIWAN, Place
from crm.demo.trade import Ledger, month_start, months_known, share_of_month

GROUP, FLAGSHIP, SIBLING = "C-100200", "C-100234", "C-100235"
SUZHOU, DATONG, PACIFIC = "C-100236", "C-100237", "C-100238"
NUMBERS = {GROUP, FLAGSHIP, SIBLING, SUZHOU, DATONG, PACIFIC}
# The flagship's sales from December to November, in shares of the year's 9,420,000.
SHAPE = (62, 58, 40, 74, 80, 79, 83, 77, 85, 91, 88, 92)
YEAR = Decimal("9420000.00")
TARGET = (70, 70, 60, 75, 75, 78, 80, 80, 82, 85, 85, 88)
# What the flagship owes: sum, and the days until it is due. 1,160,000 is not due, 120,000 is overdue.
OPEN = (
    ("310000.00", 5),
    ("285000.00", 16),
    ("240000.00", 27),
    ("187500.00", 39),
    ("137500.00", 52),
    ("120000.00", -22),
)
SIBLING_OPEN = (("468600.00", 12), ("455000.00", 24), ("340000.00", 41))
GROUP_OPEN = (("300000.00", 33),)


class Showcase:
    """The told customers by number, each as a Buyer like any other."""

    def __init__(self, drawing: Drawing):
        people = drawing.company.people
        self.today = drawing.today
        self.by_number: dict[str, Buyer] = {}
        for number, name, short, place, owner, yearly in (
            (GROUP, "晨光集团有限公司", "晨光集团", "杭州", "seller", 1_900_000),
            (FLAGSHIP, "杭州晨光轴承有限公司", "晨光轴承", "杭州", "seller", 9_420_000),
            (SIBLING, "宁波晨光传动有限公司", "晨光传动", "宁波", "seller", 1_450_000),
            (SUZHOU, "苏州恒达机电有限公司", "恒达机电", "苏州", "wangfang", 2_600_000),
            (DATONG, "大同機械股份有限公司", "大同機械", "臺中市", "linyijun", 6_100_000),
            (PACIFIC, "Pacific Tools Ltd", "Pacific Tools", "Birmingham", "jamesporter", 3_900_000),
        ):
            buyer = drawing.buyer(_place(place), people[owner])
            buyer.yearly, buyer.habit, buyer.credit_days, buyer.told = yearly, "punctual", 60, True
            self._tell(buyer, number=number, name=name, short_name=short)
            self.by_number[number] = buyer
        self._family()
        self.supplied = indirect(drawing, self.flagship.customer, 14)
        drawing.names.given |= {buyer.customer.name for buyer in self.by_number.values()}

    @property
    def flagship(self) -> Buyer:
        return self.by_number[FLAGSHIP]

    @property
    def family(self) -> list[Buyer]:
        return [self.by_number[number] for number in (GROUP, FLAGSHIP, SIBLING)]

    @property
    def buyers(self) -> list[Buyer]:
        return [*self.by_number.values(), *self.supplied]

    def _tell(self, buyer: Buyer, **fields: Any) -> None:
        told = {"status": CustomerStatus.ACTIVE, "related_since": add_months(self.today, -70)} | fields
        vars(buyer.customer).update(told, email=f"sales@{fields['number'].lower()}.example")

    def _family(self) -> None:
        group = self.by_number[GROUP].customer
        for buyer in self.family:
            buyer.showcase, buyer.lines = True, ("bearings", "drives")
            buyer.customer.parent = None if buyer.customer is group else group
        vars(self.flagship.customer).update(
            size=Size.MEDIUM, ownership=Ownership.PRIVATE, category=Category.DIRECT, industry="轴承",
            address="杭州市萧山区滨江路188号", office_address="杭州市萧山区滨江路188号", postcode="310000",
            legal_representative="王志强", person_in_charge="陈建国", chairman="王志强", general_manager="陈建国",
            business_scope="轴承、传动件的制造与销售", enterprise_type="有限责任公司", phone="0571-85551234",
            related_since=date(2014, 3, 1), license_valid_until=date(2031, 5, 1), operation_from=date(2003, 6, 1),
        )  # fmt: skip


def _place(name: str) -> Place:
    return next(place for place in (*MAINLAND, *TAIWAN, *ABROAD) if place.name == name)


# --- The archive ----------------------------------------------------------------------------------
def store_layers(showcase: Showcase) -> None:
    customer = showcase.flagship.customer
    CreditProfile.objects.create(
        customer=customer, registered_capital=Decimal("20000000.00"), paid_in_capital=Decimal("20000000.00"),
        opened_on=date(2003, 6, 1), business_history="2003 年成立，2014 年起为我司客户；2019 年并入晨光集团。",
        credit_period_days=60, settlement_day=25, payment_terms="N60", payment_method="银行转账",
    )  # fmt: skip
    OperatingProfile.objects.create(
        customer=customer, sales_staff=24, operating_staff=180, trading_area="华东", floor_area_m2=Decimal("5200.00"),
        warehouse_area_m2=Decimal("1800.00"), transport="自备货车", delivery_address=customer.office_address,
        competing_products="SKF, 人本",
    )  # fmt: skip
    ExpectedValueInputs.objects.create(
        customer=customer, market_potential=Decimal("12000000.00"), expected_share=Decimal("0.30"),
        expected_increase=Decimal("1500000.00"), probability=Probability.MEDIUM,
    )  # fmt: skip


def store_knowledge(showcase: Showcase, rng: Random, officer: User) -> None:
    contacts = _contacts(showcase)
    Contact.objects.bulk_create(contacts[:1])
    Contact.objects.bulk_create(contacts[1:])
    Visit.objects.bulk_create(_visits(showcase, rng))
    _reports(showcase, officer)
    _statements(showcase)
    _confirmations(showcase)


def _contacts(showcase: Showcase) -> list[Contact]:
    customer, roles = showcase.flagship.customer, DecisionRole
    rows = (
        ("陈建国", "总经理", roles.DECIDES), ("王丽", "财务经理", roles.PAYS), ("周志明", "采购经理", roles.INFLUENCES),
        ("吴晓东", "生产厂长", roles.USES), ("郑海燕", "仓库主管", roles.OTHER), ("孙伟明", "技术主管", roles.USES),
    )  # fmt: skip
    contacts = [
        Contact(customer=customer, name=name, title=title, decision_role=role, phone=f"0571-8555{1240 + at}")
        for at, (name, title, role) in enumerate(rows)
    ]
    for contact in contacts[1:]:
        contact.reports_to = contacts[0]
    return contacts


def _visits(showcase: Showcase, rng: Random) -> list[Visit]:
    """Days ago, kind, whom, what, checklist, next step and in how many days from today it is due (None: done)."""
    flagship, kinds = showcase.flagship, VisitKind
    told = (
        (4, kinds.SITE, "陈建国（总经理）",
         "第二条生产线正在安装；成品轴承库存正常，仓库约三分之二满。希望给 60 天账期。",
         {"premises": 9, "stock": 8, "equipment": 8, "mood": 6, "signs_of_trouble": False}, "报新系列价格", 3),
        (19, kinds.CALL, "王丽",
         "对账一致。一张 12 万的发票因验收单遗失推迟，承诺补齐后付款。", {}, "寄验收单副本", -2),
        (47, kinds.MEETING, "周志明", "明年框架合同：用量预计增加两成，希望价格不变。", {}, "准备框架合同草案", 12),
        (88, kinds.SITE, "吴晓东", "车间满负荷，设备维护良好；新厂房地基已完成。",
         {"premises": 8, "stock": 7, "equipment": 8, "mood": 8, "management_met": False}, "", None),
        (131, kinds.COMPLAINT, "孙伟明",
         "投诉：一批 6208 轴承有三件游隙超差，已换货并致歉。", {}, "提交整改报告", None),
        (180, kinds.SITE, "陈建国（总经理）", "谈到第二条生产线投资约 600 万元，自有资金为主。",
         {"premises": 8, "stock": 8, "mood": 7}, "", None),
        (262, kinds.CONFERENCE, "陈建国（总经理）, 周志明", "参加我司年会，对新系列很感兴趣。", {}, "", None),
    )  # fmt: skip
    return [
        Visit(
            customer=flagship.customer, client_id=random_uuid(rng), kind=kind, by=flagship.customer.owner, minutes=45,
            happened_at=datetime.combine(showcase.today - timedelta(days=ago), time(6, 30), UTC), content=content,
            people=people.split(", "), checklist=answers, next_step=step,
            next_step_due=_due(showcase.today, ago, due) if step else None,
            next_step_done_on=showcase.today - timedelta(days=ago - 5) if step and due is None else None,
        )
        for ago, kind, people, content, answers, step, due in told
    ]  # fmt: skip


def _due(today: date, ago: int, due: int | None) -> date:
    return today + timedelta(days=7 - ago if due is None else due)


def _reports(showcase: Showcase, officer: User) -> None:
    """The flagship's report ends in nine days, older ones stand behind it; 恒达's is stale."""
    kinds, today = ReportKind, showcase.today
    for number, kind, ends_in, months, grade in (
        (FLAGSHIP, kinds.AGENCY, 9, 3, "A"), (FLAGSHIP, kinds.AGENCY, -170, 3, "A"),
        (FLAGSHIP, kinds.OWN, -500, 3, "BB"), (GROUP, kinds.AGENCY, 120, 6, "A"),
        (SIBLING, kinds.BANK, 75, 6, "A"), (SUZHOU, kinds.OWN, -12, 6, "BB"),
        (DATONG, kinds.AGENCY, 48, 3, "B"), (PACIFIC, kinds.AGENCY, 140, 12, "A"),
    ):  # fmt: skip
        issued_on = add_months(today + timedelta(days=ends_in), -months)
        CreditReport.objects.create(
            customer=showcase.by_number[number].customer, kind=kind, grade=grade, by=officer, issued_on=issued_on,
            validity_months=months, valid_until=add_months(issued_on, months), opinion="经营正常，付款及时。",
            source="自行调查" if kind == kinds.OWN else "远见征信", price=Decimal("600.00"), currency="CNY",
        )  # fmt: skip


def _statements(showcase: Showcase) -> None:
    """Three years; the last one gives 17.5 % of 12.1 M working assets and 15 % of 16.8 M net assets."""
    names = ("current_assets", "inventory", "current_liabilities", "total_liabilities", "net_assets", "total_assets",
             "revenue", "gross_profit", "net_profit")  # fmt: skip
    sums = ((1, "21.0 9.0 13.6 23.2 16.8 40.0 52.5 9.9 2.6"), (2, "19.2 8.1 12.7 21.1 14.9 36.0 47.8 8.8 2.2"),
            (3, "17.9 7.8 11.9 19.6 13.2 32.8 43.1 7.7 1.8"))  # fmt: skip
    for back, row in sums:
        millions = {name: Decimal(value) * 1_000_000 for name, value in zip(names, row.split(), strict=True)}
        FinancialStatement.objects.create(
            customer=showcase.flagship.customer,
            period_end=date(showcase.today.year - back, 12, 31),
            currency="CNY",
            **millions,
        )


def _confirmations(showcase: Showcase) -> None:
    """Everything was confirmed in these weeks, three facts a little earlier: those are asked for next."""
    customer = showcase.flagship.customer
    recent = ["operating_staff", "trading_area", "floor_area_m2", "transport", "delivery_address"]
    rows = [("basic", "", 20), ("credit", "", 20), *(("operating", field, 20) for field in recent)]
    rows += [("operating", field, 41) for field in ("warehouse_area_m2", "sales_staff", "competing_products")]
    Confirmation.objects.bulk_create(
        Confirmation(
            customer=customer, layer=layer, field=field, on=showcase.today - timedelta(days=ago), by=customer.owner,
            verified=layer == "basic",
        )
        for layer, field, ago in rows
    )  # fmt: skip


# --- The ledger -----------------------------------------------------------------------------------
def store_trade(showcase: Showcase, ledger: Ledger) -> None:
    """Sales of the family, invoices with the flagship's habit of paying, and exactly what is open."""
    for buyer in showcase.family:
        SalesRecord.objects.bulk_create(_sales(buyer, showcase.today))
        _settled(ledger, buyer)
    for number, owed in ((FLAGSHIP, OPEN), (SIBLING, SIBLING_OPEN), (GROUP, GROUP_OPEN)):
        buyer = showcase.by_number[number]
        for amount, days in owed:
            due_on = showcase.today + timedelta(days=days)
            ledger.bill(buyer, due_on - timedelta(days=60), Decimal(amount), due_on=due_on)


def sold_in(buyer: Buyer, month: date, back: int) -> Decimal:
    """The sales of a month `back` months ago, by the shape of the year; 8 % less for every year further back."""
    share = Decimal(SHAPE[month.month % 12]) / sum(SHAPE)
    scale = Decimal(buyer.yearly) / YEAR * Decimal("0.92") ** ((back - 1) // 12 if back else 0)
    return (YEAR * share * scale).quantize(Decimal("0.01"))


def _sales(buyer: Buyer, today: date) -> list[SalesRecord]:
    rows = []
    for back in range(months_known(buyer, today), -1, -1):
        month = month_start(today, back)
        total = sold_in(buyer, month, back) * Decimal(str(share_of_month(month, today)))
        aim = sold_in(buyer, month, back) * TARGET[month.month % 12] / SHAPE[month.month % 12]
        for line, share in zip(buyer.lines, ("0.7", "0.3"), strict=True):
            amount = (total * Decimal(share)).quantize(Decimal("0.01"))
            rows.append(
                SalesRecord(
                    customer=buyer.customer, month=month, product_line=line, unit=buyer.customer.unit, currency="CNY",
                    amount=amount, cost=(amount * Decimal("0.78")).quantize(Decimal("0.01")),
                    target=round(aim * Decimal(share), -3),
                )
            )  # fmt: skip
    return rows


def _settled(ledger: Ledger, buyer: Buyer) -> None:
    """Four invoices a month, all paid, every ninth of them late."""
    for back in range(14, 2, -1):
        month = month_start(ledger.today, back)
        part = (sold_in(buyer, month, back) / 4).quantize(Decimal("0.01"))
        for piece, day in enumerate((3, 10, 17, 24)):
            invoice = ledger.bill(buyer, month.replace(day=day), part)
            late = 26 if (back * 4 + piece) % 9 == 0 else -((back + piece) % 6)
            ledger.pay(invoice, min(invoice.due_on + timedelta(days=late), ledger.today), part)
