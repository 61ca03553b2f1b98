"""The cast. One person per role, a colleague, and somebody from elsewhere; a customer that belongs to the seller.

`seller` owns `customer` in Zhejiang; `colleague` is of the same team but does not own it; `manager` leads the team and
its region; `outsider` sells in another region; `erp` is a service account whose token carries every scope.
"""

from datetime import date

import pytest
from rest_framework.test import APIClient

from crm.core.roles import TOKEN_SCOPES, Role
from tests.factories import CustomerFactory, RegionFactory, TeamFactory, UnitFactory, UserFactory, token_for

TODAY = date(2026, 11, 21)


@pytest.fixture
def today():
    return TODAY


@pytest.fixture
def region(db):
    return RegionFactory(code="ZJ", name="Zhejiang")


@pytest.fixture
def team(region):
    return TeamFactory(code="east", region=region, unit=UnitFactory(code="east", name="East"))


@pytest.fixture
def seller(team):
    return UserFactory(username="seller", name="Li Wei", team=team)


@pytest.fixture
def colleague(team):
    return UserFactory(username="colleague", name="Wang Fang", team=team)


@pytest.fixture
def manager(team):
    return UserFactory(username="manager", name="Zhao Min", role=Role.SALES_MANAGER, team=team)


@pytest.fixture
def outsider(db):
    elsewhere = TeamFactory(code="north", region=RegionFactory(code="LN", name="Liaoning"))
    return UserFactory(username="outsider", name="Sun Tao", team=elsewhere)


@pytest.fixture
def officer(db):
    return UserFactory(username="officer", name="Chen Jie", role=Role.CREDIT_OFFICER)


@pytest.fixture
def credit_manager(db):
    return UserFactory(username="credit", name="Zhang Min", role=Role.CREDIT_MANAGER)


@pytest.fixture
def director(db):
    return UserFactory(username="director", name="Huang Lei", role=Role.FINANCE_DIRECTOR)


@pytest.fixture
def auditor(db):
    return UserFactory(username="auditor", name="Wu Yan", role=Role.AUDITOR)


@pytest.fixture
def admin(db):
    return UserFactory(username="admin", name="Zhou Ping", role=Role.ADMINISTRATOR)


@pytest.fixture
def erp(db):
    return UserFactory(username="erp", name="ERP", role=Role.CONNECTOR)


@pytest.fixture
def customer(seller, region):
    return CustomerFactory(
        number="C-100234", name="杭州晨光轴承有限公司", short_name="晨光轴承", owner=seller, region=region
    )


@pytest.fixture
def api(erp):
    """A client with the token of `erp`; `Idempotency-Key` is up to the test."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(erp, *TOKEN_SCOPES)}")
    return client


@pytest.fixture
def api_as():
    """A client that acts over REST as a signed-in person: `api_as(seller).get(...)`."""

    def signed_in(user) -> APIClient:
        client = APIClient()
        client.force_login(user)
        return client

    return signed_in


@pytest.fixture
def page_as(client):
    """A browserless client signed in as somebody: `page_as(seller).get("/")`."""

    def signed_in(user):
        client.force_login(user)
        return client

    return signed_in
