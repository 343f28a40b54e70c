"""What a source is: a folder with its annotations, or one annotation file, which is imported for itself."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_ABOVE: Final = frozenset({"annotations", "annotation", "labels"})
"""Folders of annotation files, whose pictures lie in folders beside them."""


def folder_of(source: Path) -> Path:
    """The folder below which the pictures of a source lie."""
    if not source.is_file():
        return source
    folder = source.absolute().parent
    return folder.parent if folder.name.lower() in _ABOVE else folder


def files_of(source: Path, suffix: str) -> list[Path]:
    """The source itself where it is a file, else the files with the suffix that lie directly in it."""
    if source.is_file():
        return [source] if source.suffix.lower() == suffix else []
    return sorted(source.glob(f"*{suffix}"))
