"""Classes, tags and texts from the label to the report before and after: corrections alone, with replay, weighted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import make_classes
from studio.core.events import RunEvent, Step, Warned
from studio.core.fine_tuning import LEAST_BATCH, fine_tune_spec, trainable
from studio.core.items import NewItem, Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Encoder, LearningRate, ModelSpec, RunSpec, Stage
from studio.core.report import Report, Verdict, before_after
from studio.core.review import Decision, ItemScore
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import Tags
from studio.reports import read_report
from studio.store import Store
from tests.unit import text_runs
from tests.unit.ml_runs import recipe, run, square_picture

TRAIN, VALID = 48, 8
WRONG_IN_TRAIN, WRONG_IN_VALID = 3, TRAIN + 2
"""Items whose label says the opposite of what they show, until a person reviews the first run."""

MODEL = ModelSpec(encoder=Encoder.RESNET18, pretrained=False)
"""Its batch norm follows within a few steps, which that of MobileNet does not."""

PICTURES = (Stage(epochs=6, height=32, width=32, batch_size=8),)
TEXTS = (
    *text_runs.STAGES[:2],
    Stage(epochs=10, height=1, width=40, batch_size=8, lr=LearningRate(high=2e-2)),
)


def has_it(item: int) -> bool:
    """Whether the picture has a square, or the film is good."""
    return item % 2 == 1


def label_of(task: Task, *, has: bool) -> Tags:
    if task is Task.MULTI_LABEL:
        return Tags((0, 1)) if has else Tags((0,))
    return Tags((int(has),))


def make_project(folder: Path, task: Task) -> Store:
    """Every second item has it, and two labels say otherwise."""
    names = ("bad", "good") if task is Task.TEXT else ("ground", "square")
    store = Store.create(
        folder / "project", ProjectSettings(name="p", task=task, classes=tuple(make_classes(list(names))))
    )
    random = np.random.default_rng(0)
    places: list[Path] = []
    for item in range(1, TRAIN + VALID + 1):
        path = folder / f"{item:02}.{'txt' if task is Task.TEXT else 'png'}"
        if task is Task.TEXT:
            path.write_text(text_runs.review(random, int(has_it(item))), encoding="utf-8")
        else:
            picture, _, _ = square_picture(random, width=40, height=36)
            Image.fromarray(picture if has_it(item) else np.broadcast_to(picture[:1], picture.shape)).save(path)
        places.append(path)
    ids = store.add_items(
        NewItem(name=path.name, path=path, split=Split.TRAIN if n < TRAIN else Split.VALID)
        for n, path in enumerate(places)
    )
    wrong = (WRONG_IN_TRAIN, WRONG_IN_VALID)
    store.tags.replace({i: label_of(task, has=has_it(i) != (i in wrong)) for i in ids}, "by hand")
    return store


def carry_out(store: Store, spec: RunSpec) -> tuple[str, list[RunEvent]]:
    record = store.create_run(spec)
    outcome, heard = run(record.folder)
    assert outcome is OutcomeKind.FINISHED
    store.review.load_scores(record.id)
    return record.id, heard.events


def scores(store: Store, run_id: str) -> list[ItemScore]:
    return [item.score for item in store.review.items(run_id, store.review.ids(run_id))]


@pytest.fixture(
    scope="module", params=[Task.SINGLE_LABEL, pytest.param(Task.MULTI_LABEL, marks=pytest.mark.slow), Task.TEXT]
)
def reviewed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A trained run, of whose mistakes one was accepted in review and one label was edited."""
    task: Task = request.param
    store = make_project(tmp_path_factory.mktemp("project"), task)
    stages = TEXTS if task is Task.TEXT else PICTURES
    carry_out(store, recipe(task, stages=stages, model=MODEL))
    store.review.decide("0001", WRONG_IN_VALID, Decision.ACCEPTED)
    store.tags.replace({WRONG_IN_TRAIN: label_of(task, has=has_it(WRONG_IN_TRAIN))}, "in review")
    store.review.note_edited("0001", WRONG_IN_TRAIN)
    yield store
    store.close()


def report_of(store: Store, child: str) -> Report:
    return before_after(
        scores(store, "0001"), scores(store, child), store.review.corrections("0001"), task=store.settings.task
    )


def fine_tuned(store: Store, **options: Any) -> tuple[str, list[RunEvent]]:
    """`options` are those of `fine_tune_spec`."""
    items = trainable(store.review.corrections("0001"))
    assert set(items) == {WRONG_IN_TRAIN, WRONG_IN_VALID}
    return carry_out(store, fine_tune_spec(store.run("0001").spec, "0001", items, **options))


