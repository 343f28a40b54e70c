"""`studio.toml`: the project's settings, readable and editable by people."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec
import tomli_w

from studio.core.atomic import why, write_atomically
from studio.core.errors import NotAProject, ProjectDamaged, ProjectTooNew
from studio.core.settings import PROJECT_FORMAT, ProjectSettings

SETTINGS_FILE: Final = "studio.toml"


def read_settings(root: Path) -> ProjectSettings:
    """The settings of the project in `root`. Raises NotAProject, ProjectTooNew, ProjectDamaged (naming the field)."""
    path = root / SETTINGS_FILE
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotAProject(root, is_file=root.is_file()) from error
    except OSError as error:
        raise ProjectDamaged(path, why(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectDamaged(path, f"it is not TOML: {error}") from error
    version = table.get("format", PROJECT_FORMAT)
    if isinstance(version, int) and version > PROJECT_FORMAT:
        raise ProjectTooNew(root, version, PROJECT_FORMAT)
    try:
        return msgspec.convert(table, ProjectSettings)
    except msgspec.ValidationError as error:
        raise ProjectDamaged(path, _with_field(str(error))) from error


def write_settings(root: Path, settings: ProjectSettings) -> None:
    """Raises CannotWrite; the old settings then stay."""
    table: dict[str, Any] = msgspec.to_builtins(settings)
    write_atomically(root / SETTINGS_FILE, tomli_w.dumps(table).encode())


def _with_field(sentence: str) -> str:
    """msgspec's “… - at `$.classes[0].color`” in words."""
    return sentence.replace(" - at `$.", ", in the field `")
