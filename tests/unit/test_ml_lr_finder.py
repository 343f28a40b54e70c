"""The LR finder's guarantees: the same curve for the same seed, and no trace of it afterwards, whatever happens."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from studio.core.events import Finished, LrFound, LrPoint, StageStarted, Warned
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Augment, Precision, Purpose, Stage
from studio.ml.control import Request, StopRequested
from studio.ml.data.batches import Batches
from studio.ml.data.stage_data import DataSource
from studio.ml.device import MixedPrecision
from studio.ml.lr_finder import Sweep, SweepPoint, find_learning_rate, rate_at
from studio.ml.models.unet import UNet
from studio.ml.network import make_network
from studio.ml.parameter_groups import freeze, make_optimizer
from studio.ml.random_state import random_state, seed_everything
from studio.ml.runner import read_recipe
from studio.ml.tasks.base import Task
from studio.ml.tasks.registry import make_task
from tests.unit.ml_runs import NORMED_MODEL, make_run, recipe, run, run_until

Act = Callable[[SweepPoint], None]

STAGE = Stage(epochs=1, height=32, width=32, batch_size=4)


class Bench:
    """A network, its data and an optimizer with a history, ready for a sweep."""

    def __init__(self, folder: Path) -> None:
        spec, snapshot = read_recipe(
            make_run(
                folder,
                recipe(stages=[STAGE], model=NORMED_MODEL, augment=Augment(flip=True, rotate=5, lighting=0.1)),
            )
        )
        self.task: Task = make_task(snapshot)
        seed_everything(spec.seed)
        self.network = make_network(spec, self.task, folder).network
        freeze(self.network, True)
        self.optimizer = make_optimizer(self.network, lr=1e-3, weight_decay=0.01)
        self.batches: Batches = DataSource(
            folder=folder,
            spec=spec,
            task=self.task,
            device=torch.device("cpu"),
            warn=lambda sentence: None,
            progress=lambda what, done, total: None,
            check=lambda: None,
        ).load_train(0)
        self.precision = MixedPrecision(Precision.FLOAT32, torch.device("cpu"))
        self._train_a_little()

    def sweep(
        self,
        act: Act = lambda point: None,
        check: Callable[[], None] = lambda: None,
        divided: Callable[[int, int], None] = lambda step, parts: None,
    ) -> Sweep:
        return find_learning_rate(
            self.network,
            objective=self.task,
            batches=self.batches,
            precision=self.precision,
            make_optimizer=lambda network: make_optimizer(network, lr=1e-3, weight_decay=0.01),
            on_point=act,
            check=check,
            divided=divided,
        )

    def everything(self) -> dict[str, object]:
        """All that a sweep must give back, by value."""
        return copy.deepcopy(
            {
                "weights and batch-norm statistics": self.network.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "gradients": [p.grad for p in self.network.parameters()],
                "modes": [m.training for m in self.network.modules()],
                "requires_grad": [p.requires_grad for p in self.network.parameters()],
                "generators": random_state(),
                "order": [batch.rows for batch in self.batches.epoch(0)],
            }
        )

    def _train_a_little(self) -> None:
        self.network.train()
        self.network.encoder.eval()  # a mixture of modes, to be given back as it is
        batch = next(self.batches.epoch(3))
        self.task.loss(self.network(batch.images), batch.target).backward()
        self.optimizer.step()
        random.random(), np.random.random(), torch.rand(1)


def same(first: object, second: object) -> bool:
    """Bit for bit, through dicts and lists."""
    if isinstance(first, torch.Tensor) and isinstance(second, torch.Tensor):
        return first.dtype == second.dtype and torch.equal(first, second)
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))
    return bool(first == second)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """On pictures this small more threads only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "0001")


def assert_untouched(bench: Bench, before: dict[str, object]) -> None:
    after = bench.everything()
    for part, value in before.items():
        assert same(value, after[part]), f"{part} is not what it was"


@pytest.fixture(scope="module")
def swept(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, Sweep]:
    """A whole sweep, which has left no trace."""
    bench = Bench(tmp_path_factory.mktemp("swept") / "0001")
    before = bench.everything()
    sweep = bench.sweep()
    assert_untouched(bench, before)
    return bench, sweep


def test_twice_with_one_seed_is_the_same_curve(swept: tuple[Bench, Sweep]) -> None:
    bench, first = swept
    assert len(first.points) > 30
    assert first.stopped in ("finished", "diverged")
    torch.rand(7)
    seen: list[SweepPoint] = []

    def check() -> None:
        if len(seen) == 30:
            raise StopRequested(Request.STOP)

    assert bench.sweep(seen.append, check).points == first.points[:30]


def test_rates_grow_exponentially_and_the_loss_is_smoothed_as_in_fastai(swept: tuple[Bench, Sweep]) -> None:
    _, sweep = swept
    mean = 0.0
    for i, point in enumerate(sweep.points):
        mean = 0.98 * mean + 0.02 * point.loss
        assert point.step == i + 1
        assert point.lr == pytest.approx(1e-7 * 1e8 ** (i / 100))
        assert point.smoothed == pytest.approx(mean / (1 - 0.98 ** (i + 1)))
    assert rate_at(101) == pytest.approx(10)


