"""Once round the whole loop, in the real program, with the real mouse and keys: paint, look, find a rate, train,
review, fix, fine-tune, read the report. With STUDIO_SCREENSHOTS set it leaves the README's pictures in that folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.core.events import LrFound
from studio.core.items import Item, LabelState
from studio.core.masks import read_mask
from studio.core.outcome import OutcomeKind
from studio.core.review import Decision
from studio.store import ItemFilter, RunRecord, Store
from tests.e2e.driver import Program, screenshots_folder
from tests.e2e.screen import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

_ROAD_KEY, _ROAD = "3", 2
_SIDE = "64" if screenshots_folder() is not None else "32"
_SMALL_RECIPE = {"epochs": "2", "height": _SIDE, "width": _SIDE, "batch_size": "4", "rate": "2e-4"}


def test_a_person_goes_round_the_whole_loop_once(project: Path, open_program: Callable[..., Program]) -> None:
    window = open_program(str(project))
    picture = _Camera(window)

    item = _paint_an_unlabelled_item(window, project)
    picture("label")

    window.screen.key("Control_L+2")
    for field, value in _SMALL_RECIPE.items():
        window.enter(field, value)
    _look_at_samples(window, picture)
    chosen = _find_a_rate(window, project)
    picture("learning-rate")

    window.click("train_button")
    trained = _wait_for_run(window, project, "0002", picture=lambda: picture("train"))
    assert trained.outcome is not None
    assert trained.outcome.kind is OutcomeKind.FINISHED
    assert chosen != pytest.approx(2e-4, rel=0.05)
    assert trained.spec.stages[0].lr.high == pytest.approx(chosen, rel=0.01)
    assert (trained.spec.stages[0].epochs, trained.spec.stages[0].batch_size) == (2, 4)

    accepted, left_out = _review(window, project, picture)

    window.click("fine_tune")
    tuned = _wait_for_run(window, project, "0003")
    assert tuned.outcome is not None
    assert tuned.outcome.kind is OutcomeKind.FINISHED
    assert tuned.spec.parent == "0002"
    assert tuned.spec.fine_tune is not None
    assert set(tuned.spec.fine_tune.corrections) == {entry.id for entry in accepted}

    window.screen.key("Control_L+3")
    window.wait_for("report_table")
    time.sleep(1)
    picture("report")
    rows = window.ask("rows report_table")
    assert isinstance(rows, list)
    verdicts = {row[0]: row[5] for row in rows}
    assert [verdicts[entry.name] for entry in accepted] == ["fixed"] * len(accepted)

    assert window.close() == 0
    with Store.open(project) as store:
        assert store.item(item.id).state is LabelState.LABELLED
        assert store.item(left_out.id).state is LabelState.LEFT_OUT


class _Camera:
    def __init__(self, window: Program) -> None:
        self._window = window
        self._folder = screenshots_folder()

    def __call__(self, name: str) -> None:
        if self._folder is not None:
            self._window.screen.save(self._folder / f"{name}.png")


def _paint_an_unlabelled_item(window: Program, project: Path) -> Item:
    """A stroke of road over the first item without a label; undone, brought back, and in its label file."""
    with Store.open(project) as store:
        item = store.item(store.item_ids(ItemFilter(states=frozenset({LabelState.UNLABELLED})))[0])
    window.wait_for("canvas")
    time.sleep(1)
    window.screen.key("u")
    time.sleep(1)
    window.screen.key(_ROAD_KEY)
    window.screen.drag([window.place_on("canvas", 0.3 + 0.01 * i, 0.8) for i in range(41)])
    wait_until(lambda: _painted(project, item) > 0, seconds=20, every=0.1)
    stroke = _painted(project, item)
    window.screen.key("Control_L+z")
    wait_until(lambda: _painted(project, item) == 0, seconds=20, every=0.1)
    window.screen.key("Control_L+Shift_L+z")
    wait_until(lambda: _painted(project, item) == stroke, seconds=20, every=0.1)
    file = (project / "labels" / item.name).with_suffix(".png")
    wait_until(lambda: file.exists() and int((read_mask(file)[0] == _ROAD).sum()) == stroke, seconds=20, every=0.1)
    return item


def _painted(project: Path, item: Item) -> int:
    """Pixels of road in the item's label, as another program that opens the project sees them."""
    with Store.open(project) as store:
        mask = store.read_mask(item.id)
    return 0 if mask is None else int((mask == _ROAD).sum())


