"""Reading an uploaded file: what it really is, whether the archive takes it, and pictures without their secrets.

Names and types that the sender claims count for nothing; the content does. Pictures are drawn anew, so that where and
with what they were taken does not come along, nor anything hidden behind them.
"""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

import puremagic
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from crm.core.errors import Invalid

MOST_PIXELS = 60_000_000
MOST_ENTRIES = 2_000
MOST_UNPACKED = 200 * 1024 * 1024
JPEG_QUALITY = 88
TEXT_ENCODINGS = ("utf-8-sig", "gb18030")
CONTENT_TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".csv": "text/csv",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file as the archive keeps it."""

    title: str
    extension: str
    content: bytes

    @property
    def content_type(self) -> str:
        return CONTENT_TYPES[self.extension]


def prepare(upload: UploadedFile, *, most_bytes: int) -> Prepared:
    """The upload, known and cleaned. Refuses what is empty, too large, of another kind, or not what it seems."""
    if (upload.size or 0) > most_bytes:
        raise refusal(_("The file is larger than %(size)s MB.") % {"size": most_bytes // (1024 * 1024)})
    content = upload.read()
    if not content:
        raise refusal(_("The file is empty."))
    extension = sniff(content, PurePath(upload.name or "").suffix.lower())
    title = PurePath(upload.name or "").stem[:200] or extension.lstrip(".")
    return Prepared(title, extension, CLEAN[extension](content))


def sniff(content: bytes, claimed: str) -> str:
    """The extension that the content deserves; the claimed one only decides that a text is a table."""
    try:
        found = puremagic.from_string(content).lower()
    except (puremagic.PureError, ValueError):
        found = ""
    found = {".jpeg": ".jpg", ".jfif": ".jpg"}.get(found, found)
    if content.startswith(b"PK\x03\x04"):
        return _office_kind(content)
    if found in (".pdf", ".png", ".jpg"):
        return found
    if claimed == ".csv" and _is_text(content):
        return ".csv"
    raise refusal(_("The archive takes PDF, PNG, JPEG, XLSX, DOCX and CSV files; this is none of them."))


def refusal(sentence: str) -> Invalid:
    return Invalid({"file": sentence}, code="file_refused")


def _is_text(content: bytes) -> bool:
    """Text without control characters, in one of the encodings that tables come in."""
    for encoding in TEXT_ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not any(ord(character) < 32 and character not in "\r\n\t" for character in text)
    return False


def _office_kind(content: bytes) -> str:
    names = {entry.filename for entry in _entries(content)}
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise refusal(_("Files with macros are not taken."))
    if "xl/workbook.xml" in names:
        return ".xlsx"
    if "word/document.xml" in names:
        return ".docx"
    raise refusal(_("Archives such as ZIP are not taken; only XLSX and DOCX."))


def _entries(content: bytes) -> list[zipfile.ZipInfo]:
    """What a packed file holds, by its table of contents; refuses one that would unpack to a flood."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except zipfile.BadZipFile as failure:
        raise refusal(_("The file is damaged.")) from failure
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise refusal(_("The file unpacks to more than the archive takes."))
    return entries


def _redrawn(form: str) -> Callable[[bytes], bytes]:
    def redraw(content: bytes) -> bytes:
        """The picture alone, upright, without EXIF: neither place nor device."""
        picture = ImageOps.exif_transpose(_opened(content, form))
        picture = picture.convert("RGB") if form == "JPEG" else picture
        picture.info = {}
        drawn = io.BytesIO()
        picture.save(drawn, form, **({"quality": JPEG_QUALITY} if form == "JPEG" else {}))
        return drawn.getvalue()

    return redraw


def _opened(content: bytes, form: str) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(content), formats=[form])
        if picture.width * picture.height > MOST_PIXELS:
            raise refusal(_("The picture has more than 60 million pixels."))
        picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as failure:
        raise refusal(_("The picture cannot be read.")) from failure
    return picture


def _as_it_is(content: bytes) -> bytes:
    return content


CLEAN: dict[str, Callable[[bytes], bytes]] = {
    ".jpg": _redrawn("JPEG"),
    ".png": _redrawn("PNG"),
    ".pdf": _as_it_is,
    ".csv": _as_it_is,
    ".xlsx": _as_it_is,
    ".docx": _as_it_is,
}
