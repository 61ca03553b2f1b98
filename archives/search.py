"""How things are found: texts folded so that Simplified or Traditional, wide or narrow, do not matter.

`search_columns` is what is stored beside a customer, `search_condition` asks for it; `text_columns` and
`text_condition` do the same for people, visits and papers. What is stored is cut into tokens under a GIN index:
pairs of neighbouring characters, which answer two-character queries at once, and marked ones – `=` a whole name,
`^` how a name begins, `#` how a phone number ends. LIKE on the folded text then drops chance hits.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, lru_cache
from itertools import chain
from typing import NamedTuple

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.fields.array import ArrayContains
from django.db.models import F, Field, Func, Q, TextField, Value
from django.db.models.lookups import EndsWith

from archives.places import CITIES, PROVINCES

LEGAL_SUFFIX = re.compile(
    "(集团|控股|科技|实业)?(股份有限公司|有限责任公司|有限公司|分公司|总公司|公司|株式会社"
    "|coltd|ltd|limited|inc|gmbh|llc|corporation|corp|company)$"
)
REGION_PREFIX = re.compile(
    f"^(({'|'.join(PROVINCES.split())})(省|市|(壮族|回族|维吾尔)?自治区|特别行政区)?)?(({'|'.join(CITIES.split())})(市|县|地区)?)?"
)
NOBODY = Q(pk__in=[])
PHONE_ENDING = 4
LETTERS = re.compile(r"[a-z0-9]+\Z")
# How much of the beginning of a name is a token, and of a word in letters.
STARTS = (1, 2, 4)
WORD_STARTS = range(2, 7)
# A text falls into runs of letters and digits, and runs of what is written without spaces.
SPOKEN_RUNS = re.compile(r"[a-z0-9]+|[^a-z0-9]+")
RUNS = re.compile(r"[a-z0-9]+|[^\W_a-z0-9]+")


class _ToSimplified(dict):
    """A table for `str.translate`, filled by OpenCC character by character as characters turn up.

    Character by character, so that a part of a name always folds to the part of the folded name.
    """

    def __missing__(self, codepoint: int) -> str:
        simplified = _opencc().convert(chr(codepoint)) if codepoint > 0x2E7F else chr(codepoint)
        self[codepoint] = simplified
        return simplified


TO_SIMPLIFIED = _ToSimplified()


@cache
def _opencc():
    from opencc import OpenCC

    return OpenCC("t2s")


def plain(text: str) -> str:
    """`text` with width, case and script evened out; as many words as before."""
    return unicodedata.normalize("NFKC", text).lower().translate(TO_SIMPLIFIED)


def fold(text: str) -> str:
    """`text` without what does not tell names apart: width, case, script, punctuation and spaces."""
    return "".join(character for character in plain(text) if character.isalnum())


def bigrams(folded: str) -> list[str]:
    """The pairs of neighbouring characters, each once; a single character stands for itself."""
    if len(folded) < 2:
        return [folded] if folded else []
    return list(dict.fromkeys(folded[at : at + 2] for at in range(len(folded) - 1)))


def digits_of(text: str) -> str:
    """The digits of a phone number, or nothing when `text` is none or too short to tell one from another."""
    digits = re.sub(r"[\s()+-]", "", unicodedata.normalize("NFKC", text))
    return digits if digits.isascii() and digits.isdigit() and len(digits) >= PHONE_ENDING else ""


class Syllable(NamedTuple):
    """One Chinese character and how it is said; a run of anything else stays whole and is said as it is written."""

    written: str
    pinyin: str
    initial: str


def syllables(folded: str) -> list[Syllable]:
    """How a folded text is said. Letters and digits say themselves; what stands between them often comes again."""
    return [
        syllable
        for run in SPOKEN_RUNS.findall(folded)
        for syllable in ((Syllable(run, run, run),) if LETTERS.match(run) else _syllables(run))
    ]


@lru_cache(maxsize=20_000)
def _syllables(folded: str) -> list[Syllable]:
    from pypinyin import lazy_pinyin

    found, at = [], 0
    for part in lazy_pinyin(folded, errors=lambda run: f" {run}"):  # the space: no Chinese
        run = part[1:] if part.startswith(" ") else ""
        written = run or folded[at]
        found.append(Syllable(written, run or part, run or part[0]))
        at += len(written)
    return found


def spoken(folded: str) -> tuple[str, str]:
    """Pinyin and its initials, without spaces: 华为技术 gives `huaweijishu` and `hwjs`."""
    parts = syllables(folded)
    return "".join(part.pinyin for part in parts), "".join(part.initial for part in parts)


def own_part(folded: str) -> str:
    """A folded name without region and legal form, as long as two characters are left."""
    for pattern in (LEGAL_SUFFIX, REGION_PREFIX):
        shorter = pattern.sub("", folded)
        folded = shorter if len(shorter) > 1 else folded
    return folded


# --- Customers --------------------------------------------------------------------------------------------------------


def with_former(former_names: str, *, left: Iterable[str], borne: Iterable[str]) -> str:
    """The former names, one a line and the latest first, after the names `left` were given up for those `borne` now."""
    now = {fold(name) for name in borne}
    names = {fold(name): name for name in reversed([*left, *former_names.split("\n")])}
    return "\n".join(name for folded, name in reversed(names.items()) if folded and folded not in now)


def search_columns(*, name: str, short_name: str, former_names: str = "", phone: str = "") -> dict[str, str]:
    """What is stored beside a customer so that it is found by any of its names. Spaces keep the names apart."""
    names = _distinct(map(fold, (name, short_name, *former_names.split("\n"))))
    own = _distinct(map(own_part, names))
    sounds = [spoken(part) for part in own if part is own[0] or not own[0].startswith(part)]
    tokens = _distinct(
        chain(
            chain.from_iterable(map(bigrams, names)),
            (f"={whole}" for whole in (*names, *own)),
            chain.from_iterable(map(_starts, (*names, *own, *chain(*sounds[1:])))),
            _phone_tokens([phone]),
        )
    )
    return {
        "search_name": " ".join(names),
        "search_grams": " ".join(tokens),
        "search_pinyin": " ".join(pinyin for pinyin, _letters in sounds),
        "search_initials": " ".join(letters for _pinyin, letters in sounds),
    }


def _distinct(parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, parts)))


def _starts(part: str) -> list[str]:
    return [f"^{part[:length]}" for length in STARTS if length <= len(part)]


def _phone_tokens(phones: Iterable[str]) -> list[str]:
    return [f"#{digits[-PHONE_ENDING:]}" for digits in map(digits_of, phones) if digits]


def search_condition(text: str) -> Q:
    """The customers that `text` may mean: number, tax number, end of the phone number, names old and new, pinyin.

    Several words narrow the search: each must be part of a name. An empty text finds everybody, a text of nothing but
    punctuation nobody.
    """
    text = _typed(text)
    if not text:
        return Q()
    return _by_number(text) | _by_phone(text) | _by_name(text) | _by_sound(fold(text))


def best_first(text: str) -> list[Q]:
    """Conditions from narrow to wide: it is called so, it begins so, `text` may mean it.

    One character alone is asked of beginnings only: no index knows where else it is.
    """
    text = _typed(text)
    letters = fold(text)
    if not letters:
        return []
    called = _is_number(text) | _has_tokens([f"={letters}"])
    begins = _by_number(text) | _begins(letters) | _by_sound(letters)
    return [called, begins, search_condition(text)] if len(letters) > 1 else [called, begins]


def _typed(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("\0", "").strip()


def _spellings(text: str) -> list[str]:
    return _distinct((text, text.upper()))


def _is_number(text: str) -> Q:
    return Q(number__in=_spellings(text)) | Q(tax_number__in=_spellings(text))


def _by_number(text: str) -> Q:
    found = Q(tax_number__in=_spellings(text))
    for spelling in _spellings(text):
        found |= Q(number__startswith=spelling)
    return found


def _by_phone(text: str) -> Q:
    digits = digits_of(text)
    if not digits:
        return NOBODY
    stored = Func(F("phone"), Value(r"\D"), Value(""), Value("g"), function="regexp_replace", output_field=TextField())
    return _has_tokens(_phone_tokens([digits])) & Q(EndsWith(stored, digits))


def _by_name(text: str) -> Q:
    words = [word for word in map(fold, text.split()) if word]
    if not words:
        return NOBODY
    found = Q()
    for word in words:
        found &= Q(search_name__contains=word) if len(word) != 2 else Q()  # the pair is its own proof
    pairs = [pair for word in words if len(word) > 1 for pair in bigrams(word)]
    return found & _has_tokens(pairs) if pairs else found


def _begins(folded: str) -> Q:
    token = _starts(folded[: max(STARTS)])[-1]
    return _has_tokens([token]) & Q(search_name__contains=folded)


def _by_sound(letters: str) -> Q:
    """Pinyin or its initials: of the registered name by the index, of the other names through how they begin."""
    if not LETTERS.match(letters):
        return NOBODY
    found = Q(search_initials__startswith=letters) | Q(search_pinyin__startswith=letters)
    if len(letters) > 1:
        others = Q(search_initials__contains=f" {letters}") | Q(search_pinyin__contains=f" {letters}")
        found |= _has_tokens([_starts(letters[: max(STARTS)])[-1]]) & others
    return found


def _has_tokens(tokens: list[str]) -> Q:
    """All of `tokens` are stored: written as the GIN indexes are, so that they are used."""
    return Q(ArrayContains(split_tokens(output_field=ArrayField(TextField())), tokens))


def split_tokens(**options: Field) -> Func:
    """The stored tokens as an array: what the GIN indexes are over."""
    return Func(F("search_grams"), Value(" "), function="string_to_array", **options)


# --- People, visits, papers -------------------------------------------------------------------------------------------


def text_columns(
    *,
    texts: Iterable[str] = (),
    names: Iterable[str] = (),
    numbers: Iterable[str] = (),
    phones: Iterable[str] = (),
) -> dict[str, str]:
    """What is stored beside a record so that it is found by what it says.

    Words in letters are found by how they begin, Chinese by any two characters of it; `names` by pinyin too, `numbers`
    with or without their hyphens, `phones` by how they end.
    """
    names, numbers, phones = list(names), list(numbers), list(phones)
    sounds = chain.from_iterable(spoken(fold(name)) for name in names)
    said = words_of(" ".join((*names, *texts, *numbers)))
    words = _distinct((*said, *sounds, *map(fold, numbers), *map(digits_of, phones)))
    tokens = _distinct(chain(chain.from_iterable(map(_pieces, words)), _phone_tokens(phones)))
    return {"search_text": f" {' '.join(words)} " if words else "", "search_grams": " ".join(tokens)}


def words_of(text: str) -> list[str]:
    """The runs of a text, each once: words in letters, and Chinese between punctuation."""
    return _distinct(RUNS.findall(plain(text)))


def _pieces(word: str) -> list[str]:
    """The tokens of one run: its pairs, or of letters and digits how it begins."""
    if not LETTERS.match(word):
        return bigrams(word)
    return _distinct([word[:length] for length in WORD_STARTS])


def text_condition(text: str) -> Q:
    """The records in which every word of `text` occurs, and those with a phone number that ends so.

    Nobody for less than two characters: one alone is in nearly everything.
    """
    words = words_of(text.replace("\0", ""))
    tokens = list(chain.from_iterable(map(_asked, words)))
    if not tokens:
        return NOBODY
    found = _has_tokens(tokens)
    for word in words:
        found &= _not_proved(word)
    return found | _ends_with(digits_of(text))


def _asked(word: str) -> list[str]:
    """The tokens that a record with this word has; none for a single character."""
    if len(word) < 2:
        return []
    return [word[: WORD_STARTS[-1]]] if LETTERS.match(word) else bigrams(word)


def _not_proved(word: str) -> Q:
    """What the tokens leave open: of one token nothing."""
    if _asked(word) == [word]:
        return Q()
    return Q(search_text__contains=f" {word}" if LETTERS.match(word) else word)


def _ends_with(digits: str) -> Q:
    if not digits:
        return NOBODY
    return _has_tokens(_phone_tokens([digits])) & Q(search_text__contains=f"{digits} ")
