"""Which part of a text a search meant: the text in pieces, some of them found."""

from itertools import accumulate
from typing import NamedTuple

from archives.search import fold, own_part, syllables

BEFORE, AFTER = 24, 90


class Piece(NamedTuple):
    """A part of a text; `found` when it is what was looked for."""

    text: str
    found: bool = False


Span = tuple[int, int]


def marked(text: str, typed: str) -> list[Piece]:
    """`text` with the words of `typed` found in it; in one piece when there are none."""
    folded, places = _folded(text)
    return _cut(text, places, _of_words(folded, typed))


def marked_name(name: str, typed: str) -> list[Piece]:
    """`name` with the words of `typed`, or with how it begins when `typed` is its pinyin or the initials."""
    folded, places = _folded(name)
    return _cut(name, places, _of_words(folded, typed) or _of_sound(folded, fold(typed)))


def found_in(pieces: list[Piece]) -> bool:
    return any(piece.found for piece in pieces)


def excerpt(text: str, typed: str) -> list[Piece]:
    """What stands around the first place where a word of `typed` is found in a long text, on one line."""
    text = " ".join(text.split())
    pieces = marked(text, typed)
    before = len(pieces[0].text) if found_in(pieces) and not pieces[0].found else 0
    start, end = max(0, before - BEFORE), before + AFTER
    pieces = marked(text[start:end], typed)
    return [*[Piece("… ")] * (start > 0), *pieces, *[Piece(" …")] * (end < len(text))]


def _folded(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters where it stands in `text`."""
    parts = [(fold(character), place) for place, character in enumerate(text)]
    return "".join(part for part, _place in parts), [place for part, place in parts for _character in part]


def _of_words(folded: str, typed: str) -> list[Span]:
    """Where the words stand; those that touch or overlap become one."""
    words = {word for word in map(fold, typed.split()) if word}
    found = sorted((folded.index(word), folded.index(word) + len(word)) for word in words if word in folded)
    joined: list[Span] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            start, end = joined[-1][0], max(joined.pop()[1], end)
        joined.append((start, end))
    return joined


def _of_sound(folded: str, letters: str) -> list[Span]:
    """Where the name itself begins to sound like `letters`."""
    own = own_part(folded)
    start, parts = folded.find(own), syllables(own)
    ends = list(accumulate(len(part.written) for part in parts))
    for sounds in ([part.initial for part in parts], [part.pinyin for part in parts]):
        for end, said in zip(ends, accumulate(sounds), strict=True):
            if letters and said.startswith(letters):
                return [(start, start + end)]
    return []


def _cut(text: str, places: list[int], spans: list[Span]) -> list[Piece]:
    pieces, done = [], 0
    for first, after in spans:
        start, end = places[first], places[after - 1] + 1
        pieces += [Piece(text[done:start]), Piece(text[start:end], found=True)]
        done = end
    return [piece for piece in (*pieces, Piece(text[done:])) if piece.text]
