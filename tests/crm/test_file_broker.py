"""The folder that stands in for a broker: messages and tables appear whole, however many write and read at once."""

from concurrent.futures import ThreadPoolExecutor, wait
from queue import Empty
from threading import Event

import pytest
from kombu import Connection

from crm.core.file_broker import SCHEME, Channel

WRITERS, EACH = 4, 100


@pytest.fixture
def connect(tmp_path):
    folders = {name: tmp_path / name for name in ("data_folder_in", "control_folder")}
    for folder in folders.values():
        folder.mkdir()
    options = {name: str(folder) for name, folder in folders.items()}
    options["data_folder_out"] = options["data_folder_in"]
    return lambda: Connection(f"{SCHEME}://localhost//", transport_options=options)


def write(connection, writer: int) -> None:
    with connection as opened, opened.SimpleQueue("jobs") as queue:
        for number in range(EACH):
            queue.put([writer, number])


def read(connection) -> list:
    """Every message, in the order of arrival."""
    found = []
    with connection as opened, opened.SimpleQueue("jobs") as queue:
        while len(found) < WRITERS * EACH:
            try:
                message = queue.get(timeout=30)
            except Empty:
                return found
            found.append(message.payload)
            message.ack()
    return found


def test_no_message_is_read_before_it_is_whole(connect):
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        reading = pool.submit(read, connect())
        writing = [pool.submit(write, connect(), writer) for writer in range(WRITERS)]
        for done in writing:
            done.result()
        found = reading.result()
    assert sorted(found) == [[writer, number] for writer in range(WRITERS) for number in range(EACH)]


def test_many_bind_at_once_and_all_are_in_the_table(connect):
    def bind(number: int) -> None:
        with connect() as opened:
            opened.channel()._queue_bind("jobs", "", "", f"queue-{number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bind, range(40)))
    with connect() as opened:
        assert {row.queue for row in opened.channel().get_table("jobs")} == {f"queue-{n}" for n in range(40)}


def test_nobody_publishes_while_the_first_still_binds(connect, monkeypatch):
    """The first thread is held up between noting its binding and writing it; the second one's message must arrive."""
    held_up, go_on = Event(), Event()
    write_table = Channel._queue_bind

    def slowly(*args):
        held_up.set()
        go_on.wait(10)
        write_table(*args)

    monkeypatch.setattr(Channel, "_queue_bind", slowly)

    def publish(text: str) -> None:
        with connect() as opened, opened.SimpleQueue("slow") as queue:
            queue.put(text)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(publish, "first")
        assert held_up.wait(10)
        second = pool.submit(publish, "second")
        wait([second], timeout=0.5)
        go_on.set()
        first.result()
        second.result()
    with connect() as opened, opened.SimpleQueue("slow") as queue:
        assert {queue.get(timeout=10).payload, queue.get(timeout=10).payload} == {"first", "second"}
