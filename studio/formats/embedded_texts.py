"""Documents that lie within a table: each is written into the project's own folder as a text file."""

from __future__ import annotations

from collections.abc import MutableSequence
from pathlib import Path
from typing import Final

import msgspec

from studio.core.atomic import write_atomically
from studio.core.items import NewItem
from studio.formats.exports import below
from studio.formats.plan import ImportPlan

TEXTS_FOLDER: Final = "texts"


def unpack_texts(root: Path, plan: ImportPlan, items: MutableSequence[NewItem]) -> None:
    """Write the plan's texts below `root`/texts as UTF-8, sign for sign, and let their `items` lie there.

    A file that is there with the same text stays, so that an import can be repeated; where it has another text, the
    item gets a number behind its name, so that a second table of the same name brings its own documents. Raises
    CannotWrite.
    """
    folder = root / TEXTS_FOLDER
    for index, text in plan.texts.items():
        data = text.encode("utf-8", "replace")
        bare, number = items[index].name.removesuffix(".txt"), 1
        path = folder / below(f"{bare}.txt")
        while path.exists() and path.read_bytes() != data:
            number += 1
            path = folder / below(f"{bare} ({number}).txt")
        name = path.relative_to(folder).as_posix()
        items[index] = msgspec.structs.replace(items[index], name=name, path=path)
        if not path.exists():
            write_atomically(path, data, durable=False)
