"""Prints the budget table: what was measured, and the floors in the same run.

usage: python -m tests.bench [NAME …]
(startup brush folder switching throughput memory first_point plots review huge many effort active fine_tune)
"""

from __future__ import annotations

import importlib
import sys

from tests.bench.table import Row, print_table

_ALL = (
    "startup",
    "brush",
    "folder",
    "switching",
    "first_point",
    "plots",
    "review",
    "throughput",
    "memory",
    "many",
    "huge",
    "effort",
    "active",
    "fine_tune",
)


def main() -> int:
    names = sys.argv[1:] or list(_ALL)
    rows: list[Row] = []
    for name in names:
        if name not in _ALL:
            print(f"There is no benchmark called {name}; there are {', '.join(_ALL)}.", file=sys.stderr)
            return 2
        print(f"measuring {name} …", flush=True)
        rows += importlib.import_module(f"tests.bench.{name}").measure()
    print_table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
