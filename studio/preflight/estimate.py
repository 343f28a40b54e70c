"""What a recipe will take, told before it is trained: going by an earlier run of the same network, or by its size."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from studio.core.architectures import Architecture
from studio.core.counting import counted
from studio.core.durations import duration
from studio.core.events import EpochEnd, RunEvent, StageStarted, Started, Step
from studio.core.items import LabelState, Split
from studio.core.likely_device import likely_device
from studio.core.recipe import Purpose, RunSpec, Stage
from studio.engine import replay
from studio.store import ItemFilter, Store

VALID_COST: Final = 1 / 3
"""Time for one image without a backward pass, in images that are trained on."""

_RUNS: Final = 5
"""So many of the newest runs of the same network are asked."""

_PARAMETER: Final = 16
"""Bytes: a weight, its gradient and AdamW's two means, in float32."""

_PROCESS: Final = 1030 * 2**20
"""Bytes that a worker takes on a processor before its first batch, nearly all of them PyTorch."""

_WORKING_SPACE: Final = 1.5
"""The most memory during a step, in parts of what is kept for the backward pass."""

_NETWORKS: Final = {
    (Architecture.UNET, "resnet18"): (1230, 12_034_176),
    (Architecture.UNET, "resnet34"): (1430, 22_142_336),
    (Architecture.UNET, "resnet50"): (2600, 25_889_408),
    (Architecture.UNET, "mobilenet_v3_large"): (1610, 3_601_264),
    (Architecture.DYNAMIC_UNET, "resnet18"): (2940, 31_113_608),
    (Architecture.DYNAMIC_UNET, "resnet34"): (3140, 41_221_768),
    (Architecture.DYNAMIC_UNET, "resnet50"): (9550, 339_071_752),
    (Architecture.DEEPLABV3, "resnet50"): (4160, 39_635_528),
    (Architecture.DEEPLABV3, "mobilenet_v3_large"): (1250, 11_022_136),
    (Architecture.LRASPP, "mobilenet_v3_large"): (1190, 3_219_328),
}
"""Bytes that a network keeps of each pixel of a batch for the backward pass, in float32, and how many weights it has;
measured at 64×64 and 128×128 by torch.autograd.graph.saved_tensors_hooks."""

_LATER: Final = "can be told after a first run of this network"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a run took. `seconds_a_pixel`: of training on one pixel of one image. `memory`, in bytes, was the most, in a
    step on so many `pixels`."""

    run: str
    seconds_a_pixel: float | None
    memory: int | None
    pixels: int
    parameters: int
    on_processor: bool


def cost_of(run: str, events: Iterable[RunEvent]) -> Cost | None:
    """What a run tells of it; its first epoch reads the images and counts only where there is no other. None for a run
    that has no step."""
    started: Started | None = None
    stage: StageStarted | None = None
    epochs: list[tuple[float, float]] = []
    most, pixels = 0, 0
    for event in events:
        match event:
            case Started():
                started = event
            case StageStarted():
                stage = event
            case Step(memory=int(memory)) if stage is not None and memory > most:
                most, pixels = memory, stage.batch_size * stage.height * stage.width
            case EpochEnd() if started is not None and stage is not None:
                images = _images(started.train_items, started.valid_items)
                epochs.append((event.seconds, images * stage.height * stage.width))
            case _:
                pass
    if started is None or not (most or epochs):
        return None
    counted_epochs = epochs[1:] or epochs
    trained = sum(each for _, each in counted_epochs)
    return Cost(
        run=run,
        seconds_a_pixel=sum(seconds for seconds, _ in counted_epochs) / trained if trained else None,
        memory=most or None,
        pixels=pixels,
        parameters=started.parameters,
        on_processor=started.device.startswith("cpu"),
    )


def estimate(store: Store, spec: RunSpec) -> str:
    """Time and memory of `spec` on this project's labelled items, in a sentence that says what it goes by; empty for
    a fine-tuning, whose items are chosen when it begins."""
    if spec.fine_tune is not None:
        return ""
    cost = _last_cost(store, spec)
    seconds = _seconds(spec, cost, train=_labelled(store, Split.TRAIN), valid=_labelled(store, Split.VALID))
    memory = _memory(spec, cost)
    epochs = counted(sum(stage.epochs for stage in spec.stages), "epoch")
    if memory is None and seconds is None:
        return f"How long {epochs} take and how much memory they need {_LATER}."
    going_by = f"an estimate that goes by run {cost.run}" if cost is not None else "an estimate by the network's size"
    if seconds is None:
        return f"About {_gib(memory or 0)} of memory, {going_by}; how long {epochs} take {_LATER}."
    room = f" and {_gib(memory)} of memory" if memory is not None else ""
    return f"About {duration(seconds)} for {epochs}{room}, {going_by}."


def _last_cost(store: Store, spec: RunSpec) -> Cost | None:
    """Of the newest run of the same network that has one."""
    network = spec.task, spec.architecture, spec.model.encoder
    alike = [
        record
        for record in reversed(store.runs())
        if record.spec.purpose is Purpose.TRAIN
        and (record.spec.task, record.spec.architecture, record.spec.model.encoder) == network
    ]
    costs = (cost_of(record.id, replay(record.folder)) for record in alike[:_RUNS])
    return next((cost for cost in costs if cost is not None), None)


def _labelled(store: Store, split: Split) -> int:
    return store.item_count(ItemFilter(states=(LabelState.LABELLED,), splits=(split,)))


def _images(train: int, valid: int) -> float:
    return train + valid * VALID_COST


def _seconds(spec: RunSpec, cost: Cost | None, *, train: int, valid: int) -> float | None:
    if cost is None or cost.seconds_a_pixel is None:
        return None
    pixels = sum(stage.epochs * stage.height * stage.width for stage in spec.stages)
    return pixels * _images(train, valid) * cost.seconds_a_pixel


def _memory(spec: RunSpec, cost: Cost | None) -> float | None:
    """Bytes of the stage that needs most. What a batch adds grows with its pixels, the rest stays."""
    pixels = max(_pixels(stage, spec.parts) for stage in spec.stages)
    if cost is not None and cost.memory is not None:
        fixed = min(cost.memory, cost.parameters * _PARAMETER + (_PROCESS if cost.on_processor else 0))
        return fixed + (cost.memory - fixed) * pixels / cost.pixels
    known = _NETWORKS.get((spec.architecture, spec.model.encoder)) if spec.architecture is not None else None
    if known is None:
        return None
    kept, parameters = known
    process = _PROCESS if likely_device() == "cpu" else 0
    return process + parameters * _PARAMETER + _WORKING_SPACE * kept * pixels


def _pixels(stage: Stage, parts: int) -> float:
    return stage.batch_size * stage.height * stage.width / parts


def _gib(size: float) -> str:
    gib = size / 2**30
    return f"{gib:.0f}\u00a0GiB" if gib >= 10 else f"{max(gib, 0.1):.1f}\u00a0GiB"
