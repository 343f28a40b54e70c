"""Packages that the program can do without: whether one is there, told without loading it."""

from __future__ import annotations

import importlib.util


def is_installed(module: str) -> bool:
    """Of a top-level module's name."""
    return importlib.util.find_spec(module) is not None
