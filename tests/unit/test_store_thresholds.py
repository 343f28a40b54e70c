"""Choosing from which probability on tags are predicted: others decide meanwhile, and no crash leaves half of it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.core.classes import make_classes
from studio.core.deciding import Decide
from studio.core.items import NewItem, Split
from studio.core.recipe import RunSpec, Stage
from studio.core.review import NO_CLASS, SCORES_FILE, Decision, ItemScore, encode_score
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.core.thresholds import kept_threshold
from studio.store import ReviewFilter, Store, score_loading

ITEMS = 12
RUN = "0001"
SHARES = ((0, 0.9), (1, 0.3))
"""Of each item: above 0.2 both tags are predicted, above 0.5 only the first."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve items with the label (0, 1), stored three at a time; the twelfth is sure of both tags."""
    monkeypatch.setattr(score_loading, "_AT_ONCE", 3)
    (tmp_path / "picture.jpg").write_bytes(b"")
    settings = ProjectSettings(name="tags", task=Task.MULTI_LABEL, classes=tuple(make_classes(["clear", "haze"])))
    names = [f"{number:02}.jpg" for number in range(ITEMS)]
    with Store.create(tmp_path / "project", settings) as store:
        path = tmp_path / "picture.jpg"
        ids = store.add_items(NewItem(name=name, path=path, split=Split.VALID) for name in names)
        store.set_split(ids[:1], Split.TRAIN)
        store.import_annotations((item, Tags((0, 1))) for item in ids)
        run = store.create_run(RunSpec(task=Task.MULTI_LABEL, stages=(Stage(epochs=1, height=32, width=32),)))
        scores = [
            ItemScore(
                item=item,
                name=name,
                split=Split.VALID,
                revision=1,
                loss=1.0,
                error=0.0,
                label=Tags((0, 1)),
                tags=PredictedTags(tags=Tags((0, 1)), shares=SHARES if number < ITEMS - 1 else ((0, 0.9), (1, 0.8))),
            )
            for number, (item, name) in enumerate(zip(ids, names, strict=True))
        ]
        (run.folder / SCORES_FILE).write_bytes(b"".join(map(encode_score, scores)))
        store.review.load_scores(RUN)
    return tmp_path / "project"


def predicted(store: Store) -> list[tuple[int, ...]]:
    """The tags that each item's score says, by the items' order."""
    items = store.review.items(RUN, sorted(store.review.ids(RUN)))
    return [item.score.tags.tags.ids for item in items if item.score.tags is not None]


def between(monkeypatch: pytest.MonkeyPatch, do: Callable[[int], object]) -> None:
    """Call `do` with a number from 1 on each time that the database is left to others."""
    pauses = iter(range(1, 1000))
    monkeypatch.setattr(time, "sleep", lambda _seconds: do(next(pauses)))


AT_HALF = [(0,)] * (ITEMS - 1) + [(0, 1)]


