"""The classes of a mask data set, from whichever of its files names them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from studio.core.classes import MAX_CLASSES, LabelClass, make_classes
from studio.core.errors import BadInput, BadTable
from studio.formats.label_masks import ColorTable
from studio.formats.tables import RGB, read_codes, read_csv, read_label_colors

CODES = "codes.txt"
COLORS = "label_colors.txt"
CLASS_TABLE = "classes.csv"
CLASS_COLUMNS = ("id", "name", "color", "key", "void")

SEGNET_COLORS: dict[str, RGB] = {
    "Sky": (128, 128, 128),
    "Building": (128, 0, 0),
    "Pole": (192, 192, 128),
    "Road": (128, 64, 128),
    "Pavement": (60, 40, 222),
    "Tree": (128, 128, 0),
    "SignSymbol": (192, 128, 128),
    "Fence": (64, 64, 128),
    "Car": (64, 0, 128),
    "Pedestrian": (64, 64, 0),
    "Bicyclist": (0, 128, 192),
    "Unlabelled": (0, 0, 0),
}
"""SegNet's 12 classes of CamVid in the order of their ids, with the colours of its tutorial's test script."""


@dataclasses.dataclass(frozen=True)
class ClassFiles:
    """The files beside the images that speak of classes; None where there is none."""

    codes: Path | None
    colors: Path | None
    table: Path | None

    @property
    def exist(self) -> bool:
        return bool(self.codes or self.colors or self.table)


def class_files(source: Path) -> ClassFiles:
    def there(name: str) -> Path | None:
        return source / name if (source / name).is_file() else None

    return ClassFiles(codes=there(CODES), colors=there(COLORS), table=there(CLASS_TABLE))


def read_classes(files: ClassFiles, *, names: Sequence[str], problems: list[str]) -> tuple[LabelClass, ...]:
    """`names` where some are given, else what the files say; () where nothing names a class. Sentences about odd lines
    go to `problems`. Raises BadTable where a file cannot be used."""
    if names:
        return tuple(make_classes(_countable(names, None)))
    if files.table:
        return read_class_table(files.table)
    colors: dict[str, RGB] = {}
    if files.colors:
        colors, odd = read_label_colors(files.colors)
        problems += odd
    if files.codes:
        found, odd = read_codes(files.codes)
        problems += odd
        return with_colors(_countable(found, files.codes), colors)
    return with_colors(_countable(list(colors), files.colors), colors)


def _countable(names: Sequence[str], path: Path | None) -> Sequence[str]:
    if len(names) <= MAX_CLASSES:
        return names
    why = f"{len(names)} classes are more than the {MAX_CLASSES} that a mask of one byte a pixel can tell apart"
    if path:
        raise BadTable(path, why, "join some of them")
    raise BadInput(f"{why[0].upper()}{why[1:]}; join some of them.")


def with_colors(names: Sequence[str], colors: dict[str, RGB]) -> tuple[LabelClass, ...]:
    """Classes with the given colours by name; SegNet's where nothing is given and all names are its; distinct ones
    for the rest."""
    if not colors and set(names) <= set(SEGNET_COLORS):
        colors = SEGNET_COLORS
    classes = make_classes(names)
    return tuple(
        LabelClass(
            id=c.id, name=c.name, color=as_hex(colors[c.name]) if c.name in colors else c.color, key=c.key, void=c.void
        )
        for c in classes
    )


def as_hex(color: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def read_class_table(path: Path) -> tuple[LabelClass, ...]:
    """Classes as the camvid exporter writes them. Raises BadTable."""
    classes = []
    for row in read_csv(path, columns=CLASS_COLUMNS):
        try:
            classes.append(
                LabelClass(
                    id=int(row["id"]),
                    name=row["name"],
                    color=row["color"],
                    key=row["key"],
                    void=row["void"].lower() == "yes",
                )
            )
        except ValueError as error:
            raise BadTable(
                path, f"the row of {row['name'] or row['id']} cannot be used ({error})", "mend or remove it"
            ) from error
    if not classes or len({c.id for c in classes}) < len(classes):
        raise BadTable(path, "it names no class or one id twice", "give every class an id of its own")
    return tuple(classes)


def color_table(files: ClassFiles, classes: Sequence[LabelClass], *, source: Path, problems: list[str]) -> ColorTable:
    """Which colour means which class, from label_colors.txt, or SegNet's colours where all classes are its.

    Raises BadInput where nothing says what a colour means.
    """
    if files.colors:
        colors, odd = read_label_colors(files.colors)
        problems += [sentence for sentence in odd if sentence not in problems]
    elif {c.name for c in classes} <= set(SEGNET_COLORS):
        colors = SEGNET_COLORS
    else:
        raise BadInput(
            f"{source} has labels by colour but no {COLORS} that says what a colour means; "
            "write `red green blue<tab>name`, one class a line."
        )
    ids = {c.name: c.id for c in classes}
    strangers = [name for name in colors if name not in ids]
    if strangers and files.codes and files.colors:
        problems.append(
            f"{files.colors} names {', '.join(strangers)}, which {CODES} does not; their pixels stay unlabelled."
        )
    return ColorTable(
        tuple((color, ids[name]) for name, color in colors.items() if name in ids), files.colors or source
    )
