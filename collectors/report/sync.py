"""`python -m collectors.report.sync`: write the .ipynb beside every notebook source; `--check` only looks."""

from __future__ import annotations

import argparse
from pathlib import Path

from collectors.report.notebook import FOLDER, sources, stale, text


def main() -> int:
    """Exit code 1 with `--check` when a file is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--check", action="store_true", help="name stale files, write nothing")
    options = parser.parse_args()
    differ = stale(options.folder)
    if options.check:
        print("\n".join(f"stale: {path.name}" for path in differ) or "all notebooks equal their source")
        return int(bool(differ))
    for source in sources(options.folder):
        source.with_suffix(".ipynb").write_text(text(source), encoding="utf-8")
    for orphan in (path for path in differ if not path.with_suffix(".py").exists()):
        print(f"has no source: {orphan.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
