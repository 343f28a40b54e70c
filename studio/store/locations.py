"""Where pictures lie: kept relative to an image root or the project where possible, so that folders can move."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from studio.core.errors import ProjectDamaged
from studio.core.settings import ProjectSettings
from studio.store.settings_file import SETTINGS_FILE

_IN_PROJECT: Final = -1

Stored = tuple[int | None, str]
"""Position of the root (-1: the project, None: absolute) and the path below it, with `/`."""


class Locations:
    """Turns absolute picture paths into what the database keeps, and back."""

    def __init__(self, project: Path, settings: ProjectSettings) -> None:
        self._project = project
        self._folders = {
            _IN_PROJECT: str(project),
            **{i: os.path.abspath(project / root) for i, root in enumerate(settings.image_roots)},  # noqa: PTH100
        }
        # The deepest folder first, so that a root inside another one wins.
        self._prefixes = sorted(
            ((folder.rstrip(os.sep) + os.sep, number) for number, folder in self._folders.items()),
            key=lambda entry: -len(entry[0]),
        )

    def stored(self, path: Path) -> Stored:
        text = str(path)
        if os.pardir in text:
            text = os.path.normpath(text)
        for prefix, number in self._prefixes:
            if text.startswith(prefix):
                return number, text[len(prefix) :].replace(os.sep, "/")
        return None, text

    def path(self, root: int | None, stored: str) -> Path:
        """Raises ProjectDamaged when `studio.toml` no longer has the root."""
        if root is None:
            return Path(stored)
        folder = self._folders.get(root)
        if folder is None:
            raise ProjectDamaged(
                self._project / SETTINGS_FILE, f"items lie below image_roots[{root}], which it does not list"
            )
        return Path(folder, stored)
