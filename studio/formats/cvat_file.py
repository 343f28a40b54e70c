"""CVAT's XML for images 1.1: the labels that a file defines and the annotations of each of its pictures."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from studio.formats.complaints import Complaints
from studio.formats.listing import subfolders
from studio.formats.xml_values import as_text, begins_with, children_of_root, number, parse_xml

ROOT: Final = "annotations"
_MOST_FOLDERS: Final = 30
_OWN: Final = ("name", "width", "height")
_COLOR: Final = re.compile("#[0-9a-fA-F]{6}")


@dataclasses.dataclass(frozen=True)
class CvatLabel:
    """A label's definition. `color` is #rrggbb or empty, `kind` CVAT's type such as `any`; `parent` names the skeleton
    that a point belongs to, and `links` are the pairs of points (counted from 1) that a skeleton joins."""

    name: str
    color: str = ""
    kind: str = "any"
    parent: str = ""
    links: tuple[tuple[int, int], ...] = ()


@dataclasses.dataclass(frozen=True)
class CvatImage:
    """One picture. `rest` are its other attributes; `elements` its annotations."""

    name: str
    width: int
    height: int
    rest: Mapping[str, str]
    elements: tuple[ET.Element, ...]


class CvatFile:
    """One file. `meta` is the text of its <meta>, kept for an export; `tracks` counts what only videos have."""

    def __init__(self, path: Path) -> None:
        """Raises BadTable, BadInput where nothing of it can be used."""
        self.path = path
        self.meta = ""
        self.labels: tuple[CvatLabel, ...] = ()
        self.images: list[CvatImage] = []
        self.tracks = 0
        self._complaints = Complaints(path)
        for element in children_of_root(path, ROOT):
            if element.tag == "meta":
                self.meta = as_text(element)
                self.labels = tuple(_labels(element))
            elif element.tag == "image":
                self._add(element)
            self.tracks += element.tag == "track"

    @property
    def sentences(self) -> list[str]:
        tracks = f"{self.path}: {self.tracks:,} tracks of videos were left out; export it as CVAT for images."
        return [*self._complaints.sentences, *([tracks] if self.tracks else [])]

    @property
    def skeletons(self) -> dict[str, list[str]]:
        """The names of the points of each skeleton, as the labels say and else as its first annotation has them."""
        found: dict[str, list[str]] = {}
        for label in self.labels:
            if label.parent:
                found.setdefault(label.parent, []).append(label.name)
        for image in self.images:
            for element in image.elements:
                if element.tag == "skeleton" and element.get("label", "") not in found:
                    names = [point.get("label", "") for point in element.iter("points")]
                    found[element.get("label", "")] = list(dict.fromkeys(names))
        return {name: points for name, points in found.items() if points}

    def _add(self, element: ET.Element) -> None:
        name = element.get("name", "")
        try:
            if not name:
                raise ValueError("it has no name")
            size = [int(number(element.get(side), side)) if element.get(side) else 0 for side in ("width", "height")]
        except ValueError as error:
            self._complaints.add(f"the picture {name or element.get('id', '')}", str(error))
            return
        rest = {key: value for key, value in element.attrib.items() if key not in _OWN}
        self.images.append(CvatImage(name, size[0], size[1], rest, tuple(element)))


def find_files(source: Path) -> list[Path]:
    """The XML files of CVAT in `source` and in the folders directly below, by a look at their beginnings; `annotations`
    is no other format's root."""
    folders = [source, *subfolders(source)[:_MOST_FOLDERS]]
    paths = sorted(path for folder in folders for path in folder.glob("*.xml") if path.is_file())
    return [path for path in paths if begins_with(path, ROOT)]


def links_of(svg: str) -> Iterator[tuple[int, int]]:
    """The pairs of points that the drawing of a skeleton joins."""
    drawing = parse_xml(f"<svg>{svg}</svg>")
    for line in drawing.iter("line") if drawing is not None else ():
        ends = line.get("data-node-from", ""), line.get("data-node-to", "")
        if all(end.isdecimal() for end in ends):
            yield int(ends[0]), int(ends[1])


def _labels(meta: ET.Element) -> Iterator[CvatLabel]:
    for element in meta.iter("label"):
        name = (element.findtext("name") or "").strip()
        color = (element.findtext("color") or "").strip()
        if name:
            yield CvatLabel(
                name=name,
                color=color.lower() if _COLOR.fullmatch(color) else "",
                kind=(element.findtext("type") or "any").strip(),
                parent=(element.findtext("parent") or "").strip(),
                links=tuple(links_of(element.findtext("svg") or "")),
            )
