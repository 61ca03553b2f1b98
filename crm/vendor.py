"""Fill static/vendor/ from node_modules: `python -m crm.vendor`.

Copies the few library files the pages load, and builds `icons.svg`, a sprite of the Tabler icons that are used:
those named in a template (`{% icon "phone" %}`), in a script (`data-icon="phone"`), or in static/icons.txt, one a
line, for names that only Python knows. Runs in a fraction of a second, so every `make demo` runs it.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
MODULES = BASE_DIR / "node_modules"
VENDOR = BASE_DIR / "static" / "vendor"
ICONS = MODULES / "@tabler" / "icons" / "icons" / "outline"
EXTRA_ICONS = BASE_DIR / "static" / "icons.txt"

FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "tabler.min.js": "@tabler/core/dist/js/tabler.min.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    # The smallest of the ready-made builds that has bars, lines and hints.
    "echarts.min.js": "echarts/dist/echarts.common.min.js",
}
# The maps stay behind in node_modules, and a manifest storage refuses a file that points at one it cannot find.
SOURCE_MAP = re.compile(rb"(?m)^(//|/\*)# sourceMappingURL=.*$\n?")
ICON_USE = re.compile(r"""(?<![.\w])icon[ =(]["']([a-z0-9-]+)["']""")
SVG_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
INVISIBLE_FRAME = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>')


class Missing(Exception):
    """Something the pages need is not there; the text says what, and what to do."""


def write_changed(path: Path, content: bytes) -> None:
    """Write `content` unless it is there already, so that an unchanged file keeps its date."""
    if path.exists() and path.read_bytes() == content:
        return
    path.write_bytes(content)


def copy_libraries() -> None:
    """Copy each library file under its short name; refused when npm has not installed it."""
    for name, source in FILES.items():
        if not (MODULES / source).exists():
            raise Missing(f"node_modules/{source} is missing. Run: npm ci")
        write_changed(VENDOR / name, SOURCE_MAP.sub(b"", (MODULES / source).read_bytes()))


def icon_uses() -> Iterator[tuple[str, str]]:
    """Every (icon name, file that names it)."""
    for path in [*BASE_DIR.glob("templates/**/*.html"), *BASE_DIR.glob("static/js/**/*.js")]:
        for name in ICON_USE.findall(path.read_text(encoding="utf-8")):
            yield name, str(path.relative_to(BASE_DIR))
    if EXTRA_ICONS.exists():
        for line in EXTRA_ICONS.read_text(encoding="utf-8").splitlines():
            if name := line.split("#")[0].strip():
                yield name, "static/icons.txt"


def symbol(name: str, used_in: str) -> str:
    """One icon as a <symbol>; line width is left to the page's CSS."""
    path = ICONS / f"{name}.svg"
    if not path.exists():
        raise Missing(f'{used_in} uses the icon "{name}", which Tabler does not have. See https://tabler.io/icons')
    body = INVISIBLE_FRAME.sub("", SVG_BODY.search(path.read_text(encoding="utf-8")).group(1))
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round" '
        f'stroke-linejoin="round">{" ".join(body.split())}</symbol>'
    )


def build_sprite() -> int:
    """Write icons.svg; returns how many icons it holds."""
    used = dict(icon_uses())
    symbols = "\n".join(symbol(name, used[name]) for name in sorted(used))
    sprite = f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'
    write_changed(VENDOR / "icons.svg", sprite.encode())
    return len(used)


def main() -> int:
    VENDOR.mkdir(parents=True, exist_ok=True)
    try:
        copy_libraries()
        icons = build_sprite()
    except Missing as problem:
        print(problem, file=sys.stderr)
        return 1
    print(f"static/vendor: {len(FILES)} libraries, {icons} icons")
    return 0


if __name__ == "__main__":
    sys.exit(main())
