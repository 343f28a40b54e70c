"""Trying batches of growing size: where it ends, what it proposes, and that it leaves no trace."""

from __future__ import annotations

import copy
import mmap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from studio.core.events import BatchFound, BatchTried, Finished, Started
from studio.core.outcome import OutcomeKind
from studio.core.recipe import Precision, Purpose, Stage
from studio.core.settings import Task
from studio.core.snapshot import Snapshot
from studio.ml import batch_probe
from studio.ml import memory_peak as peaks
from studio.ml.batch_probe import Tried, best_size, found_sentence, probe_batch_size
from studio.ml.control import Request, StopRequested
from studio.ml.data.batches import Batch
from studio.ml.data.order import batches_of
from studio.ml.device import MixedPrecision
from studio.ml.memory_peak import Peak
from studio.ml.memory_use import MemoryUse, memory_use
from studio.ml.models.unet import UNet
from studio.ml.random_state import random_state
from studio.ml.tasks.segmentation import Segmentation
from tests.unit import text_runs
from tests.unit.ml_runs import CLASSES, make_run, recipe, run

CPU = torch.device("cpu")
STAGE = Stage(epochs=1, height=32, width=32, batch_size=8)


class Network(nn.Module):
    """A step costs the same whatever the batch, so that a larger one is faster; it holds `most` images. `now` is its
    own time, in seconds."""

    def __init__(self, most: int = 10**6) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 2, 1)
        self.norm = nn.BatchNorm2d(2)
        self.most = most
        self.sizes: list[int] = []
        self.now = 0.0

    def forward(self, images: Tensor) -> Tensor:
        self.sizes.append(len(images))
        self.now += 0.01
        torch.rand(1)
        if len(images) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.norm(self.layer(images))


class Drawn:
    """Batches of noise of any size, out of so many items; a single one comes twice."""

    height = width = 4

    def __init__(self, items: int) -> None:
        self._items = items

    def of_size(self, batch_size: int) -> Batch:
        rows = batches_of(range(self._items), batch_size)[0]
        return Batch(rows, torch.rand(len(rows), 3, 4, 4), torch.ones(len(rows), 4, 4, dtype=torch.uint8))


def probe(
    network: Network,
    items: int = 64,
    *,
    on_tried: Callable[[Tried], None] = lambda tried: None,
    parts: int = 1,
    seconds: float = 600,
) -> list[Tried]:
    return probe_batch_size(
        network,
        objective=Segmentation(Snapshot(task=Task.SEGMENTATION, classes=CLASSES)),
        batches=Drawn(items),  # pyright: ignore[reportArgumentType]
        precision=MixedPrecision(Precision.FLOAT32, CPU),
        make_optimizer=lambda net: torch.optim.AdamW(net.parameters()),
        device=CPU,
        on_tried=on_tried,
        check=lambda: None,
        parts=parts,
        seconds=seconds,
        clock=lambda: network.now,
    )


def everything(network: nn.Module) -> dict[str, object]:
    return copy.deepcopy(
        {
            "weights and statistics": {name: value.tolist() for name, value in network.state_dict().items()},
            "gradients": [p.grad for p in network.parameters()],
            "modes": [module.training for module in network.modules()],
            "generators": random_state()["torch"].tolist(),
        }
    )


def test_sizes_double_until_one_does_not_fit_and_nothing_is_left_of_it() -> None:
    network = Network(most=10).eval()
    before = everything(network)
    tried = probe(network)
    assert [(one.batch_size, one.fits) for one in tried] == [(2, True), (4, True), (8, True), (16, False)]
    assert best_size(tried) == 8, "twice as many images in the time of a step are twice as fast"
    assert everything(network) == before
    assert "a batch of 16 does not fit into memory" in found_sentence(tried, STAGE)


def test_there_are_no_batches_larger_than_the_data() -> None:
    assert [one.batch_size for one in probe(Network(), items=9)] == [2, 4, 8]
    assert [one.batch_size for one in probe(Network(), items=1)] == [2]


def test_the_speed_is_of_the_items_that_a_batch_really_has() -> None:
    """Nine items in batches of eight are one batch, since the ninth joins it; a step takes a hundredth of a second."""
    assert [round(one.images_per_second) for one in probe(Network(), items=9)] == [200, 400, 900]


def test_without_any_time_the_usual_sizes_are_tried_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_probe, "SLOW", 0.0)
    network = Network()
    assert [one.batch_size for one in probe(network, seconds=0)] == [2, 4, 8]
    assert network.sizes == [2, 4, 8], "where a step is slow, one is enough"


def test_a_batch_in_parts_needs_the_memory_of_a_part() -> None:
    tried = probe(Network(most=4), parts=2)
    assert [(one.batch_size, one.fits) for one in tried] == [(2, True), (4, True), (8, True), (16, False)]


class Pooled(Network):
    """Batch norm behind a global pool, which has no statistics of a single row."""

    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images.mean((2, 3), keepdim=True)).expand(-1, -1, *images.shape[2:])


