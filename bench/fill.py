"""A large company to measure on: `python -m bench.fill [--customers 100000] [--names FILE]`.

Fills an empty database – the one that DATABASE_URL names, or one of its own beside the trial's. Names are invented, or
the lines of FILE. The rows are written in bulk, as a restored backup would be; what the product works out of them –
standings and classes – is worked out by the product. The same size gives the same company.
"""

import argparse
import csv
import io
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from random import Random

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from archives.models import Contact, Customer, Document, Visit
from archives.search import search_columns, text_columns
from credit.commands.standings import refresh_standings
from crm.core.models import Region, Team, Unit, User
from crm.core.roles import Role
from scoring.commands.ranking import rank_customers

SIGNS = "晨光明华东方远大金鼎恒通瑞丰盛世嘉禾泰和永兴宏达天成海川精工力源"
PLACES = ("杭州市", "宁波市", "温州市", "苏州市", "无锡市", "上海市", "深圳市", "青岛市")
TRADES = ("轴承", "机械", "轻工设备", "五金", "电机", "阀门")
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉梅建国文海燕志红春梓轩浩宇欣怡子涵晨光思远"
TITLES = ("总经理", "采购经理", "财务主管", "仓库主任", "采购员", "销售总监", "会计")
REMARKS = (
    "仓库库存偏高，轴承规格不全",
    "车间两条生产线停工检修",
    "老板去了越南考察新厂",
    "对我们的交货期表示满意",
    "竞争对手报价低三个点",
    "下季度计划增加两台注塑机",
    "付款流程要经过总部审批",
    "银行授信还在续签",
    "财务换了新主管",
    "希望账期延长到九十天",
    "质量投诉已经处理完毕",
    "新厂房预计明年三月投产",
    "订单比去年同期少了两成",
    "员工精神面貌很好",
    "展会上认识的两家贸易公司有合作意向",
    "样品测试结果合格",
    "他们在考虑更换供应商",
    "合同条款还要法务确认",
    "运费由对方承担",
    "对账单有一笔差异待核实",
)
STEPS = ("寄送样品", "发送报价单", "安排技术交流", "催收到期货款")
PAPERS = ("年度供货合同", "送货单", "营业执照", "质量体系认证证书", "对账单", "补充协议")
SELLERS, TEAMS = 40, 4
CHUNK = 5_000
# Statements over all customers.
REST = {
    "standings": """
        INSERT INTO archives_standing
               (customer_id, core, report_status, exposure, overdue, oldest_overdue_days, refresh_due)
        SELECT id, false, (ARRAY['valid', 'expiring', 'stale', 'missing', 'not_needed'])[1 + id % 5], 0, 0, 0, false
          FROM archives_customer""",
    "credit layers": """
        INSERT INTO archives_creditprofile
               (customer_id, registered_capital, business_history, credit_period_days, payment_terms, payment_method)
        SELECT id, 1000000 + id % 97 * 100000, '', 60, 'N60', 'transfer' FROM archives_customer""",
    "expected values": """
        INSERT INTO archives_expectedvalueinputs (customer_id, expected_increase, probability)
        SELECT id, id % 83 * 10000, 'medium' FROM archives_customer""",
    "reports": """
        INSERT INTO archives_creditreport (customer_id, kind, source, issued_on, validity_months, valid_until, grade,
                                           opinion, currency, by_id, created_at)
        SELECT id, 'agency', 'Agency', current_date - 100, 12, current_date - 100 + 365, '', '', '', owner_id, now()
          FROM archives_customer WHERE id % 2 = 0""",
    "flags": """
        INSERT INTO archives_flag (customer_id, reason, subject, data, raised_on)
        SELECT id, 'archive_stale', '', '{"confirmed_on": "2026-01-01"}', current_date - (id % 60)::int
          FROM archives_customer WHERE id % 10 = 0""",
    "sales": """
        INSERT INTO archives_salesrecord (customer_id, month, product_line, currency, amount, updated_at)
        SELECT id, month, '', 'CNY', round((power(id * 0.6180339887 % 1, 6) * 2000000)::numeric, 2), now()
          FROM archives_customer,
               generate_series(date_trunc('month', current_date) - interval '11 months', current_date, '1 month') month
         ORDER BY month, id""",
    "invoices": """
        INSERT INTO archives_invoice (number, customer_id, "order", invoiced_on, due_on, currency, amount, open_amount,
                                      disputed, settled_on, updated_at)
        SELECT 'INV-' || id || '-' || n, id, '', current_date - 120 + n * 30, current_date - 60 + n * 30, 'CNY',
               1000 + id % 50 * 100, CASE WHEN n < 3 THEN 0 ELSE 1000 + id % 50 * 100 END, false,
               CASE WHEN n < 3 THEN current_date - 70 + n * 30 END, now()
          FROM archives_customer, generate_series(1, 3) n""",
    "payments": """
        INSERT INTO archives_payment (number, customer_id, invoice_id, paid_on, currency, amount, updated_at)
        SELECT 'PAY-' || id, customer_id, id, settled_on, currency, amount, now()
          FROM archives_invoice WHERE settled_on IS NOT NULL""",
    "orders": """
        INSERT INTO archives_order (number, customer_id, ordered_on, currency, amount, open_amount,
                                    delivered_uninvoiced, status, updated_at)
        SELECT 'SO-' || id, id, current_date - 10, 'CNY', 5000, 5000, 0, 'open', now()
          FROM archives_customer WHERE id % 2 = 0""",
    "limits": """
        INSERT INTO credit_creditlimit (customer_id, mode, amount, valid_from, valid_until, created_at)
        SELECT id, 'amount', 1000000000, current_date - 30, current_date + 335, now() FROM archives_customer""",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--names", type=Path, help="a file of short names, one a line")
    asked = parser.parse_args()
    fill(asked.customers, asked.names)


def fill(count: int, names: Path | None) -> None:
    """Everything, step by step, each with its seconds. Refuses a database that holds customers."""
    call_command("migrate", verbosity=0)
    if Customer.objects.exists():
        sys.exit("This database holds customers. Name an empty one in DATABASE_URL.")
    with step("people"):
        owners = people()
    with step(f"{count:,} customers"):
        for rows in chunked(customers(count, names, owners)):
            copy(Customer._meta.db_table, rows)
    with step("people, visits, papers"):
        for table, rows in found_by_words():
            for chunk in chunked(rows):
                copy(table, chunk)
    with connection.cursor() as cursor:
        for name, statement in REST.items():
            with step(name):
                cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")
    with step("figures and classes"):
        work_out()


@contextmanager
def step(name: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    print(f"{name:<24}{time.perf_counter() - begun:8.1f} s", flush=True)


def people() -> list:
    """Sellers in teams, each team with a region; a credit manager; a service account."""
    unit = Unit.objects.create(code="east", name="East")
    regions = [Region.objects.create(code=f"R{n}", name=f"Region {n}") for n in range(TEAMS)]
    teams = [Team.objects.create(code=f"T{n}", name=f"Team {n}", unit=unit, region=regions[n]) for n in range(TEAMS)]
    User.objects.create_user("credit", name="Zhang Min", role=Role.CREDIT_MANAGER)
    User.objects.create_user("erp", name="erp", role=Role.CONNECTOR)
    return [
        User.objects.create_user(f"seller{n}", name=f"Seller {n}", role=Role.SALESPERSON, team=teams[n % TEAMS])
        for n in range(SELLERS)
    ]


def customers(count: int, names: Path | None, owners: list) -> Iterator[dict]:
    """Rows of the table, with what the search stores of each name."""
    empty = {field.attname: field.get_default() for field in Customer._meta.concrete_fields if field.attname != "id"}
    now = timezone.now()
    for number, short_name in enumerate(islice(short_names(names), count)):
        owner = owners[number % len(owners)]
        name = f"{PLACES[number % len(PLACES)]}{short_name}{TRADES[number % len(TRADES)]}有限公司"
        known = {"number": f"B-{number:06d}", "name": name, "short_name": short_name, "currency": "CNY"}
        known |= {"owner_id": owner.pk, "region_id": owner.team.region_id, "related_since": "2015-03-01"}
        known |= {"phone": f"0571-{number:08d}", "tax_number": f"91330100{number:010d}"}
        found = search_columns(name=name, short_name=short_name, phone=known["phone"])
        yield empty | known | found | {"created_at": now, "updated_at": now}


def found_by_words() -> Iterator[tuple[str, Iterator[dict]]]:
    """Table and rows of what the search finds by its words: a person, a visit and a paper for each customer."""
    random, now = Random(2), timezone.now()
    known = Customer.objects.order_by("pk").values_list("pk", "owner_id")
    yield Contact._meta.db_table, (contact(pk, random) for pk, _owner in known.iterator())
    yield Visit._meta.db_table, (visit(pk, owner, random, now) for pk, owner in known.iterator())
    yield Document._meta.db_table, (document(pk, owner, random, now) for pk, owner in known.iterator() if pk % 2)


def contact(customer: int, random: Random) -> dict:
    name = random.choice(SURNAMES) + "".join(random.choices(GIVEN, k=random.choice((1, 2))))
    known = {"name": name, "title": random.choice(TITLES), "phone": f"138{random.randrange(10**8):08d}", "email": ""}
    found = text_columns(names=[name], texts=[known["title"]], phones=[known["phone"]])
    return {"customer_id": customer, "decision_role": ""} | known | found


def visit(customer: int, by: int, random: Random, now: datetime) -> dict:
    due = customer % 20 == 0
    known = {
        "content": "。".join(random.sample(REMARKS, 3)),
        "next_step": random.choice(STEPS) if due else "",
        "next_step_due": (now + timedelta(days=customer % 30)).date() if due else None,
    }
    written = {"customer_id": customer, "by_id": by, "client_id": uuid.UUID(int=customer), "kind": "site"}
    empty = {"people": "[]", "colleagues": "[]", "checklist": "{}", "created_at": now}
    found = text_columns(texts=[known["content"], known["next_step"]])
    return written | empty | known | found | {"happened_at": now - timedelta(days=customer % 300)}


def document(customer: int, by: int, random: Random, now: datetime) -> dict:
    known = {"title": random.choice(PAPERS), "number": f"HT-{2020 + customer % 7}-{customer:07d}", "kind": "contract"}
    stored = {"id": uuid.UUID(int=customer), "file": f"{customer}.pdf", "content_type": "application/pdf", "size": 1}
    found = text_columns(texts=[known["title"]], numbers=[known["number"]])
    written = {"customer_id": customer, "by_id": by, "created_at": now - timedelta(days=customer % 900)}
    return written | known | stored | found


def short_names(names: Path | None) -> Iterator[str]:
    if names:
        return cycle(filter(None, (line.strip()[:80] for line in names.read_text(encoding="utf-8").splitlines())))
    random = Random(1)
    return ("".join(random.choices(SIGNS, k=random.choice((2, 3, 4)))) for _endless in cycle((None,)))


def chunked(rows: Iterator[dict]) -> Iterator[list[dict]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def copy(table: str, rows: list[dict]) -> None:
    """Write rows that have the same columns by COPY."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writerows({name: "\\N" if value is None else value for name, value in row.items()} for row in rows)
    text.seek(0)
    columns = ", ".join(f'"{name}"' for name in rows[0])
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN (FORMAT csv, NULL '\\N')", text)


def work_out() -> None:
    """Exposure and classes, by the product's own commands."""
    ids = list(Customer.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        refresh_standings(ids[start : start + CHUNK], today=timezone.localdate())
    rank_customers(as_of=timezone.localdate())


if __name__ == "__main__":
    main()