def _look_at_samples(window: Program, picture: _Camera) -> None:
    """See what the recipe makes of training pictures, as the process that would train draws them, and roll again."""
    window.screen.key("Control_L+Shift_L+g")
    wait_until(lambda: window.text("augmented_said").startswith("12 training items"), seconds=300, every=0.5)
    window.screen.key("r")
    time.sleep(1)
    picture("augmented")
    window.screen.key("Escape")
    wait_until(lambda: window.where("augmented_grid") is None, seconds=20, every=0.1)


def _find_a_rate(window: Program, project: Path) -> float:
    """Let the finder draw its curve and choose one of its suggestions; the rate chosen."""
    window.click("find_rate_button")
    _wait_for_run(window, project, "0001")
    with Store.open(project) as store:
        found = [event for event in store.run_events("0001") if isinstance(event, LrFound)]
    suggestions = {suggestion.rule: suggestion.lr for suggestion in found[0].suggestions}
    window.click("suggestion_valley")
    time.sleep(0.5)
    return suggestions["valley"]


def _wait_for_run(
    window: Program, project: Path, run: str, *, picture: Callable[[], None] | None = None, seconds: float = 300
) -> RunRecord:
    """The run's record once its end is written down and the window says so."""

    def record() -> RunRecord | None:
        with Store.open(project) as store:
            return next((entry for entry in store.runs() if entry.id == run), None)

    wait_until(lambda: (known := record()) is not None and known.outcome is not None, seconds=seconds, every=0.5)
    wait_until(lambda: window.text("run_chip") == "", seconds=20, every=0.1)
    time.sleep(1)
    if picture is not None:
        picture()
    ended = record()
    assert ended is not None
    return ended


def _review(window: Program, project: Path, picture: _Camera) -> tuple[list[Item], Item]:
    """Open the worst item and come back; accept on the two worst, leave the third out, and think twice about it."""
    window.screen.key("Control_L+3")
    window.wait_for("review_grid")
    time.sleep(2)
    picture("review")
    with Store.open(project) as store:
        first, second, third = (store.item(i) for i in store.review.ids("0002")[:3])
        scores = {entry.score.item: entry.score for entry in store.review.items("0002", [first.id, second.id])}
    window.screen.key("e")
    window.wait_for("canvas")
    time.sleep(1)
    window.screen.key("Control_L+3")
    time.sleep(1)
    window.screen.key("a")
    time.sleep(0.7)
    window.screen.key("a")
    time.sleep(0.7)
    window.screen.key("x")
    wait_until(lambda: _decision(project, third) is Decision.LEFT_OUT, seconds=20, every=0.1)
    window.screen.key("Control_L+z")
    wait_until(lambda: _decision(project, third) is Decision.UNDECIDED, seconds=20, every=0.1)
    window.screen.key("Control_L+Shift_L+z")
    wait_until(lambda: _decision(project, third) is Decision.LEFT_OUT, seconds=20, every=0.1)
    with Store.open(project) as store:
        for entry in (first, second):
            assert _decision(project, entry) is Decision.ACCEPTED
            predicted = read_mask(project / "runs" / "0002" / str(scores[entry.id].mask))[0]
            label = store.read_mask(entry.id)
            assert label is not None
            assert np.array_equal(label, predicted)
    return [first, second], third


def _decision(project: Path, item: Item) -> Decision:
    with Store.open(project) as store:
        return store.review.items("0002", [item.id])[0].decision
