"""Cells of a notebook, and a few of a real data set's files, laid out as in the whole, so that they run in seconds."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from studio.ml.runner import limited_threads

HAS_MATPLOTLIB = importlib.util.find_spec("matplotlib") is not None

WITHOUT_MATPLOTLIB = "figures need Matplotlib, which the program does not"


def run_cells(*cells: str, **given: Any) -> SimpleNamespace:
    """Run cells after `from studio.ml.notebook import *`; returns every name they know afterwards.

    On one thread: on pictures this small more threads only wait for each other.
    """
    names: dict[str, Any] = {}
    exec("from studio.ml.notebook import *", names)
    names |= given
    with limited_threads(1):
        for cell in cells:
            exec(compile(cell, "cell", "exec"), names)
    return SimpleNamespace(**names)


def a_few(data_set: Path, names: Iterable[str], to: Path) -> Path:
    """Copy the files of these names below `data_set`; skip where the data set is missing."""
    if not data_set.is_dir():
        pytest.skip(f"{data_set.name} is not among the real data sets")
    for name in names:
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(data_set / name, to / name)
    return to
