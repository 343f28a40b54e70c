"""Two programs, or two threads of one, bring in what the same run scored: each of them finds everything there."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from studio.cli.app import app
from studio.core.review import SCORES_FILE
from studio.store import Store, score_loading
from tests.unit.test_store_thresholds import AT_HALF, ITEMS, RUN, between, predicted, project

__all__ = ["project"]


@pytest.fixture
def unread(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the run nothing is in the project yet."""
    monkeypatch.setattr(score_loading, "_NEW_AT_ONCE", 3)
    connection = sqlite3.connect(project / "studio.db")
    with connection:
        for table in ("scores", "measures", "confusions", "overlaps"):
            connection.execute(f"DELETE FROM {table}")
    connection.close()
    return project


class Killed(BaseException):
    pass


def begins_and_dies(monkeypatch: pytest.MonkeyPatch, other: Store) -> None:
    """After the first part of a loading another one takes its place, which is killed after a part of its own."""

    def other_loading(pause: int) -> None:
        if pause == 1:
            with pytest.raises(Killed):
                other.review.load_scores(RUN)
        elif pause == 2:
            raise Killed

    between(monkeypatch, other_loading)


def test_scores_are_all_there_although_a_loading_that_was_killed_had_taken_the_place(
    unread: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(unread) as store, Store.open(unread) as other:
        begins_and_dies(monkeypatch, other)
        assert store.review.load_scores(RUN) == ITEMS
        assert len(store.review.ids(RUN)) == ITEMS
        (store.run(RUN).folder / SCORES_FILE).unlink()
        store.review.load_scores_once(RUN)
        assert len(store.review.ids(RUN)) == ITEMS, "nothing is left to be stored"


def test_the_command_line_lists_all_items_although_the_window_began_to_read_them_and_died(
    unread: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(unread) as window:
        begins_and_dies(monkeypatch, window)
        said = CliRunner().invoke(app, ["review", str(unread), "--run", RUN, "--json"])
    lines = [json.loads(line) for line in said.output.splitlines()]
    assert said.exit_code == 0
    assert [line["items"] for line in lines if line["event"] == "reviewed"] == [ITEMS]


def test_who_is_overtaken_waits_for_the_other_as_long_as_that_goes_on(
    unread: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other writes a part each few looks, so that all of its parts take more looks than one of them may."""
    looks, parts = 0, 0
    monkeypatch.setattr(score_loading, "_STANDS_STILL", 4)
    may_go_on, has_gone_on = threading.Semaphore(0), threading.Semaphore(0)

    def load() -> None:
        with Store.open(unread) as store:
            store.review.load_scores(RUN)
        has_gone_on.release(100)

    thread = threading.Thread(target=load)

    def sleep(_seconds: float) -> None:
        nonlocal looks, parts
        if threading.current_thread() is thread:
            parts += 1
            has_gone_on.release()
            may_go_on.acquire()
            return
        looks += 1
        if looks == 1:
            thread.start()
            has_gone_on.acquire()
        elif looks % 3 == 0:
            may_go_on.release()
            has_gone_on.acquire()

    with Store.open(unread) as store:
        monkeypatch.setattr(time, "sleep", sleep)
        store.review.load_scores(RUN)
        items = len(store.review.ids(RUN))
    may_go_on.release(100)
    thread.join()
    assert items == ITEMS
    assert (parts, looks) == (3, 9), "nobody disturbed it"


def test_who_is_overtaken_by_one_that_stands_still_begins_anew_and_the_other_finds_everything_there(
    unread: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stands, may_go_on, found = threading.Event(), threading.Event(), list[int]()

    def load() -> None:
        with Store.open(unread) as store:
            store.review.load_scores(RUN)
            found.append(len(store.review.ids(RUN)))

    thread = threading.Thread(target=load)

    def sleep(_seconds: float) -> None:
        if threading.current_thread() is thread:
            stands.set()
            may_go_on.wait()
        elif not stands.is_set():
            thread.start()
            stands.wait()

    with Store.open(unread) as store:
        monkeypatch.setattr(time, "sleep", sleep)
        store.review.choose_threshold(RUN, 0.5)
        here = predicted(store)
        may_go_on.set()
        thread.join()
        assert here == predicted(store) == AT_HALF
        assert found == [ITEMS]
