"""Prints the budget table: what was measured, and the floors in the same run.

usage: python -m tests.bench [NAME [OPTION …] …]
(startup brush folder switching throughput memory first_point plots review huge many effort active fine_tune
label_errors)

What follows a name without being one goes to that benchmark, such as data sets to label_errors.
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
    "label_errors",
)


def main() -> int:
    wanted: list[tuple[str, list[str]]] = []
    for word in sys.argv[1:] or _ALL:
        if word in _ALL:
            wanted.append((word, []))
        elif wanted:
            wanted[-1][1].append(word)
        else:
            print(f"There is no benchmark called {word}; there are {', '.join(_ALL)}.", file=sys.stderr)
            return 2
    rows: list[Row] = []
    for name, options in wanted:
        print(f"measuring {' '.join([name, *options])} …", flush=True)
        rows += importlib.import_module(f"tests.bench.{name}").measure(*options)
    print_table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