@pytest.mark.parametrize(("replay", "weight"), [(0.0, 1.0), (0.0, 3.0), (0.5, 3.0)])
def test_a_fine_tuning_sees_the_corrections_as_often_as_asked_and_judges_by_the_parents_items(
    reviewed: Store, replay: float, weight: float
) -> None:
    task = reviewed.settings.task
    child, events = fine_tuned(reviewed, replay=replay, weight=weight, rate=1e-4, epochs=1)
    snapshot = reviewed.snapshot(child)
    train = {item.id: item for item in snapshot.of(Split.TRAIN)}
    old = round(replay * (TRAIN - 1))
    assert len(train) == 2 + old
    assert {i.id for i in train.values() if i.corrected} == {WRONG_IN_TRAIN, WRONG_IN_VALID}
    assert Counter(i.weight for i in train.values()) == Counter([weight] * 2 + [1.0] * old)
    assert all(i.tags == label_of(task, has=has_it(i.id)) for i in snapshot.items), "with the labels as corrected"
    assert [i.id for i in snapshot.of(Split.VALID)] == list(range(TRAIN + 1, TRAIN + VALID + 1))
    whole, rest = divmod(round(2 * weight) + old, LEAST_BATCH)
    assert len([e for e in events if isinstance(e, Step)]) == max(1, whole + (rest > 1))
    assert {score.item for score in scores(reviewed, child)} == set(train) | set(range(TRAIN + 1, TRAIN + VALID + 1))


def test_the_report_says_what_a_gentle_fine_tuning_with_replay_did(reviewed: Store) -> None:
    child, events = fine_tuned(reviewed, replay=1.0, weight=3.0, rate=1e-4, epochs=1)
    report = report_of(reviewed, child)
    assert len(report.rows) == TRAIN + VALID
    corrected = {row.item: row for row in report.rows if row.corrected}
    assert set(corrected) == {WRONG_IN_TRAIN, WRONG_IN_VALID}
    assert corrected[WRONG_IN_VALID].verdict is Verdict.FIXED
    assert report.untouched.broken == 0
    assert not [e for e in events if isinstance(e, Warned) and e.about == "forgetting"]


def fine_tuned_on_corrections_alone(
    reviewed: Store, *, rate: float, least_forgetting: bool
) -> tuple[str, list[RunEvent]]:
    """Both corrected items are then labelled alike, so that nothing else is left to know."""
    before = {i: reviewed.read_tags(i) for i in (WRONG_IN_TRAIN, WRONG_IN_VALID)}
    reviewed.tags.replace(dict.fromkeys(before, label_of(reviewed.settings.task, has=False)), "as a test")
    try:
        return fine_tuned(reviewed, replay=0.0, weight=4.0, rate=rate, epochs=8, least_forgetting=least_forgetting)
    finally:
        reviewed.tags.replace({i: tags for i, tags in before.items() if tags is not None}, "as it was")


def test_corrections_alone_at_a_high_rate_make_the_model_forget_and_the_guard_says_so(reviewed: Store) -> None:
    task = reviewed.settings.task
    child, events = fine_tuned_on_corrections_alone(reviewed, rate=3e-2, least_forgetting=False)
    (told,) = [e.sentence for e in events if isinstance(e, Warned) and e.about == "forgetting"]
    assert told.startswith(f"The model forgets: {'F2' if task is Task.MULTI_LABEL else 'accuracy'}")
    assert "replay more of the old items or lower the rate" in told
    assert told in read_report(reviewed, child).frozen.sentence
    assert report_of(reviewed, child).untouched.broken > 0


def test_the_report_says_when_a_run_does_not_go_all_the_way(reviewed: Store) -> None:
    child, events = fine_tuned_on_corrections_alone(reviewed, rate=1e-3, least_forgetting=True)
    (told,) = [e.sentence for e in events if isinstance(e, Warned) and e.about == "mixed-weights"]
    assert told in read_report(reviewed, child).frozen.sentence


def test_a_fine_tuning_trains_the_groups_of_layers_that_its_parents_last_stage_did() -> None:
    parent = text_runs.recipe(text_runs.STAGES[:3])
    (stage,) = fine_tune_spec(parent, "0001", [1]).stages
    assert (stage.unfrozen, stage.frozen, stage.language) == (2, False, False)
