"""My day: what waits for this person. Every number leads to the list it counts, by the same filter set."""

from .page import my_day

__all__ = ["my_day"]
