"""The files around YOLO's labels: names of classes, lists of pictures, and which label file is whose."""

from __future__ import annotations

import dataclasses
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from studio.core.errors import BadTable
from studio.core.items import Split
from studio.formats.listing import stem
from studio.formats.pictures import Pictures
from studio.formats.splits import FOLDER_SPLITS
from studio.formats.tables import read_lines, read_text, unique_names
from studio.formats.yaml_subset import read_yaml

_NAME_FILES: Final = ("classes.txt", "obj.names", "classes.names", "predefined_classes.txt")
_NO_LABELS: Final = frozenset({"classes.txt", "train.txt", "val.txt", "valid.txt", "test.txt", "labels.txt"})
_LABEL_LINE: Final = re.compile(rb"\s*\d+([ \t]+-?[\d.]+(e[-+]?\d+)?){4,}\s*(\n|\r|$)", re.IGNORECASE)
_SPLITS: Final = {"train": Split.TRAIN, "val": Split.VALID, "valid": Split.VALID, "test": Split.TEST}
_HEAD: Final = 4096


@dataclasses.dataclass(frozen=True)
class PoseShape:
    """Keypoints of each object: how many, two or three numbers for each, whose mirror image each is (empty: nobody
    says), and their names (empty: nobody says)."""

    count: int
    numbers: int
    flip: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class YoloSet:
    """What a source says beside its labels. `names` are classes by number, `where` the folders or lists of a split as
    they are written, `rest` what else stands in the YAML file `path`."""

    path: Path | None = None
    names: Mapping[int, str] = dataclasses.field(default_factory=dict)
    where: Mapping[Split, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    pose: PoseShape | None = None
    rest: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def read_set(source: Path, problems: list[str]) -> YoloSet:
    """Raises BadTable, BadInput where a file that names the classes cannot be used."""
    for path in sorted([*source.glob("*.yaml"), *source.glob("*.yml")]):
        values = _yaml(path)
        if isinstance(values, dict) and "names" in values:
            return _from_yaml(path, values, problems)
    lists = {split: (f"{name}.txt",) for name, split in _SPLITS.items() if (source / f"{name}.txt").is_file()}
    for folder in (source, source / "labels", source / "data", *(p for p in [source / "obj_train_data"] if p.is_dir())):
        for name in _NAME_FILES:
            if (folder / name).is_file():
                lines = [line for line in read_lines(folder / name) if line]
                names = unique_names(lines, folder / name, problems)
                return YoloSet(names=dict(enumerate(names)), where=lists)
    return YoloSet(where=lists)


def _yaml(path: Path) -> Any:
    try:
        return read_yaml(read_text(path))
    except ValueError as error:
        raise BadTable(
            path, f"it cannot be read as a data set's YAML ({error})", "write names and paths plainly"
        ) from error


def _from_yaml(path: Path, values: Mapping[str, Any], problems: list[str]) -> YoloSet:
    named = values["names"]
    pairs = (
        list(enumerate(named)) if isinstance(named, list) else list(named.items()) if isinstance(named, dict) else []
    )
    if not pairs or not all(isinstance(number, int) and number >= 0 for number, _ in pairs):
        raise BadTable(
            path, "its names are neither a list nor numbered", "write `names:` with a line `0: name` a class"
        )
    unique = unique_names([str(name) for _, name in pairs], path, problems)
    where: dict[Split, tuple[str, ...]] = {}
    for key, split in _SPLITS.items():
        given = values.get(key)
        paths = tuple(str(each) for each in (given if isinstance(given, list) else [given]) if each)
        if paths and split not in where:
            where[split] = paths
    own = ("names", "nc", "path", "kpt_shape", "flip_idx", "kpt_names", *_SPLITS)
    return YoloSet(
        path=path,
        names={number: name for (number, _), name in zip(pairs, unique, strict=True)},
        where=where,
        pose=_pose(path, values),
        rest={str(key): value for key, value in values.items() if key not in own},
    )


def _pose(path: Path, values: Mapping[str, Any]) -> PoseShape | None:
    shape, flip, named = values.get("kpt_shape"), values.get("flip_idx") or [], values.get("kpt_names")
    if shape is None:
        return None
    if not (isinstance(shape, list) and len(shape) == 2 and isinstance(shape[0], int) and shape[1] in (2, 3)):
        raise BadTable(path, f"its kpt_shape {shape} is not a count of points and 2 or 3", "write such as [17, 3]")
    count = shape[0]
    if not 0 < count <= 1000:
        raise BadTable(path, f"its kpt_shape is for {count} points", "write such as [17, 3]")
    if flip and (not isinstance(flip, list) or sorted(map(str, flip)) != sorted(map(str, range(count)))):
        raise BadTable(path, f"its flip_idx does not name each of {count} points once", "mend it or leave it out")
    names = next(iter(named.values()), []) if isinstance(named, dict) else named or []
    kept = tuple(str(name) for name in names) if isinstance(names, list) and len(names) == count else ()
    return PoseShape(count, shape[1], tuple(flip), kept)


class LabelFiles:
    """The text files below a folder that hold labels, found by their picture's name."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self.names = sorted(_text_files(source))
        self._known = set(self.names)
        self._by_stem: dict[str, list[str]] = {}
        for name in self.names:
            self._by_stem.setdefault(stem(name.rsplit("/", 1)[-1]), []).append(name)

    def of(self, picture: str) -> Path | None:
        """Where the last folder `images` of the picture's name is `labels`, else beside it, else the only file that is
        called so."""
        bare = f"{stem(picture)}.txt"
        head, found, tail = bare.rpartition("images/")
        swapped = f"{head}labels/{tail}" if found and (not head or head.endswith("/")) else ""
        for name in (swapped, bare):
            if name in self._known:
                return self._source / name
        alone = self._by_stem.get(stem(picture.rsplit("/", 1)[-1]), [])
        return self._source / alone[0] if len(alone) == 1 else None


def _text_files(source: Path) -> Iterator[str]:
    for folder, below, files in os.walk(source):
        below[:] = [name for name in below if not name.startswith(".")]
        relative = Path(folder).relative_to(source).as_posix()
        prefix = "" if relative == "." else f"{relative}/"
        yield from (prefix + name for name in files if name.endswith(".txt") and name.lower() not in _NO_LABELS)


def looks_like_labels(path: Path) -> bool | None:
    """By the first line; None for a file without one, which says that its picture shows no object."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return False
    lines = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return None if not lines else bool(_LABEL_LINE.match(lines))


def splits_of(found: YoloSet, pictures: Pictures, problems: list[str]) -> dict[str, Split]:
    """The split by picture name, as the YAML file or the lists say, else by the names of the folders."""
    said: dict[str, Split] = {}
    for split, places in found.where.items():
        for place in places:
            names = list(_pictures_of(place, pictures, problems))
            said.update((name, split) for name in names if name not in said)
    if said:
        return said
    folders = {name: [FOLDER_SPLITS.get(part.lower()) for part in name.split("/")[:-1]] for name in pictures.names}
    return {name: split for name, parts in folders.items() for split in parts if split}


def _pictures_of(place: str, pictures: Pictures, problems: list[str]) -> Iterator[str]:
    """The pictures of a folder or of a list; what leads out of the source is looked for by the folders at its end."""
    written = posixpath.normpath(place.replace("\\", "/")).lstrip("/")
    parts = [part for part in written.split("/") if part not in ("..", ".")]
    if written.endswith(".txt"):
        path = pictures.folder.joinpath(*parts)
        lines = read_lines(path) if path.is_file() else []
        found = [pictures.find(line) for line in lines if line]
        if not lines or None in found:
            problems.append(f"{path}: {found.count(None):,} of its pictures are not below the folder.")
        yield from (name for name in found if name is not None)
        return
    for start in range(len(parts)):
        folder = "/".join(parts[start:]) + "/"
        inside = [name for name in pictures.names if name.startswith(folder)]
        if inside:
            yield from inside
            return
