"""The <meta> of CVAT's XML: the labels of a project, those that an import brought as they were."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.classes import LabelClass
from studio.core.points import KeypointName
from studio.formats.xml_values import add, parse_xml

_RADIUS = 40


class CvatMeta:
    """The labels of an export. `notes` is what `cvat.py` kept of an import."""

    def __init__(self, notes: Mapping[str, Any]) -> None:
        text = notes.get("meta")
        found = parse_xml(text) if isinstance(text, str) else None
        self._meta = found if found is not None and found.find(".//labels") is not None else ET.Element("meta")
        if self._meta.find(".//labels") is None:
            ET.SubElement(ET.SubElement(self._meta, "task"), "labels")
        labels = self._meta.find(".//labels")
        assert labels is not None
        self._labels = labels
        self._known = {each.findtext("name", ""): each for each in labels if not each.findtext("parent")}

    def define_classes(self, classes: Sequence[LabelClass]) -> None:
        """Add the classes that no label is called like, and take away labels that no class is called like any more, of
        those that have an area; other labels (tags, skeletons) stay."""
        names = {each.name for each in classes}
        for name, element in self._known.items():
            if name not in names and element.findtext("type") not in ("skeleton", "tag"):
                self._labels.remove(element)
        for each in classes:
            if each.name not in self._known:
                self._define(each.name, each.color, "any")

    def define_skeleton(self, keypoints: Sequence[KeypointName], links: Sequence[tuple[int, int]], name: str) -> str:
        """A label for the keypoints: the one of the import that has these points, or a new one called `name`. Returns
        its name."""
        names = [keypoint.name for keypoint in keypoints]
        for known, element in self._known.items():
            parts = [each.findtext("name") for each in self._labels if each.findtext("parent") == known]
            if element.findtext("type") == "skeleton" and parts == names:
                return known
        while name in self._known:
            name += " 2"
        add(self._define(name, "#ff00ff", "skeleton"), "svg", _drawing(keypoints, links))
        for keypoint in keypoints:
            add(self._define(keypoint.name, keypoint.color, "points"), "parent", name)
        return name

    def define_attribute(self, label: str, attribute: str) -> None:
        """See to it that a label has an attribute of this name."""
        element = self._known.get(label)
        attributes = element.find("attributes") if element is not None else None
        if attributes is None or any(each.findtext("name") == attribute for each in attributes):
            return
        added = ET.SubElement(attributes, "attribute")
        values = {"name": attribute, "mutable": "False", "input_type": "text", "default_value": "", "values": ""}
        for key, value in values.items():
            add(added, key, value)

    @property
    def element(self) -> ET.Element:
        return self._meta

    def _define(self, name: str, color: str, kind: str) -> ET.Element:
        label = ET.SubElement(self._labels, "label")
        for key, value in {"name": name, "color": color, "type": kind}.items():
            add(label, key, value)
        ET.SubElement(label, "attributes")
        self._known.setdefault(name, label)
        return label


def _drawing(keypoints: Sequence[KeypointName], links: Sequence[tuple[int, int]]) -> str:
    """The points on a circle, in percents of a square, and the lines between them, as CVAT draws a skeleton."""
    places = [
        (
            50 + _RADIUS * math.sin(2 * math.pi * i / len(keypoints)),
            50 - _RADIUS * math.cos(2 * math.pi * i / len(keypoints)),
        )
        for i in range(len(keypoints))
    ]
    drawing = ET.Element("svg")
    for a, b in links:
        (x1, y1), (x2, y2) = places[a], places[b]
        line = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        ends = {"data-type": "edge", "data-node-from": str(a + 1), "data-node-to": str(b + 1)}
        ET.SubElement(drawing, "line", {key: f"{value:.2f}" for key, value in line.items()} | ends)
    for number, (keypoint, (x, y)) in enumerate(zip(keypoints, places, strict=True), start=1):
        circle = {"r": "1.5", "cx": f"{x:.2f}", "cy": f"{y:.2f}", "data-type": "element node"}
        names = {"data-element-id": str(number), "data-node-id": str(number), "data-label-name": keypoint.name}
        ET.SubElement(drawing, "circle", circle | names)
    return "".join(ET.tostring(each, encoding="unicode") for each in drawing)
