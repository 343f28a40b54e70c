"""The projects that were open lately, kept between sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QSettings

_KEY: Final = "recent_projects"
_KEPT: Final = 8


def recent_projects() -> list[Path]:
    """Newest first; folders that are gone are left out."""
    stored = QSettings().value(_KEY)  # one entry comes back as a plain string
    names = stored if isinstance(stored, list) else [stored] if isinstance(stored, str) else []
    return [path for path in map(Path, names) if (path / "studio.toml").is_file()]


def remember_project(project: Path) -> None:
    others = [path for path in recent_projects() if path != project]
    QSettings().setValue(_KEY, [str(path) for path in [project, *others][:_KEPT]])
