"""COCO's annotation files: what is in them, checked entry by entry, so that a bad one costs a sentence only."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from studio.core.items import Split
from studio.formats.complaints import Complaints
from studio.formats.json_values import damage, ends_of, fault, plain, read_json
from studio.formats.listing import subfolders
from studio.formats.splits import FOLDER_SPLITS

Id = int | str

_KEYS: Final = (b'"images"', b'"annotations"', b'"categories"')
_OWN: Final = ("images", "annotations", "categories")
_MOST_FOLDERS: Final = 30
_EMPTY: Final = (b"", b"[]", b"null")


class CocoImage(msgspec.Struct, frozen=True):
    id: Id
    file_name: str
    width: int | None = None
    height: int | None = None


class CocoCategory(msgspec.Struct, frozen=True):
    id: Id
    name: str
    keypoints: list[str] = []
    skeleton: list[tuple[int, int]] = []


class CocoRuns(msgspec.Struct, frozen=True):
    """A mask's run lengths, compressed as text or as numbers; `size` is (height, width)."""

    size: tuple[int, int]
    counts: str | list[int]


class CocoAnnotation(msgspec.Struct, frozen=True):
    """`segmentation`: polygons (x, y, x, y …) or run lengths; `bbox`: x, y, width, height; `keypoints`: x, y, v."""

    image_id: Id
    id: Id | None = None
    category_id: Id | None = None
    segmentation: CocoRuns | list[list[float] | float] | None = None
    bbox: list[float] | None = None
    iscrowd: int | bool = 0
    keypoints: list[float] | None = None
    attributes: dict[str, Any] = {}


class _Head(msgspec.Struct, frozen=True):
    """What is looked at in every annotation before one is read."""

    image_id: Id
    segmentation: msgspec.Raw = msgspec.Raw()
    bbox: msgspec.Raw = msgspec.Raw()


class _CategoryOf(msgspec.Struct, frozen=True):
    category_id: Id


class _File(msgspec.Struct):
    images: list[msgspec.Raw]
    annotations: list[msgspec.Raw]
    categories: list[msgspec.Raw] = []


class CocoFile:
    """One annotation file. `rest` is what it says beside images, annotations and categories."""

    def __init__(self, path: Path) -> None:
        """Raises BadTable, BadInput where nothing of it can be used."""
        self.path = path
        file = read_json(path, _File)
        self._complaints = Complaints(path)
        self.categories = dict(self._read(file.categories, CocoCategory, "category"))
        self.images = dict(self._read(file.images, CocoImage, "image"))
        self.boxes = 0
        """How many annotations have a box and no segmentation."""
        self._by_image: dict[Id, list[msgspec.Raw]] = {}
        for number, raw in enumerate(file.annotations, start=1):
            try:
                head = msgspec.json.decode(raw, type=_Head)
            except msgspec.ValidationError as error:
                self._complaints.add(f"annotation {_called(raw, number)}", fault(error))
                continue
            self._by_image.setdefault(head.image_id, []).append(raw)
            self.boxes += bytes(head.segmentation) in _EMPTY and bytes(head.bbox) not in _EMPTY
        self.rest: Mapping[str, Any] = {
            key: value for key, value in read_json(path, dict[str, Any]).items() if key not in _OWN
        }

    @property
    def sentences(self) -> list[str]:
        return self._complaints.sentences

    def category(self, category: Id | None) -> CocoCategory | None:
        found = self.categories.get(category) if category is not None else None
        return found[0] if found else None

    def count_of(self, image: Id) -> int:
        return len(self._by_image.get(image, ()))

    def used_categories(self) -> set[Id]:
        """The categories that an annotation has."""
        used: set[Id] = set()
        for raws in self._by_image.values():
            for raw in raws:
                with contextlib.suppress(msgspec.ValidationError):  # it gets its sentence when it is read
                    used.add(msgspec.json.decode(raw, type=_CategoryOf).category_id)
        return used

    def orphans(self) -> int:
        """How many annotations name an image that the file does not list."""
        return sum(len(raws) for image, raws in self._by_image.items() if image not in self.images)

    def annotations(self, image: Id, complaints: Complaints) -> Iterator[tuple[CocoAnnotation, dict[str, Any]]]:
        """The image's annotations, typed and as they stand."""
        for number, raw in enumerate(self._by_image.get(image, ()), start=1):
            try:
                yield msgspec.json.decode(raw, type=CocoAnnotation), plain(raw)
            except msgspec.ValidationError as error:
                complaints.add(f"annotation {_called(raw, number)}", fault(error))

    def _read(
        self, raws: list[msgspec.Raw], kind: type[Any], what: str
    ) -> Iterator[tuple[Id, tuple[Any, dict[str, Any]]]]:
        for number, raw in enumerate(raws, start=1):
            try:
                entry = msgspec.json.decode(raw, type=kind)
            except msgspec.ValidationError as error:
                self._complaints.add(f"{what} {_called(raw, number)}", fault(error))
                continue
            yield entry.id, (entry, plain(raw))


def find_files(source: Path) -> list[Path]:
    """The source where it is a file; else the JSON files in it and in the folders directly below that have COCO's keys,
    by a look at both ends."""
    if source.is_file():
        return [source] if is_coco(source) else []
    folders = [source, *subfolders(source)[:_MOST_FOLDERS]]
    paths = sorted(path for folder in folders for path in folder.glob("*.json") if path.is_file())
    return [path for path in paths if is_coco(path)]


def is_coco(path: Path) -> bool:
    """A damaged file passes by one of the keys, so that its damage is told."""
    ends = ends_of(path)
    keys = sum(key in ends for key in _KEYS)
    is_object = ends.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    return is_object and (keys >= 2 or (keys == 1 and damage(path) is not None))


def split_of(path: Path) -> Split | None:
    """The split that a file's name says, such as `instances_val2017.json`."""
    words = re.findall("[a-z]+", path.stem.lower())
    return next((FOLDER_SPLITS[word] for word in words if word in FOLDER_SPLITS), None)


def _called(raw: msgspec.Raw, number: int) -> str:
    """An entry's id, or its place where it has none."""
    value = plain(raw).get("id")
    return str(value) if isinstance(value, int | str) else f"at place {number}"