def test_no_part_is_smaller_than_the_parts_of_training() -> None:
    network = Pooled()
    assert [one.batch_size for one in probe(network, items=4, parts=4)] == [2, 4]
    assert set(network.sizes) == {2}


def test_a_device_that_holds_not_even_the_smallest_says_so_and_keeps_its_network() -> None:
    network = Network(most=1)
    before = everything(network)
    with pytest.raises(torch.OutOfMemoryError):
        probe(network)
    assert everything(network) == before


@pytest.mark.parametrize("error", [RuntimeError("boom"), StopRequested(Request.STOP)])
def test_an_error_or_a_stop_leaves_no_trace(error: Exception) -> None:
    network = Network()
    before = everything(network)

    def fail(tried: Tried) -> None:
        if tried.batch_size == 4:
            raise error

    with pytest.raises(type(error)):
        probe(network, on_tried=fail)
    assert everything(network) == before


def test_a_size_is_not_tried_when_the_one_before_took_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """100 bytes an image beside 1000 that were there, and 2000 free: a batch of 16 leaves the reserve, 32 would not."""
    network = Network()

    def used(device: torch.device) -> MemoryUse:
        return MemoryUse(most=1000 + 100 * (network.sizes[-1] if network.sizes else 0))

    @contextmanager
    def peak(device: torch.device) -> Iterator[Peak]:
        taken = Peak()
        yield taken
        taken.most = used(device).most

    monkeypatch.setattr(batch_probe, "memory_use", used)
    monkeypatch.setattr(batch_probe, "memory_peak", peak)
    monkeypatch.setattr(batch_probe, "free_memory", lambda device: 2000)
    tried = probe(network)
    assert [one.batch_size for one in tried] == [2, 4, 8, 16]
    assert max(network.sizes) == 16
    assert tried[-1].memory == 2600


class Activations(Network):
    """Takes much while it computes and holds none of it afterwards."""

    BYTES = 2**28

    def forward(self, images: Tensor) -> Tensor:
        fresh = mmap.mmap(-1, self.BYTES)  # pages of its own, not what earlier tests have left free
        held = torch.frombuffer(fresh, dtype=torch.float32).fill_(1)
        time.sleep(0.05)  # a sampled peak is seen only where it lasts
        return super().forward(images) + 0 * held[0]


@pytest.mark.parametrize("keeps_peaks", [True, False])
def test_the_memory_of_a_batch_is_what_its_step_takes_at_its_most(
    monkeypatch: pytest.MonkeyPatch, keeps_peaks: bool
) -> None:
    if not keeps_peaks:
        monkeypatch.setattr(peaks, "_forget_peak", lambda: False)
    before = memory_use(CPU).most
    (tried,) = probe(Activations(), items=2)
    after = memory_use(CPU).most
    assert before is not None
    assert after is not None
    assert tried.memory is not None
    assert after - before < Activations.BYTES / 2
    assert tried.memory - before > 0.9 * Activations.BYTES


def tries(*speeds: float) -> list[Tried]:
    return [Tried(2 ** (i + 1), fits=True, images_per_second=speed) for i, speed in enumerate(speeds)]


@pytest.mark.parametrize(
    ("speeds", "best"), [((10, 20, 30), 8), ((10, 29, 30), 4), ((30, 29, 28), 2), ((10, 40, 41, 20), 4)]
)
def test_the_best_is_the_smallest_that_is_about_as_fast_as_any(speeds: tuple[float, ...], best: int) -> None:
    assert best_size(tries(*speeds)) == best


def test_a_size_that_does_not_fit_is_never_proposed() -> None:
    assert best_size([*tries(10, 20), Tried(8, fits=False, images_per_second=90)]) == 4


@pytest.fixture
def small_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = UNet.forward

    def limited(self: UNet, images: Tensor) -> Tensor:
        if len(images) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, images)

    monkeypatch.setattr(UNet, "forward", limited)


@pytest.mark.usefixtures("small_memory")
def test_a_probing_run_says_what_it_tried_and_found_and_keeps_nothing(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[STAGE], purpose=Purpose.PROBE), train=16, valid=0)
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert heard.of(Started)[0].purpose == "probe-batch"
    sizes = [(event.batch_size, event.fits) for event in heard.of(BatchTried)]
    assert sizes in ([(2, True), (4, True), (8, False)], [(2, True), (4, True)])
    (found,) = heard.of(BatchFound)
    assert found.batch_size in (2, 4)
    assert f"A batch of {found.batch_size} images at 32×32" in found.sentence
    assert isinstance(heard.events[-1], Finished)
    assert not (folder / "model.safetensors").exists()


@pytest.mark.parametrize("language", [True, False])
def test_texts_have_a_batch_size_too(tmp_path: Path, language: bool) -> None:
    stage = Stage(epochs=1, height=1, width=40, batch_size=4, language=language)
    folder = text_runs.make_run(tmp_path / "0001", text_runs.recipe([stage], purpose=Purpose.PROBE))
    outcome, heard = run(folder)
    assert outcome is OutcomeKind.FINISHED
    assert heard.of(BatchFound)[0].batch_size >= 2
    assert "texts" in heard.of(BatchFound)[0].sentence
