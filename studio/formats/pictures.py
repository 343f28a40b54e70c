"""Which picture a file name in an annotation file means, among those below a folder."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

from studio.formats.listing import image_names, stem


class Pictures:
    """The pictures below `folder`, found by what annotation files call them. A name never leads out of the folder:
    whatever it says, only pictures that lie there are found."""

    def __init__(self, folder: Path) -> None:
        """Raises BadInput where the folder cannot be read."""
        self.folder = folder
        self.names = image_names(folder)
        self._by_file: dict[str, list[str]] = {}
        self._by_stem: dict[str, list[str]] = {}
        for name in self.names:
            file = name.rsplit("/", 1)[-1]
            self._by_file.setdefault(file, []).append(name)
            self._by_stem.setdefault(stem(file), []).append(name)

    def find(self, called: str, *, near: Sequence[str] = ()) -> str | None:
        """The name, relative to the folder, of the picture that is called so; None where there is none.

        Of several with the same file name the one that shares the most folders at its end with `called` is meant, then
        one with a folder whose name has one of the words `near` in it. A name without a suffix fits any kind of file.
        """
        parts = called.replace("\\", "/").split("/")
        found = self._by_file.get(parts[-1]) or self._by_stem.get(parts[-1])
        if not found:
            return None
        return max(found, key=lambda name: (_shared_end(name.split("/"), parts), _is_near(name, near)))


def _shared_end(ours: Sequence[str], theirs: Sequence[str]) -> int:
    return len(_shared_start(ours[-2::-1], theirs[-2::-1]))


def _shared_start(ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    pairs = zip(ours, theirs, strict=False)
    return [a for a, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)]


def _is_near(name: str, words: Sequence[str]) -> bool:
    return any(word in folder.lower() for folder in name.split("/")[:-1] for word in words)


def common_folder(names: Iterable[str]) -> str:
    """The folder in which all of these lie, ending with `/`; empty where it is the uppermost one."""
    folders = [name.split("/")[:-1] for name in names]
    return "".join(f"{part}/" for part in functools.reduce(_shared_start, folders)) if folders else ""
