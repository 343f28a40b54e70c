"""What a tile of tags shows is what is accepted, while another threshold is stored or another run is being read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.core.review import Decision
from studio.core.settings import Task
from studio.core.tags import PredictedTags, Tags
from studio.store import score_loading
from studio.ui.review import ReviewPage
from studio.ui.review import page as review_page
from studio.ui.review.loading import RunFigures
from tests.ui.review.conftest import ReviewProject, write_scores
from tests.ui.review.test_review_tags import ANT, BEE, WASP, answers, make_project, score, scored, spec, tags_page

__all__ = ["make_project", "tags_page"]


def test_accepting_takes_over_what_shows_while_another_threshold_is_being_stored(
    tags_page: tuple[ReviewProject, ReviewPage], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Above 0.85 a bee is no longer predicted for the first item; that is stored, and does not show yet."""
    project, page = tags_page
    item, other, _third = project.ids[:3]
    monkeypatch.setattr(score_loading, "_AT_ONCE", 1)
    with storing_held(monkeypatch) as is_held:
        page.gallery.threshold_chosen.emit(0.85)
        qtbot.waitUntil(is_held, timeout=20_000)
        assert [score.tags for score in scored(project) if score.item == item] == [told((ANT,), 0.9, 0.8, 0.1)]
        project.store.tags.replace({item: Tags((WASP,))}, "by hand")
        project.session.items_changed.emit([item])
        page.decisions.decide([other], Decision.LABEL_RIGHT)
        row = page.gallery.model.row_of(item)
        assert row is not None
        qtbot.waitUntil(lambda: answers(page, qtbot, row)[:2] == ["ant 0.9!", "bee 0.8!"], timeout=20_000)
        page.gallery.grid.select_row(row)
        page.gallery.grid.setFocus()
        qtbot.keyClick(page.gallery.grid, Qt.Key.Key_A)
        assert project.store.read_tags(item) == Tags((ANT, BEE))
        page.decisions.undo()
        assert project.store.read_tags(item) == Tags((WASP,))
        page.decisions.redo()
        assert project.store.read_tags(item) == Tags((ANT, BEE))
    qtbot.waitUntil(lambda: page.gallery.model.review(row).score.tags == told((ANT,), 0.9, 0.8, 0.1), timeout=20_000)
    page.decisions.undo()
    page.decisions.decide([item], Decision.ACCEPTED)
    assert project.store.read_tags(item) == Tags((ANT,))


def test_while_another_run_is_being_read_decisions_are_about_the_run_whose_items_show(
    tags_page: tuple[ReviewProject, ReviewPage], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, page = tags_page
    review, item = project.store.review, project.ids[2]
    other = project.store.create_run(spec(Task.MULTI_LABEL))
    says_wasp = PredictedTags(tags=Tags((WASP,)), shares=((WASP, 0.9), (ANT, 0.0), (BEE, 0.0)))
    write_scores(other, [msgspec.structs.replace(score(Task.MULTI_LABEL, item, 2), tags=says_wasp)])
    page.read_runs()
    qtbot.waitUntil(lambda: page.top.runs.count() == 2, timeout=20_000)
    may_go_on = threading.Event()
    read = review_page.read_figures

    def read_later(root: Path, run: str, task: Task) -> RunFigures:
        may_go_on.wait()
        return read(root, run, task)

    monkeypatch.setattr(review_page, "read_figures", read_later)
    page.top.run_chosen.emit(other.id)
    page.gallery.grid.setFocus()
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_A)
    may_go_on.set()
    assert project.store.read_tags(item) == Tags((ANT,)), "as the tile shows"
    assert (review.tally("0001")[Decision.ACCEPTED], review.tally(other.id)[Decision.ACCEPTED]) == (1, 0)
    qtbot.waitUntil(lambda: page.gallery.model.rowCount() == 1, timeout=20_000)
    qtbot.keyClick(page.gallery.grid, Qt.Key.Key_A)
    assert project.store.read_tags(item) == Tags((WASP,))


def told(tags: tuple[int, ...], *shares: float) -> PredictedTags:
    return PredictedTags(tags=Tags(tags), shares=tuple(enumerate(shares)))


@contextmanager
def storing_held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
    """Hold the storing of scores on its thread after a part; yields whether that is so."""
    held, may_go_on = threading.Event(), threading.Event()

    def sleep(_seconds: float) -> None:
        held.set()
        may_go_on.wait()

    with monkeypatch.context() as patch:
        patch.setattr(score_loading.time, "sleep", sleep)
        try:
            yield held.is_set
        finally:
            may_go_on.set()
