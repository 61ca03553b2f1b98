"""How words stand side by side in the reader's language: Chinese has marks of its own."""

from collections.abc import Iterable

from django.utils.translation import gettext, pgettext


def listed(items: Iterable[object]) -> str:
    """Names in a row: "Li Wei, Wang Fang"."""
    return pgettext("between the items of a list", ", ").join(map(str, items))


def labelled(label: object, value: object) -> str:
    """A value behind what it is of: "Region: Zhejiang"."""
    return gettext("%(label)s: %(value)s") % {"label": label, "value": value}
