"""Which pictures lie below a folder, found without opening one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from studio.core.errors import BadInput
from studio.core.images import IMAGE_SUFFIXES
from studio.core.texts import TEXT_SUFFIXES

_PROJECT_FILE: Final = "studio.toml"
_PROJECT_FOLDERS: Final = ("labels", "runs")
_ABOUT: Final = frozenset(
    {"readme.txt", "readme.md", "license.txt", "license.md", "codes.txt", "valid.txt", "test.txt"}
)
_SEQUENCE = re.compile(r"^(.*?)[ _.-]*[A-Za-z]?\d+$", re.DOTALL)


def is_image_name(name: str) -> bool:
    dot = name.rfind(".")
    return dot > 0 and name[dot:].lower() in IMAGE_SUFFIXES


def is_text_name(name: str) -> bool:
    dot = name.rfind(".")
    return dot > 0 and name[dot:].lower() in TEXT_SUFFIXES and name.lower() not in _ABOUT


def text_names(folder: Path) -> list[str]:
    """Names of the text files below `folder`, as `image_names` lists pictures; what only speaks about the data, such as
    a README, is none. Raises BadInput where the folder cannot be read."""
    return sorted(_walk(os.fspath(folder), "", recursive=True, wanted=is_text_name))


def image_names(folder: Path, *, recursive: bool = True) -> list[str]:
    """Names of the pictures below `folder`, relative to it, with `/`, sorted. Hidden files and folders are passed
    over, links to folders are not followed; what a project keeps for itself (its labels are pictures, too) is no
    picture. Raises BadInput where the folder cannot be read."""
    return sorted(_walk(os.fspath(folder), "", recursive=recursive))


def _walk(folder: str, prefix: str, *, recursive: bool, wanted: Callable[[str], bool] = is_image_name) -> Iterator[str]:
    below: list[str] = []
    own: tuple[str, ...] = ()
    try:
        if os.path.isfile(f"{folder}{os.sep}{_PROJECT_FILE}"):  # noqa: PTH113 - a Path for each of many folders is slow
            if prefix:
                return
            own = _PROJECT_FOLDERS
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith("."):
                    continue
                if wanted(name) and not entry.is_dir():
                    yield prefix + name
                elif recursive and name not in own and entry.is_dir(follow_symlinks=False):
                    below.append(name)
    except OSError as error:
        raise BadInput(f"{folder} cannot be read ({error.strerror}); check the path and its permissions.") from error
    for name in below:
        yield from _walk(f"{folder}{os.sep}{name}", f"{prefix}{name}/", recursive=True, wanted=wanted)


def has_images(folder: Path) -> bool:
    """Whether a picture lies directly in the folder."""
    return next(_walk(os.fspath(folder), "", recursive=False), None) is not None


def subfolders(folder: Path) -> list[Path]:
    """The folders directly in `folder`, sorted by name, hidden ones left out."""
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if not entry.name.startswith(".") and entry.is_dir())
    except OSError as error:
        raise BadInput(f"{folder} cannot be read ({error.strerror}); check the path and its permissions.") from error


def stem(name: str) -> str:
    """A name without its suffix; the folders before it stay."""
    dot = name.rfind(".")
    return name[:dot] if dot > name.rfind("/") + 1 else name


def sequence_of(name: str) -> str:
    """The film or series a frame belongs to: its name before the number at the end (`0016E5_08013.png` → `0016E5`),
    with its folders; empty where the name has no number."""
    matched = _SEQUENCE.match(stem(name))
    return matched.group(1) if matched else ""


def name_some(names: list[str], *, at_most: int = 3) -> str:
    """`a, b, c and 7 more`, for sentences."""
    shown = ", ".join(names[:at_most])
    return f"{shown} and {len(names) - at_most:,} more" if len(names) > at_most else shown
