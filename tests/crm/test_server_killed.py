"""The server dies in the middle of a call: exactly one effect for each key, and the key may be used again.

DOSSIER_CONTRACT_KEYS=1000 is the full size; the gate tries a few.
"""

import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from archives.models import Contact, Customer
from crm.core.models import IdempotencyKey
from crm.core.roles import TOKEN_SCOPES
from tests.factories import CustomerFactory, token_for
from tests.wire import LOST, Erp, Server, serving, until

pytestmark = [pytest.mark.slow, pytest.mark.once]
KEYS = int(os.environ.get("DOSSIER_CONTRACT_KEYS", "16"))
IN_A_ROW, AT_ONCE, KILLS = 5, 20, 3
THREADS = 24


@pytest.fixture
def server(transactional_db, tmp_path):
    with serving(tmp_path / "server.log") as running:
        yield running


@pytest.fixture
def program(server, erp) -> Erp:
    return Erp(server.port, token_for(erp, *TOKEN_SCOPES))


def count(question: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def blocked() -> bool:
    """Whether a call of the server waits for the rows that this test holds."""
    mine = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    return count(mine) > 0


def alone() -> bool:
    """Whether nobody else is at work in this database: the dead server's call has been given up."""
    others = "FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
    return count(f"SELECT count(*) {others} AND pid <> pg_backend_pid() AND state <> 'idle'") == 0


def test_a_call_that_the_server_died_in_left_nothing_and_its_key_is_free(server, program):
    customer = CustomerFactory(number="C-1")
    body = {"customer": "C-1", "name": "Ma"}
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Customer.objects.select_for_update().get(pk=customer.pk)
            asked = pool.submit(program.ask, "contacts/", body, "k-1")
            until(blocked, "the call waits for the customer")
            server.kill()
            with pytest.raises(LOST):
                asked.result()
        until(alone, "the call of the dead server is over")
    assert not Contact.objects.exists()
    assert not IdempotencyKey.objects.exists()
    server.start()
    first, second = (program.post("contacts/", body, "k-1") for _ in range(2))
    assert (first.status, first.replayed, second.status, second.replayed) == (201, False, 201, True)
    assert Contact.objects.get().pk == first.body["id"] == second.body["id"]


class Killer:
    """Kills the server and starts it again when so many answers have come."""

    def __init__(self, server: Server, moments: list[int]):
        self.server, self.moments = server, moments
        self.answers = 0
        self.lock = threading.Lock()

    def answered(self) -> None:
        with self.lock:
            self.answers += 1
            if self.moments and self.answers >= self.moments[0]:
                self.moments.pop(0)
                self.server.kill()
                self.server.start()


def test_every_key_has_one_effect(server, program):
    """Each key five times in a row and twenty times at once, the keys in disorder; the server dies three times."""
    CustomerFactory(number="C-1")
    calls = [key for key in range(KEYS) for _ in range(AT_ONCE)]
    total = KEYS * (AT_ONCE + IN_A_ROW)
    killer = Killer(server, [total * nth // (KILLS + 1) for nth in range(1, KILLS + 1)])
    told: dict[int, set[int]] = {key: set() for key in range(KEYS)}
    fresh: dict[int, int] = dict.fromkeys(range(KEYS), 0)

    def ask(key: int) -> None:
        answer = program.post("contacts/", {"customer": "C-1", "name": f"Ma {key}"}, f"key-{key}")
        assert answer.status == 201, answer
        with killer.lock:
            told[key].add(answer.body["id"])
            fresh[key] += not answer.replayed
        killer.answered()

    def ask_in_a_row(key: int) -> None:
        for _ in range(IN_A_ROW):
            ask(key)

    with ThreadPoolExecutor(THREADS) as pool:
        # Neighbours in the queue have the same key: they are asked at once.
        work = [(ask, key) for key in calls] + [(ask_in_a_row, key) for key in range(KEYS)]
        order = random.Random(7)
        places = {key: order.random() for key in range(KEYS)}
        work.sort(key=lambda one: places[one[1]])
        for done in [pool.submit(*one) for one in work]:
            done.result()

    assert killer.answers == total and not killer.moments
    assert all(len(ids) == 1 for ids in told.values()), "one answer for each key"
    kept = dict(Contact.objects.values_list("name", "pk"))
    assert kept == {f"Ma {key}": told[key].copy().pop() for key in range(KEYS)}
    assert Contact.objects.count() == KEYS
    # Where the answer itself was lost with the server, every later one is the kept one.
    assert all(count <= 1 for count in fresh.values())
