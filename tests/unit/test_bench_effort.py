"""The simulated annotator of the effort bar: it reaches the target by the program's own means, and counts honestly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import UNLABELLED
from studio.core.document import MaskDocument
from studio.store import Store
from tests.bench.effort import TARGET, Annotator, Hand, Scribbling, Way, with_brush_and_fill, with_polygons
from tests.unit.conftest import MakeStore
from tests.unit.scribbles import CLASSES, scene

VOID = 2


def annotate(store: Store, way: Way) -> tuple[Annotator, MaskDocument]:
    item = store.item(store.item_ids()[0])
    picture, truth = scene(1)
    truth[-8:] = VOID
    Image.fromarray(picture).save(item.path)
    document = store.open_document(item.id)
    assert isinstance(document, MaskDocument)
    annotator = Annotator(document, truth, VOID, Hand())
    way(annotator, picture)
    return annotator, document


@pytest.mark.parametrize(
    "make_way",
    [
        lambda: lambda annotator, _picture: with_polygons(annotator),
        lambda: lambda annotator, _picture: with_brush_and_fill(annotator),
        lambda: Scribbling(CLASSES),
    ],
    ids=["polygons", "brush and fill", "scribbles"],
)
def test_every_way_reaches_the_target_and_what_was_done_is_in_the_journal(
    make_store: MakeStore, make_way: Callable[[], Way]
) -> None:
    store = make_store()
    annotator, document = annotate(store, make_way())
    assert annotator.share(document.mask) >= TARGET
    kept = store.read_mask(document.item.id)
    assert kept is not None
    assert np.array_equal(kept, document.mask)
    edits = 0
    while document.undo() is not None:
        edits += 1
    assert (document.mask == UNLABELLED).all()
    assert annotator.actions >= edits


def test_a_polygon_costs_its_corners_its_closing_and_the_choice_of_its_class(make_store: MakeStore) -> None:
    annotator, _ = annotate(make_store(), lambda annotator, _picture: with_polygons(annotator))
    whole, square = 4 + 1 + 1, 4 + 1 + 1
    assert annotator.actions == whole + square
