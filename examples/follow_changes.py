#!/usr/bin/env python3
"""Follow the change feed: one line of JSON for each change, for ever, going on where it stopped.

    export DOSSIER_TOKEN=…
    python examples/follow_changes.py --url http://127.0.0.1:8000 --kind customer,limit --cursor-file changes.cursor

The cursor is written down after the changes have been printed: stopped at any moment, none is lost, and the last page
may come twice. Without a cursor file's content it begins with what happens from now on; `--from-the-beginning` prints
what is kept of the past first.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

PAUSE_SECONDS = 5
GONE = 410


def get(url: str, token: str) -> dict:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def pages(base: str, token: str, kind: str, after: str) -> Iterator[dict]:
    """One page after the other; an empty one when there is nothing new."""
    while True:
        asked = {name: value for name, value in {"after": after, "kind": kind, "page_size": "500"}.items() if value}
        page = get(f"{base}/api/v1/changes/?{urllib.parse.urlencode(asked)}", token)
        yield page
        after = page["cursor"]


def follow(options: argparse.Namespace, token: str) -> None:
    kept = Path(options.cursor_file)
    after = kept.read_text().strip() if kept.exists() else "" if options.from_the_beginning else "latest"
    for page in pages(options.url.rstrip("/"), token, options.kind, after):
        for change in page["results"]:
            print(json.dumps(change, ensure_ascii=False))
        sys.stdout.flush()
        kept.write_text(page["cursor"])
        if options.once and not page["results"]:
            return
        if not page["results"]:
            time.sleep(PAUSE_SECONDS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--kind", default="", help="kinds of records, separated by commas; all without it")
    parser.add_argument("--cursor-file", default="changes.cursor")
    parser.add_argument("--from-the-beginning", action="store_true")
    parser.add_argument("--once", action="store_true", help="end when there is nothing new")
    options = parser.parse_args()
    try:
        follow(options, os.environ["DOSSIER_TOKEN"])
    except KeyError:
        print("Set DOSSIER_TOKEN to the token.", file=sys.stderr)
    except urllib.error.HTTPError as refusal:
        print(json.load(refusal)["detail"], file=sys.stderr)
        if refusal.code == GONE:
            print(f"Read all records anew, then remove {options.cursor_file} and start again.", file=sys.stderr)
    except KeyboardInterrupt:
        return 0
    else:
        return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
