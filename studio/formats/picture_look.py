"""A look at whether files are pictures at all: a few bytes of each, because an import may have 100,000 of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from studio.core.errors import StudioError
from studio.core.settings import TAG_TASKS, Task
from studio.formats.label_masks import picture_size
from studio.formats.plan import ImportPlan

_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG_END: Final = b"\xff\xd9"
_PNG_END: Final = b"IEND\xaeB`\x82"
_TAIL: Final = 8


def looked_at(plan: ImportPlan) -> Iterator[int]:
    """Indices of the items whose picture no reader of labels opens, so that nothing else would tell of a bad one."""
    task = plan.settings.task
    if task is Task.TEXT:
        return
    for index in range(len(plan.items)):
        if index not in plan.pictures and (task in TAG_TASKS or index not in plan.labels):
            yield index


def unreadable_pictures(paths: Iterable[Path]) -> list[str]:
    """A sentence for each file that cannot be read as a picture."""
    return [sentence for path in paths if (sentence := unreadable(path))]


def unreadable(path: Path) -> str | None:
    """A sentence where the file cannot be read as a picture, None otherwise. Only a file that does not begin and end as
    a JPEG or PNG does is opened as a picture."""
    try:
        if not _is_in_order(path):
            picture_size(path)
    except StudioError as error:
        return error.sentence
    except OSError as error:
        return f"{path} cannot be read ({error.strerror}); put the picture there or leave it out."
    return None


def _is_in_order(path: Path) -> bool:
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        head = os.read(file, _TAIL)
        if len(head) < _TAIL:
            return False
        os.lseek(file, -_TAIL, os.SEEK_END)
        tail = os.read(file, _TAIL)
    finally:
        os.close(file)
    if head.startswith(_JPEG):
        return tail.endswith(_JPEG_END)
    return head == _PNG and tail == _PNG_END
