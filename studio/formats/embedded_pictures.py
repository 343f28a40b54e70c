"""Pictures that lie within annotation files: they are written into the project's own folder."""

from __future__ import annotations

from collections.abc import MutableSequence
from pathlib import Path
from typing import Final

import msgspec

from studio.core.atomic import write_atomically
from studio.core.counting import counted
from studio.core.errors import StudioError
from studio.core.items import NewItem
from studio.formats.exports import below
from studio.formats.listing import name_some
from studio.formats.plan import ImportPlan

PICTURES_FOLDER: Final = "images"


def unpack_pictures(root: Path, plan: ImportPlan, items: MutableSequence[NewItem]) -> list[str]:
    """Write the plan's embedded pictures below `root`/images and let their `items` lie there; a picture that is there
    already stays. Returns sentences: how many, and one for each that cannot be used. Raises CannotWrite."""
    problems: list[str] = []
    written: list[str] = []
    folder = root / PICTURES_FOLDER
    for index, read in plan.pictures.items():
        path = folder / below(items[index].name)
        items[index] = msgspec.structs.replace(items[index], path=path)
        if path.exists():
            continue
        try:
            data = read()
        except StudioError as error:
            problems.append(error.sentence)
            continue
        write_atomically(path, data, durable=False)
        written.append(items[index].name)
    if written:
        problems.insert(
            0,
            f"{counted(len(written), 'picture')} lay only within their annotation files ({name_some(written)}); "
            f"they were written into {folder}.",
        )
    return problems