def test_others_decide_while_a_threshold_is_being_stored(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    with Store.open(project) as store, Store.open(project) as other:
        ids = sorted(store.review.ids(RUN))

        def decide(pause: int) -> None:
            seen.append(predicted(other).count((0,)))
            other.review.decide(RUN, ids[-pause], Decision.ACCEPTED)

        between(monkeypatch, decide)
        store.review.choose_threshold(RUN, 0.5)
        assert seen == [3, 6, 9, 11]
        assert predicted(store) == AT_HALF
        assert store.review.tally(RUN)[Decision.ACCEPTED] == 4
        missing = ReviewFilter(confusion=(1, NO_CLASS))
        assert sorted(store.review.ids(RUN, missing)) == ids[:-1]
        assert sorted(store.review.errors(RUN).values()) == [0.0] + [1.0] * (ITEMS - 1)


def test_a_threshold_whose_storing_was_killed_is_stored_when_the_run_is_next_looked_at(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(pause: int) -> None:
        if pause == 2:
            raise Killed

    with monkeypatch.context() as until_killed, Store.open(project) as store:
        between(until_killed, kill)
        with pytest.raises(Killed):
            store.review.choose_threshold(RUN, 0.5)
    with Store.open(project) as store:
        assert predicted(store).count((0,)) == 6
        store.review.load_scores_once(RUN)
        assert predicted(store) == AT_HALF
        assert len(store.review.ids(RUN, ReviewFilter(confusion=(1, NO_CLASS)))) == ITEMS - 1


def test_scores_that_are_all_there_are_not_read_again(project: Path) -> None:
    with Store.open(project) as store:
        (store.run(RUN).folder / SCORES_FILE).unlink()
        store.review.load_scores_once(RUN)
        assert len(store.review.ids(RUN)) == ITEMS


def test_of_two_thresholds_that_are_chosen_at_the_same_time_the_later_one_counts_for_every_item(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(project) as store, Store.open(project) as other:

        def choose_another(pause: int) -> None:
            if pause == 2:
                other.review.choose_threshold(RUN, 0.95)

        between(monkeypatch, choose_another)
        store.review.choose_threshold(RUN, 0.5)
        assert predicted(store) == [()] * ITEMS
        assert kept_threshold(store.run(RUN).folder) == 0.95
        (store.run(RUN).folder / SCORES_FILE).unlink()
        store.review.load_scores_once(RUN)
        assert len(store.review.ids(RUN)) == ITEMS, "nothing is left to be stored"


def test_items_that_a_run_scores_no_longer_leave_no_mistake_behind(project: Path) -> None:
    with Store.open(project) as store:
        store.review.choose_threshold(RUN, 0.5)
        path = store.run(RUN).folder / SCORES_FILE
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
        store.review.load_scores(RUN)
        assert len(store.review.ids(RUN)) == 2
        assert store.review.mistakes(RUN) == {(1, NO_CLASS): 2}


@pytest.mark.parametrize("data", [b"{torn", b'{"item": 1, "confusion": [[0, 1]]}'])
def test_a_kept_score_that_is_damaged_is_read_from_the_runs_file_again(project: Path, data: bytes) -> None:
    with Store.open(project) as store:
        store.review.choose_threshold(RUN, 0.95)
        everything = store.review.mistakes(RUN)
        assert everything == {(0, NO_CLASS): ITEMS, (1, NO_CLASS): ITEMS}
    connection = sqlite3.connect(project / "studio.db")
    with connection:
        connection.execute("UPDATE scores SET data = ? WHERE item IN (SELECT item FROM scores LIMIT 2)", (data,))
    connection.close()
    with Store.open(project) as store:
        store.review.load_scores(RUN)
        assert predicted(store) == [()] * ITEMS
        assert store.review.mistakes(RUN) == everything
        store.review.choose_threshold(RUN, 0.5)
        assert store.review.mistakes(RUN) == {(1, NO_CLASS): ITEMS - 1}


def test_of_a_damaged_score_that_counts_otherwise_now_no_mistake_stays_behind(project: Path) -> None:
    with Store.open(project) as store:
        store.review.choose_threshold(RUN, 0.95)
    connection = sqlite3.connect(project / "studio.db")
    with connection:
        connection.execute("UPDATE scores SET data = ?", (b"{torn",))
    connection.close()
    with Store.open(project) as store:
        store.review.choose_threshold(RUN, 0.5)
        assert store.review.mistakes(RUN) == {(1, NO_CLASS): ITEMS - 1}


def test_accepting_takes_over_the_tags_of_the_threshold_at_which_they_showed(project: Path) -> None:
    with Store.open(project) as store:
        first, second = sorted(store.review.ids(RUN))[:2]
        store.tags.replace({first: Tags(()), second: Tags(())}, "by hand")
        store.review.choose_threshold(RUN, 0.5)
        store.review.act(RUN, first, Decide(Decision.ACCEPTED, 0.2))
        store.review.act(RUN, second, Decide(Decision.ACCEPTED))
        assert (store.read_tags(first), store.read_tags(second)) == (Tags((0, 1)), Tags((0,)))
        assert store.review.undo(RUN) == second
        assert store.review.redo(RUN, threshold=0.2) == second
        assert store.read_tags(second) == Tags((0, 1))


def test_items_read_at_another_threshold_are_as_though_it_had_been_stored(project: Path) -> None:
    with Store.open(project) as store:
        ids = store.review.ids(RUN)
        shown = store.review.items(RUN, ids, threshold=0.5)
        assert shown != store.review.items(RUN, ids)
        store.review.choose_threshold(RUN, 0.5)
        assert shown == store.review.items(RUN, ids)
