"""What the tests of every interchange format do: bring a source in, paint, hand it out, bring it in again."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from studio.core.points import Points
from studio.core.shapes import Carried
from studio.export import export_project
from studio.formats import ExportReport, importer, recognise
from studio.ingest import ImportReport, import_into
from studio.store import Store


def bring_in(source: Path, project: Path, format_name: str, **answers: str) -> ImportReport:
    """Import a source that must be recognised as `format_name`."""
    found = recognise(source)
    assert found.format == format_name
    return import_into(project, importer(format_name).plan(found.source, **answers))


def hand_out(project: Path, out: Path, format_name: str) -> ExportReport:
    with Store.open(project) as store:
        return export_project(store, out, format_name=format_name)


def mask_of(project: Path, name: str = "a.png") -> np.ndarray:
    with Store.open(project) as store:
        mask = store.read_mask(store.item_named(name).id)
    assert mask is not None
    return mask


def points_of(project: Path, name: str = "a.png") -> Points:
    with Store.open(project) as store:
        points = store.read_points(store.item_named(name).id)
    assert points is not None
    return points


def carried_of(project: Path, name: str = "a.png") -> Carried:
    with Store.open(project) as store:
        carried = store.carried(store.item_named(name).id)
    assert carried is not None
    return carried


def paint(project: Path, mask: np.ndarray, name: str = "a.png") -> None:
    """Give an item another label, as one edit."""
    with Store.open(project) as store:
        store.import_annotations([(store.item_named(name).id, mask)])
