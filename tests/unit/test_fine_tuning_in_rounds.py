"""What a fine-tuning has learnt is no validation of the ones that follow it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.core.fine_tuning import fine_tune_spec
from studio.core.items import Split
from studio.core.label_error_recipe import asking_run
from studio.core.review import Decision
from studio.lessons import lessons_for
from studio.reports import read_report
from studio.store import Store
from tests.unit.fine_tuned_projects import car_of, carried_out, fine_tuned, first_run, mask_answer, mask_store

A, B, C = 1, 2, 3
NAMES = ("a.png", "b.png", "c.png", "t1.png", "t2.png", "t3.png")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two rounds: the first learnt a validation item's correction, the second a training item's and nothing else."""
    with mask_store(tmp_path, NAMES, train=3) as store:
        first_run(store, mask_answer(car_of(12)))
        parent = fine_tuned(store, [A], mask_answer(car_of(6)))
        item = max(item.id for item in store.snapshot(parent.id).of(Split.TRAIN))
        second = store.create_run(fine_tune_spec(parent.spec, parent.id, [item], replay=0))
        carried_out(store, second, mask_answer(car_of(0)), 0.95)
        yield store


def test_a_correction_of_an_earlier_round_is_not_compared_as_if_it_were_held_out(store: Store) -> None:
    second = store.runs()[-1].id
    marked = {item.id: item.corrected for item in store.snapshot(second).of(Split.VALID)}
    assert marked == {A: True, B: False, C: False}
    told = read_report(store, second)
    assert told.report.untouched.compared == 2
    assert A in {row.item for row in told.report.rows if row.corrected}
    assert told.frozen.sentence == (
        "On the 3 frozen validation items; 1 with a corrected label that the model has learnt, which flatters it."
    )


def test_a_run_is_not_asked_about_labels_that_one_before_it_learnt(store: Store) -> None:
    parent = store.runs()[-1]
    assert A not in {item.id for item in store.snapshot(parent.id).of(Split.TRAIN)}, "not by this one itself"
    asked = store.create_run(asking_run(parent.spec, parent.id))
    assert [item.id for item in store.snapshot(asked.id).items] == [B, C]


@pytest.fixture
def searched(tmp_path: Path) -> Iterator[Store]:
    """Run 0001 and a search for label errors that asked its model, each of which led to a correction."""
    with mask_store(tmp_path, NAMES, train=3) as store:
        parent = first_run(store, mask_answer(car_of(12)))
        search = store.create_run(asking_run(parent.spec, parent.id))
        carried_out(store, search, mask_answer(car_of(6)), 0.9)
        store.review.load_scores(parent.id)
        store.review.load_scores(search.id)
        store.review.note_edited(parent.id, A)
        store.review.note_edited(search.id, B)
        yield store


@pytest.mark.parametrize("run", ["0001", "0002"])
def test_what_a_run_and_a_search_that_followed_it_led_to_is_learnt_together(searched: Store, run: str) -> None:
    assert lessons_for(searched, run) == (A, B)
    assert searched.review.learnable_count(["0001", "0002"]) == 2


def test_about_an_item_the_last_decision_of_them_all_holds(searched: Store) -> None:
    searched.review.decide("0002", A, Decision.LEFT_OUT)
    assert lessons_for(searched, "0001") == (B,)
    assert searched.review.learnable_count(["0001", "0002"]) == 1
    searched.review.undo("0002")
    assert lessons_for(searched, "0001") == (A, B)
    searched.review.note_edited("0001", B)
    assert lessons_for(searched, "0001") == (A, B)
    assert searched.review.learnable_count(["0001", "0002"]) == 2


def test_a_report_knows_the_corrections_of_the_search(searched: Store) -> None:
    spec = fine_tune_spec(searched.run("0002").spec, "0002", lessons_for(searched, "0002"))
    tuned = searched.create_run(spec)
    carried_out(searched, tuned, mask_answer(car_of(0)), 0.95)
    rows = {row.item: row for row in read_report(searched, tuned.id).report.rows}
    assert {item for item, row in rows.items() if row.decision is Decision.EDITED} == {A, B}


def test_another_model_is_not_taught_by_them(searched: Store) -> None:
    other = searched.create_run(fine_tune_spec(searched.run("0001").spec, "0001", [A]))
    assert lessons_for(searched, other.id) == ()
