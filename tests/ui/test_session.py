"""The session's promises to the pages: documents that follow the project, and nothing let go that is not saved."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from studio.core.classes import make_classes
from studio.core.document import MaskDocument
from studio.core.errors import CannotWrite
from studio.core.items import NewItem
from studio.core.settings import ProjectSettings, Task
from studio.store import Store
from studio.ui.session import Session


@pytest.fixture
def session(tmp_path: Path, qapp: QApplication):
    images = []
    for number in range(7):
        image = tmp_path / f"{number}.png"
        cv2.imwrite(str(image), np.zeros((40, 60, 3), np.uint8))
        images.append(image)
    settings = ProjectSettings(
        name="p", task=Task.SEGMENTATION, classes=tuple(make_classes(["a", "b"])), image_roots=(str(tmp_path),)
    )
    with Store.create(tmp_path / "p", settings) as store:
        store.add_items([NewItem(name=image.name, path=image) for image in images])
        yield Session(store)


def _mask_document(session: Session, index: int) -> MaskDocument:
    document = session.document(session.store.item_ids()[index])
    assert isinstance(document, MaskDocument)
    return document


def test_an_item_that_another_program_changed_is_read_anew(session: Session) -> None:
    before = _mask_document(session, 0)
    with Store.open(session.store.root) as other:
        document = other.open_document(before.item.id)
        assert isinstance(document, MaskDocument)
        document.brush((10, 10), (20, 10), 6, 1)
    now = _mask_document(session, 0)
    assert now is not before
    assert now.mask[10, 15] == 1
    now.brush((30, 30), (40, 30), 6, 0)
    assert session.store.read_mask(now.item.id)[30, 35] == 0


def test_a_stroke_that_the_disk_refused_is_kept_until_it_is_written(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = _mask_document(session, 0)

    def refuse(*_: object) -> None:
        raise CannotWrite(session.store.root, "no space left")

    with monkeypatch.context() as full_disk:
        full_disk.setattr(document._journal, "commit", refuse)
        with pytest.raises(CannotWrite):
            document.brush((10, 10), (20, 10), 6, 1)
        for index in range(1, 7):
            _mask_document(session, index)
        assert session.has_unsaved
        with pytest.raises(CannotWrite):
            session.save_all()
    session.save_all()
    assert not session.has_unsaved
    assert session.store.read_mask(document.item.id)[10, 15] == 1
