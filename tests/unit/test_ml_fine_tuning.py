"""What a run trains, how often and how fast: corrections, a parent's weights, freezing, rates by layer."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from types import SimpleNamespace
from typing import cast

import msgspec
import numpy as np
import pytest
import torch
from torch import nn

from studio.core.commands import AddEpoch
from studio.core.events import (
    Concern,
    EpochAdded,
    EpochEnd,
    Metric,
    RunEvent,
    Started,
    Step,
    Warned,
    read_events,
)
from studio.core.items import Split
from studio.core.masks import write_mask
from studio.core.outcome import OutcomeKind
from studio.core.recipe import FineTune, LearningRate, Stage
from studio.core.review import SCORES_FILE, decode_score
from studio.core.schedules import Constant
from studio.core.snapshot import decode_snapshot
from studio.ml.callbacks.old_items_guard import has_got_worse
from studio.ml.callbacks.weight_mixing import settle
from studio.ml.checkpoint import copied
from studio.ml.data.stage_data import DataSource
from studio.ml.learner import Learner, Validation
from studio.ml.model_file import read_model
from studio.ml.network import network_of
from studio.ml.runner import read_recipe
from studio.ml.tasks.registry import make_task
from tests.unit.ml_runs import (
    CLASSES,
    NORMED_MODEL,
    Listener,
    make_run,
    recipe,
    run,
    run_until,
    same_tensors,
    write_run,
)
from tests.unit.test_ml_steering import Person

ONE_EPOCH = (Stage(epochs=1, height=32, width=32, batch_size=4),)


def source_of(folder: Path) -> DataSource:
    spec, snapshot = read_recipe(folder)
    return DataSource(
        folder=folder,
        spec=spec,
        task=make_task(snapshot),
        device=torch.device("cpu"),
        warn=lambda sentence: None,
        progress=lambda what, done, total: None,
        check=lambda: None,
    )


def test_in_every_epoch_corrections_are_drawn_as_often_as_their_weight_says(tmp_path: Path) -> None:
    spec = recipe(stages=ONE_EPOCH)
    folder = make_run(tmp_path / "0001", spec, train=6, valid=2)
    items = decode_snapshot((folder / "snapshot.json").read_bytes()).items
    weighted = [msgspec.structs.replace(i, weight=3.0, corrected=True) if i.id in (2, 5) else i for i in items]
    batches = source_of(write_run(folder, spec, weighted)).load_train(0)
    orders = []
    for epoch in range(3):
        rows = [row for batch in batches.epoch(epoch) for row in batch.rows]
        assert Counter(batches.images.items[row].id for row in rows) == {1: 1, 2: 3, 3: 1, 4: 1, 5: 3, 6: 1}
        orders.append(rows)
    assert orders[0] != orders[1]
    assert orders[0] == [row for batch in source_of(folder).load_train(0).epoch(0) for row in batch.rows]


def test_a_child_run_begins_with_its_parents_weights(tmp_path: Path) -> None:
    run(make_run(tmp_path / "0001", recipe(stages=ONE_EPOCH), train=4, valid=2))
    child = make_run(tmp_path / "0002", recipe(stages=ONE_EPOCH, parent="0001"), train=4, valid=2, seed=1)
    source = source_of(child)
    batch = next(source.load_train(0).epoch(0))
    parent = network_of(read_model(tmp_path / "0001"), source.task).train()
    expected = float(source.task.loss(parent(batch.images), batch.target).detach())
    _, heard = run(child)
    assert heard.of(Started)[0].weights == "From run 0001."
    assert heard.of(Step)[0].loss == pytest.approx(expected, rel=1e-4)
    assert read_model(child).parent == "0001"
    assert not same_tensors(read_model(child).state, read_model(tmp_path / "0001").state)


def test_a_frozen_stage_changes_nothing_of_the_encoder_but_its_batch_norm(tmp_path: Path) -> None:
    stages = (*ONE_EPOCH, Stage(epochs=1, height=32, width=32, batch_size=4, frozen=True))
    folder = make_run(tmp_path / "0001", recipe(stages=stages, model=NORMED_MODEL), train=4, valid=2)
    run_until(folder, 1, say="leave")
    before = read_model(folder)
    _, heard = run(folder, resume=True)
    assert [event.step for event in heard.of(Step)] == [2]
    after = read_model(folder).state
    network = network_of(before, source_of(folder).task)
    norms = {name for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}
    changed = {name for name in after if not torch.equal(after[name], before.state[name])}
    expected = {name for name in after if not name.startswith("encoder.") or name.rpartition(".")[0] in norms}
    assert changed == expected


@pytest.mark.parametrize(
    ("rate", "peaks"),
    [
        (LearningRate(high=1e-3), [1e-3, 1e-3, 1e-3]),
        (LearningRate(high=1e-3, discriminative=True), [1e-4, 1e-4, 1e-3]),
        (LearningRate(low=1e-5, high=1e-3), [1e-5, 1e-4, 1e-3]),
    ],
)
def test_each_group_of_layers_trains_at_its_own_rate(tmp_path: Path, rate: LearningRate, peaks: list[float]) -> None:
    stage = Stage(epochs=4, height=32, width=32, batch_size=2, lr=rate)
    folder = make_run(tmp_path / "0001", recipe(stages=(stage,)), train=4, valid=2)
    _, heard = run_until(folder, 3, say="leave")
    lrs = [event.lrs for event in heard.of(Step)]
    assert [max(group) for group in zip(*lrs, strict=True)] == pytest.approx(peaks)
    assert lrs[0] == pytest.approx([peak / 25 for peak in peaks])
    assert lrs[2] == pytest.approx(peaks)


def forgetful(folder: Path, *, rate: float, epochs: int = 1, name: str = "0002", least_forgetting: bool = True) -> Path:
    """A fine-tuning of run 0001 beside it, in which every label says the opposite of what the parent learnt."""
    stages = (Stage(epochs=epochs, height=32, width=32, batch_size=4, lr=LearningRate(high=rate)),)
    fine_tune = FineTune(corrections=(1,), least_forgetting=least_forgetting)
    spec = recipe(stages=stages, model=NORMED_MODEL, parent="0001", fine_tune=fine_tune)
    child = make_run(folder / name, spec, train=8, valid=4)
    for number in range(1, 9):
        mask = np.full((36, 40), 1, np.uint8)
        write_mask(child / f"labels/{number}.png", mask, CLASSES)
    return child


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    stages = (Stage(epochs=6, height=32, width=32, batch_size=4, lr=LearningRate(high=3e-3)),)
    folder = tmp_path_factory.mktemp("parent") / "0001"
    run(make_run(folder, recipe(stages=stages, model=NORMED_MODEL), train=8, valid=4))
    return folder


@pytest.fixture
def parent(trained: Path, tmp_path: Path) -> Path:
    """A folder with a trained run 0001."""
    shutil.copytree(trained, tmp_path / "0001")
    return tmp_path


def test_a_fine_tuning_that_forgets_says_what_the_model_could_before(parent: Path) -> None:
    _, heard = run(forgetful(parent, rate=1e-2, epochs=3))
    told = [event.sentence for event in heard.of(Warned) if "forgets" in event.sentence]
    assert len(told) == 1
    last = decode_last_epoch(parent / "0001")
    assert f"was {last:.4f} before" in told[0]


def accuracies(heard: Listener) -> list[float]:
    """After each epoch, as it was told."""
    return [event.metrics[0].value for event in heard.of(EpochEnd)]


def valid_error(folder: Path) -> float:
    """As the finished run scored it."""
    scores = [decode_score(line) for line in (folder / SCORES_FILE).read_bytes().splitlines()]
    return mean(score.error for score in scores if score.split is Split.VALID)


def test_it_ends_on_the_way_to_what_it_learnt_where_that_cost_too_much_and_says_so(parent: Path) -> None:
    to_the_end = forgetful(parent, rate=3e-4, epochs=3, name="0003", least_forgetting=False)
    every = accuracies(run(to_the_end)[1])
    _, heard = run(forgetful(parent, rate=3e-4, epochs=3))
    *others, ended = accuracies(heard)
    assert others == every[:2]
    assert ended > every[2], "else this test shows nothing"
    (told,) = [event.sentence for event in heard.of(Warned) if event.about == Concern.MIXED_WEIGHTS]
    assert f"{ended:.4f} there and {every[2]:.4f} at the end" in told
    assert valid_error(parent / "0002") < valid_error(to_the_end)
    share = float(told.partition("ends ")[2].partition(" %")[0].rstrip("%").split("%")[0]) / 100
    was, learnt, now = (read_model(parent / name).state for name in ("0001", "0003", "0002"))
    for name, value in now.items():
        expected = was[name] + share * (learnt[name] - was[name]) if value.is_floating_point() else learnt[name]
        torch.testing.assert_close(value, expected)


def with_another_stage(child: Path, *, epochs: int, size: int) -> Path:
    """`child` with a further stage of its recipe, on pictures of `size` pixels."""
    spec, snapshot = read_recipe(child)
    further = msgspec.structs.replace(spec.stages[0], epochs=epochs, height=size, width=size)
    return write_run(child, msgspec.structs.replace(spec, stages=(*spec.stages, further)), snapshot.items)


@pytest.mark.parametrize("size", [32, 64])
def test_with_a_further_stage_only_the_run_itself_ends_on_the_way_and_the_parent_is_measured_at_each_size(
    parent: Path, size: int
) -> None:
    child = with_another_stage(forgetful(parent, rate=3e-4, epochs=3), epochs=2, size=size)
    _, heard = run(child)
    told = [event for event in heard.events if isinstance(event, EpochEnd) or is_about(event, Concern.MIXED_WEIGHTS)]
    assert [type(event) for event in told] == [*[EpochEnd] * 4, Warned, EpochEnd]
    measured = [event for event in heard.events if "as it was" in getattr(event, "what", "")]
    assert len(measured) == (1 if size == 32 else 2)
    assert f"{accuracies(heard)[-1]:.4f} there" in next(e.sentence for e in told if isinstance(e, Warned))


def is_about(event: RunEvent, concern: Concern) -> bool:
    return isinstance(event, Warned) and event.about == concern


def at_a_constant_rate(child: Path) -> Path:
    spec, snapshot = read_recipe(child)
    stages = tuple(msgspec.structs.replace(stage, schedule=Constant()) for stage in spec.stages)
    return write_run(child, msgspec.structs.replace(spec, stages=stages), snapshot.items)


def test_one_more_epoch_goes_on_from_all_that_was_learnt(parent: Path) -> None:
    """It is asked for when the run already answers with a mixture."""

    class Insatiable(Person):
        def __call__(self, event: RunEvent) -> None:
            super().__call__(event)
            if is_about(event, Concern.MIXED_WEIGHTS) and not any(isinstance(e, EpochAdded) for e in self.events):
                self.commands.ask(AddEpoch())

    person = Insatiable({})
    child = at_a_constant_rate(forgetful(parent, rate=1e-4, epochs=2))
    assert person.carry_out(child) is OutcomeKind.FINISHED
    told = [type(e) for e in person.events if isinstance(e, EpochEnd) or is_about(e, Concern.MIXED_WEIGHTS)]
    assert told == [EpochEnd, Warned, EpochEnd, Warned, EpochEnd]
    run(at_a_constant_rate(forgetful(parent, rate=1e-4, epochs=3, name="0003")))
    longer, as_long = (read_model(parent / name).state for name in ("0002", "0003"))
    assert all(torch.equal(longer[name], as_long[name]) for name in longer)


def test_stopped_and_resumed_it_ends_with_the_same_weights(parent: Path) -> None:
    run(forgetful(parent, rate=3e-4, epochs=3))
    child = forgetful(parent, rate=3e-4, epochs=3, name="0003")
    run_until(child, 5, say="leave")
    run(child, resume=True)
    straight, in_two = (read_model(parent / name).state for name in ("0002", "0003"))
    assert all(torch.equal(straight[name], in_two[name]) for name in straight)


@pytest.mark.parametrize(
    ("along", "ends_at"),
    [
        (lambda share: 0.8 - 0.003 * share, 1.0),
        (lambda share: 0.8 - 0.1 * max(0.0, share - 0.6), 0.625),
        (lambda share: 0.7 if share < 1 else 0.6, 0.5),
        (lambda share: 0.7 - abs(share - 0.25), 0.25),
        (lambda share: 0.5 if share < 1 else 0.7, 1.0),
        (lambda share: math.nan, 1.0),
    ],
    ids=["next to nothing", "the most of what costs nothing", "the first", "the least", "less is no better", "NaN"],
)
def test_it_goes_as_far_as_costs_next_to_nothing(along: Callable[[float], float], ends_at: float) -> None:
    """`along`: the metric, which was 0.8, by the share of the way."""
    network = torch.nn.Linear(1, 1)
    learner = cast(Learner, SimpleNamespace(answering=network, validation=Validation(1.0, [])))
    torch.nn.init.constant_(network.bias, 0.0)
    parent = copied(network.state_dict())
    torch.nn.init.constant_(network.bias, 1.0)

    def measure() -> tuple[Validation, Metric]:
        share = network.bias.item()
        return Validation(share, []), Metric("accuracy", along(share))

    mixture = settle(learner, parent, Metric("accuracy", 0.8), Metric("accuracy", along(1.0)), measure)
    assert (mixture.share if mixture else 1.0) == ends_at
    assert network.bias.item() == pytest.approx(ends_at)
    assert learner.validation.loss == pytest.approx(ends_at)


def with_corrected(folder: Path, ids: set[int]) -> Path:
    """`folder` with these items marked as corrections; their labels say the opposite of what the parent learnt."""
    spec, snapshot = read_recipe(folder)
    for number in ids:
        write_mask(folder / f"labels/{number}.png", np.full((36, 40), 1, np.uint8), CLASSES)
    return write_run(folder, spec, [msgspec.structs.replace(i, corrected=i.id in ids) for i in snapshot.items])


def test_what_is_learnt_of_corrected_validation_items_hides_nothing_that_is_forgotten_of_the_others(
    parent: Path,
) -> None:
    child = with_corrected(forgetful(parent, rate=1e-2, epochs=3), {10, 11, 12})
    alone = shutil.copytree(child, parent / "0003")
    spec, snapshot = read_recipe(child)
    write_run(alone, spec, [item for item in snapshot.items if item.id not in {10, 11, 12}])
    told, of_one = (
        [event.sentence for event in run(folder)[1].of(Warned) if "forgets" in event.sentence]
        for folder in (child, alone)
    )
    one = "the 1 validation item whose label was not corrected"
    assert told == [sentence.replace("the validation items", one) for sentence in of_one]
    assert len(told) == 1


def test_corrected_validation_items_that_the_model_answers_as_before_are_nothing_forgotten(parent: Path) -> None:
    child = make_run(parent / "0002", read_recipe(forgetful(parent, rate=1e-7))[0], train=8, valid=4)
    _, heard = run(with_corrected(child, {9, 10, 11, 12}))
    assert not [event for event in heard.of(Warned) if "forgets" in event.sentence]
    assert not [event for event in heard.events if "as it was" in getattr(event, "what", "")]


def test_a_fine_tuning_that_changes_next_to_nothing_says_nothing(parent: Path) -> None:
    _, heard = run(forgetful(parent, rate=1e-7))
    assert not [event for event in heard.of(Warned) if "forgets" in event.sentence]


def test_a_resumed_fine_tuning_still_compares_with_the_parent(parent: Path) -> None:
    child = forgetful(parent, rate=1e-2, epochs=3)
    _, first = run_until(child, 2, say="leave")
    _, second = run(child, resume=True)
    measured = [event for event in (*first.events, *second.events) if "as it was" in getattr(event, "what", "")]
    assert len(measured) == 1
    told = [e.sentence for e in (*first.of(Warned), *second.of(Warned)) if "forgets" in e.sentence]
    assert len(told) == 1
    assert f"was {decode_last_epoch(parent / '0001'):.4f} before" in told[0]


@pytest.mark.parametrize(
    ("then", "now", "better", "worse"),
    [(0.8, 0.7, 1, True), (0.8, 0.79, 1, False), (0.8, 0.9, 1, False), (0.01, 0.02, -1, True), (0.02, 0.01, -1, False)],
)
def test_worse_means_a_noticeable_share_in_the_wrong_direction(then: float, now: float, better: int, worse: bool):
    assert has_got_worse(Metric("m", then, better), Metric("m", now, better)) is worse


def decode_last_epoch(folder: Path) -> float:
    """The first metric of a run's last epoch."""
    return [event for event in read_events(folder / "events.jsonl") if isinstance(event, EpochEnd)][-1].metrics[0].value


def test_a_fine_tuning_on_corrections_leaves_the_statistics_of_batch_norm_alone(parent: Path) -> None:
    """They are the parent's, of data that a few corrections drawn several times are no sample of."""
    run(forgetful(parent, rate=1e-2))
    before, after = read_model(parent / "0001").state, read_model(parent / "0002").state
    statistics = [name for name in after if name.endswith(("running_mean", "running_var"))]
    assert statistics
    assert all(torch.equal(after[name], before[name]) for name in statistics)
    scales = [name.replace("running_mean", "weight") for name in statistics if name.endswith("running_mean")]
    assert not all(torch.equal(after[name], before[name]) for name in scales), "scale and shift do learn"
