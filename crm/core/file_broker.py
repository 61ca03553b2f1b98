"""The folder that stands in for a broker: kombu's file transport, made safe for several processes at once.

Kombu opens a file under its final name and writes afterwards, so that a reader who is quicker finds it empty, takes it
for a broken message and dies. Here a file appears whole, by being renamed or linked. It also notes a binding before it
has written it, so that another thread of the process publishes to nobody. Here that thread waits.
"""

import os
from contextlib import suppress
from pathlib import Path
from threading import RLock
from time import monotonic_ns
from uuid import uuid4

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

SCHEME = "folder"
BINDING = RLock()


class Channel(filesystem.Channel):
    """Messages, and the tables of who listens to which exchange."""

    def _put(self, queue, payload, **kwargs):
        half = self._half(dumps(payload))
        half.rename(Path(self.data_folder_out) / f"{monotonic_ns() // 1_000_000}_{uuid4()}.{queue}.msg")

    def queue_bind(self, *args, **kwargs):
        with BINDING:
            super().queue_bind(*args, **kwargs)

    def _queue_bind(self, exchange, routing_key, pattern, queue):
        table = self._exchange_file(exchange)
        if not table.exists():
            half = self._half("[]")
            with suppress(FileExistsError):  # somebody else was as early
                os.link(half, table)
            half.unlink()
        super()._queue_bind(exchange, routing_key, pattern, queue)

    def _half(self, text: str) -> Path:
        """A written file that no reader looks at, in the folder where it will be wanted."""
        half = Path(self.control_folder) / f"{uuid4()}.half"
        half.write_text(text, encoding="utf-8")
        return half


class Transport(filesystem.Transport):
    Channel = Channel


TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
