"""Files of annotations that are cut off or spoilt, whatever they were to be."""

from __future__ import annotations

import itertools
from pathlib import Path

from studio.core.errors import BadTable
from studio.formats import json_values, xml_values
from studio.formats.json_values import json_files


def damage(path: Path) -> BadTable | None:
    """What is wrong with a JSON or XML file; None for a file of another kind and where nothing is to be seen."""
    kinds = {".json": json_values.damage, ".xml": xml_values.damage}
    look = kinds.get(path.suffix.lower())
    return look(path) if look is not None else None


def first_damage(source: Path) -> BadTable | None:
    """What is wrong with the first damaged JSON file below a folder, or else the first damaged XML file."""
    paths = itertools.chain(json_files(source), json_files(source, ".xml"))
    return next((found for path in paths if (found := damage(path))), None)