def test_it_stops_above_four_times_the_best(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    honest = bench.task.loss

    def growing(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return honest(output, target) * (1 if calls <= 20 else 2.0 ** (calls - 20))

    monkeypatch.setattr(bench.task, "loss", growing)
    before = bench.everything()
    sweep = bench.sweep()
    best = min(sweep.smoothed)
    assert sweep.stopped == "diverged"
    assert sweep.smoothed[-1] > 4 * best
    assert all(value <= 4 * best for value in sweep.smoothed[:-1])
    assert_untouched(bench, before)


def poison(network: nn.Module) -> None:
    with torch.no_grad():
        next(network.parameters()).fill_(float("nan"))


def test_suggestions_of_a_sweep_that_a_nan_ended_use_all_points_before_it_as_fastai_does() -> None:
    losses = [2 - 0.02 * step for step in range(40)]
    points = [SweepPoint(step, rate_at(step), loss, loss) for step, loss in enumerate(losses, start=1)]
    found = {s.rule: s.lr for s in Sweep(points, stopped="nan").suggestions()}
    assert found["minimum"] == pytest.approx(rate_at(40) / 10, rel=1e-6)
    cancelled = {s.rule: s.lr for s in Sweep(points, stopped="cancelled").suggestions()}
    assert cancelled["minimum"] == pytest.approx(rate_at(35) / 10, rel=1e-6)


def test_a_nan_ends_the_sweep_and_is_no_point(bench: Bench) -> None:
    before = bench.everything()
    sweep = bench.sweep(lambda point: poison(bench.network) if point.step == 5 else None)
    assert sweep.stopped == "nan"
    assert [point.step for point in sweep.points] == [1, 2, 3, 4, 5]
    assert np.isfinite(sweep.smoothed).all()
    assert_untouched(bench, before)


def test_a_cancelled_sweep_leaves_no_trace(bench: Bench) -> None:
    before = bench.everything()
    seen: list[SweepPoint] = []

    def check() -> None:
        if len(seen) == 7:
            raise StopRequested(Request.STOP)

    sweep = bench.sweep(seen.append, check)
    assert sweep.stopped == "cancelled"
    assert len(sweep.points) == 7
    assert_untouched(bench, before)


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the third forward on the memory holds two images."""
    forward, calls = UNet.forward, iter(range(10**6))

    def limited(self: UNet, images: torch.Tensor) -> torch.Tensor:
        if next(calls) >= 2 and len(images) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, images)

    monkeypatch.setattr(UNet, "forward", limited)


@pytest.mark.slow
@pytest.mark.usefixtures("small_memory")
def test_a_batch_that_does_not_fit_into_memory_is_divided_and_leaves_no_trace(bench: Bench) -> None:
    before = bench.everything()
    divided: list[tuple[int, int]] = []
    sweep = bench.sweep(divided=lambda step, parts: divided.append((step, parts)))
    assert divided == [(2, 2)], "the first step of the sweep is the second forward of this bench"
    assert len(sweep.points) > 30
    assert_untouched(bench, before)


@pytest.mark.slow
@pytest.mark.usefixtures("small_memory")
def test_an_lr_finder_run_says_from_which_step_on_it_divides_its_batches(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[STAGE], purpose=Purpose.LR_FIND), valid=0)
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    (warned,) = [w.sentence for w in heard.of(Warned) if "memory" in w.sentence]
    assert "A batch of 4 images at 32×32" in warned
    assert "from step 3 on it is computed in 2 parts" in warned


@pytest.mark.slow
def test_the_sweep_computes_its_batches_in_as_many_parts_as_the_recipe_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: set[int] = set()
    forward = UNet.forward

    def noted(self: UNet, images: torch.Tensor) -> torch.Tensor:
        sizes.add(len(images))
        return forward(self, images)

    monkeypatch.setattr(UNet, "forward", noted)
    run(make_run(tmp_path / "0001", recipe(stages=[STAGE], purpose=Purpose.LR_FIND, parts=2), valid=0))
    assert sizes == {2}


@pytest.mark.parametrize(
    "error", [RuntimeError("boom"), torch.OutOfMemoryError("CUDA out of memory"), KeyboardInterrupt()]
)
def test_an_error_leaves_no_trace_either(bench: Bench, error: BaseException) -> None:
    before = bench.everything()

    def fail(point: SweepPoint) -> None:
        if point.step == 6:
            for module in bench.network.modules():
                module.training = not module.training
            for parameter in bench.network.parameters():
                parameter.requires_grad_(True)
            raise error

    with pytest.raises(type(error)):
        bench.sweep(fail)
    assert_untouched(bench, before)


def test_an_lr_finder_run_says_its_curve_and_its_suggestions(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[STAGE], purpose=Purpose.LR_FIND), valid=0)
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert len(heard.of(StageStarted)) == 1
    (found,) = heard.of(LrFound)
    assert {s.rule for s in found.suggestions} <= {"valley", "steep", "minimum", "slide"}
    assert found.suggestions[0].rule == "valley"
    assert len(heard.of(LrPoint)) > 30
    assert isinstance(heard.events[-1], Finished)
    assert not (folder / "model.safetensors").exists()


def test_an_lr_finder_run_can_be_stopped(tmp_path: Path) -> None:
    outcome, heard = run_until(make_run(tmp_path / "0001", recipe(stages=[STAGE], purpose=Purpose.LR_FIND)), 4)
    assert outcome is OutcomeKind.STOPPED
    assert heard.of(LrFound)[0].stopped == "cancelled"
    assert [point.step for point in heard.of(LrPoint)] == [1, 2, 3, 4]
