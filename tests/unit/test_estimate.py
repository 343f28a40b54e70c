"""Time and memory of a run, told before it begins: what they go by, and that they grow as they should."""

from __future__ import annotations

import re

import numpy as np
import pytest
from msgspec.structs import replace

from studio.core.architectures import Architecture
from studio.core.events import EpochEnd, RunEvent, StageStarted, Started, Step, encode_event
from studio.core.recipe import FineTune, ModelSpec, RunSpec, Stage
from studio.core.settings import Task
from studio.engine.recorded import EVENTS_FILE
from studio.preflight.estimate import cost_of, estimate
from studio.store import Store
from tests.unit.conftest import MakeStore

GIB = 2**30
SPEC = RunSpec(task=Task.SEGMENTATION, stages=(Stage(epochs=10, height=64, width=64, batch_size=4),))


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    """Nine labelled items to train on and three to validate with: ten training images' worth of work an epoch."""
    made = make_store(12, valid=3)
    made.import_annotations((item, np.zeros((150, 200), np.uint8)) for item in made.item_ids())
    made.flush()
    return made


def said(
    *, memory: int | None = GIB, device: str = "cuda (a GPU)", seconds: tuple[float, ...] = (9, 2, 2)
) -> list[RunEvent]:
    """A run of batches of 4 at 64×64 on ten images' worth of work; its first epoch also read the images."""
    events: list[RunEvent] = [
        Started(
            purpose="train",
            device=device,
            precision="float32",
            weights="From scratch.",
            parameters=1_000_000,
            train_items=9,
            valid_items=3,
            steps=6,
            epochs=len(seconds),
        ),
        StageStarted(stage=0, epochs=len(seconds), height=64, width=64, batch_size=4, frozen=False),
    ]
    for epoch, each in enumerate(seconds, start=1):
        events.append(
            Step(
                step=epoch,
                epoch=epoch,
                loss=1,
                smoothed=1,
                lrs=[1e-3],
                momentum=0.9,
                images_per_second=1,
                seconds_left=0,
                memory=memory,
            )
        )
        events.append(EpochEnd(epoch=epoch, step=epoch, train_loss=1, valid_loss=1, metrics=[], seconds=each))
    return events


def record(store: Store, spec: RunSpec, events: list[RunEvent]) -> str:
    made = store.create_run(spec)
    (made.folder / EVENTS_FILE).write_bytes(b"".join(map(encode_event, events)))
    return made.id


def gib_of(sentence: str) -> float:
    found = re.search(r"([\d.]+)\u00a0GiB", sentence)
    assert found, sentence
    return float(found[1])


def test_a_recipe_that_was_run_takes_what_the_run_took_without_its_first_epoch(store: Store) -> None:
    run = record(store, SPEC, said())
    assert estimate(store, SPEC) == (
        f"About 20\u00a0s for 10 epochs and 1.0\u00a0GiB of memory, an estimate that goes by run {run}."
    )


def test_time_grows_with_pixels_and_epochs_and_memory_with_the_pixels_of_a_batch(store: Store) -> None:
    record(store, SPEC, said())
    larger = replace(SPEC, stages=(Stage(epochs=20, height=128, width=128, batch_size=2),))
    weights = 16 * 1_000_000 / GIB
    sentence = estimate(store, larger)
    assert "3\u00a0min for 20 epochs" in sentence  # 20 s × 4 × 2
    assert gib_of(sentence) == pytest.approx(weights + (1 - weights) * 2, abs=0.06)
    assert gib_of(estimate(store, replace(larger, parts=2))) == pytest.approx(1.0, abs=0.06)


def test_another_network_and_a_run_that_said_nothing_are_no_measure(store: Store) -> None:
    record(store, replace(SPEC, model=ModelSpec(encoder="resnet34")), said(seconds=(100, 100)))
    kept = record(store, SPEC, said())
    record(store, SPEC, [])
    assert f"run {kept}" in estimate(store, SPEC)


def test_without_a_run_the_memory_goes_by_the_network_and_the_time_is_not_known(store: Store) -> None:
    sentence = estimate(store, SPEC)
    assert "an estimate by the network's size" in sentence
    assert "how long 10 epochs take can be told after a first run" in sentence
    larger = replace(SPEC, stages=(Stage(epochs=1, height=512, width=512, batch_size=16),))
    assert gib_of(estimate(store, larger)) - gib_of(sentence) == pytest.approx(
        1.5 * 1230 * 16 * 512 * 512 / GIB, rel=0.05
    )
    unknown = replace(SPEC, model=ModelSpec(architecture=Architecture.UNET, encoder="vgg11"))
    assert estimate(store, unknown) == (
        "How long 10 epochs take and how much memory they need can be told after a first run of this network."
    )


def test_a_fine_tuning_and_a_run_without_a_step_tell_nothing(store: Store) -> None:
    run = record(store, SPEC, said())
    assert estimate(store, replace(SPEC, parent=run, fine_tune=FineTune(corrections=(1,)))) == ""
    assert cost_of("0001", said()[:2]) is None


def test_a_run_on_a_processor_has_pytorch_itself_in_its_memory(store: Store) -> None:
    record(store, SPEC, said(memory=2 * GIB, device="cpu (1 thread)"))
    twice = replace(SPEC, stages=(Stage(epochs=1, height=64, width=64, batch_size=8),))
    assert 2.5 < gib_of(estimate(store, twice)) < 3.5, "only what the batch added grows"
