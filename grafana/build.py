#!/usr/bin/env python3
"""Writes grafana/dashboards/*.json from grafana/boards/*.py, so that panels of all boards look and behave alike.

`cache.json` is written by hand. Exit codes: 0 done, 1 `--check` found a file that is not up to date, 2 bad usage.
"""

import argparse
import json
import sys
from pathlib import Path

from boards import analytics, database, health, redirects, rollout, runtime

FOLDER = Path(__file__).resolve().parent / "dashboards"
BOARDS = {"analytics": analytics, "database": database, "health": health, "redirects": redirects, "rollout": rollout,
          "runtime": runtime}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, say which files are not up to date")
    args = parser.parse_args()
    stale = []
    for name, module in BOARDS.items():
        file = FOLDER / f"{name}.json"
        text = json.dumps(module.board(), indent=2, sort_keys=True) + "\n"
        if file.is_file() and file.read_text() == text:
            continue
        stale.append(file.name)
        if not args.check:
            file.write_text(text)
    print(("not up to date: " if args.check else "written: ") + (", ".join(stale) or "nothing"))
    return 1 if args.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
