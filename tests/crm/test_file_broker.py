"""The folder that stands in for a broker: messages and tables appear whole, however many write and read at once."""

from concurrent.futures import ThreadPoolExecutor
from queue import Empty

import pytest
from kombu import Connection

from crm.core.file_broker import SCHEME

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
