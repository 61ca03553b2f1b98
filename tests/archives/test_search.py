"""Customers are found however their name is typed, and two characters are enough for the index."""

from importlib import import_module

import pgtrigger
import pytest
from django.apps import apps
from django.db import connection

from archives.commands.customers import change_customer
from archives.models import Contact, Customer
from archives.places import CITIES
from archives.search import bigrams, fold, search_columns, search_condition, text_condition
from tests.factories import CustomerFactory

SIGNS = "晨光明华东方远大金鼎恒通瑞丰盛世嘉禾泰和永兴宏达天成"
MANY = 20_000


def found(text):
    return set(Customer.objects.filter(search_condition(text)).values_list("number", flat=True))


@pytest.mark.parametrize("typed", ["深圳市華為技術有限公司", "深圳市华为技术有限公司", "深圳市 华为・技术（有限公司）"])
def test_writing_does_not_matter(typed):
    assert fold(typed) == "深圳市华为技术有限公司"


def test_folding_a_part_gives_a_part():
    assert fold("乾隆") in fold("北京乾隆機械")


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("深圳市華為技術有限公司", "hwjs"),
        ("浙江省杭州市晨光轴承有限公司", "cgzc"),
        ("重庆长安汽车股份有限公司", "caqc"),
        ("上海", "sh"),
    ],
)
def test_initials_are_those_of_the_name_itself(name, letters):
    assert search_columns(name=name, short_name="")["search_initials"] == letters


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [
        "華為",
        "华为",
        "hw",
        "HWJ",
        "技术",
        "深圳 华为",
        "为",
        "C-77",
        "c-77",
        "9144",
        "1234",
        "0755 8888 1234",
        "菊厂",
        "jc",
        "jucha",
        "huaweijishu",
        "Hua Wei",
        "荣光",
        "榮光實業",
        "rg",
        "rongguang",
    ],
)
def test_it_is_found_by(typed):
    name = {"name": "深圳市華為技術有限公司", "short_name": "菊厂"}
    CustomerFactory(
        number="C-77", **name, former_names="深圳榮光實業有限公司", tax_number="9144", phone="0755 8888 1234"
    )
    CustomerFactory(number="D-1", name="杭州晨光")
    assert found(typed) == {"C-77"}


@pytest.mark.django_db
def test_it_is_not_found_by():
    CustomerFactory(name="深圳市華為技術有限公司", phone="0755 8888 1234")
    for typed in ("为华", "华术", "%", "_", "555", "8123", "234", "'", "華為x", "weiji", "光华"):
        assert not found(typed), typed
    assert len(found("  ")) == 1


@pytest.mark.django_db
def test_two_characters_use_the_index():
    cities = CITIES.split()
    names = [
        cities[n % 300] + SIGNS[n % 26] + SIGNS[n // 26 % 26] + SIGNS[n // 676 % 26] + "机械有限公司"
        for n in range(MANY)
    ]
    with pgtrigger.ignore("archives.Customer:insert_insert"):
        Customer.objects.bulk_create(
            Customer(number=f"N-{n}", name=name, currency="CNY", search_name=name, search_grams=" ".join(bigrams(name)))
            for n, name in enumerate(names)
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('customer_grams')")  # what autovacuum does in a minute
        cursor.execute("ANALYZE archives_customer")
    plan = Customer.objects.filter(search_condition("晨光")).order_by("number")[:50].explain()
    assert "customer_grams" in plan and "Seq Scan" not in plan


@pytest.mark.django_db
def test_what_was_there_before_is_found_after_the_migration(erp, customer, seller, today):
    """Former names come from the history that the triggers have kept."""
    fold = import_module("archives.migrations.0005_fold_what_is_there")
    change_customer(customer, {"name": "杭州明光轴承有限公司", "short_name": "明光"}, by=erp, today=today)
    Contact.objects.create(customer=customer, name="陈建国")
    Customer.objects.update(former_names="", search_name="", search_grams="", search_pinyin="", search_initials="")
    Contact.objects.update(search_text="", search_grams="")
    with connection.schema_editor() as editor:
        fold.fold_customers(apps, editor)
        fold.fold_records(apps, editor)
    assert found("晨光") == found("mingguang") == {customer.number}
    assert Customer.objects.get().former_names.split("\n") == ["杭州晨光轴承有限公司", "晨光轴承"]
    assert Contact.objects.filter(text_condition("cjg")).exists()


@pytest.mark.django_db
def test_a_name_that_is_given_up_is_found_and_one_that_comes_back_is_no_former_name(erp, customer, today):
    old = customer.name
    change_customer(customer, {"name": "杭州明光轴承有限公司"}, by=erp, today=today)
    assert Customer.objects.get().former_names == old
    assert found("晨光轴承有限") == {customer.number}
    change_customer(customer, {"name": old}, by=erp, today=today)
    assert Customer.objects.get().former_names == "杭州明光轴承有限公司"
