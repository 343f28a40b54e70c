"""From the options of `train` and `lr-find` to a recipe: defaults or a file, changed by what was asked for."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from studio.core.architectures import (
    ARCHITECTURES,
    Architecture,
    can_stand_on,
    encoders_of,
    is_encoder,
    missing_package,
    near_names,
)
from studio.core.defaults import default_spec
from studio.core.errors import BadInput, NothingToTrainOn, StudioError
from studio.core.images import image_size
from studio.core.items import LabelState, Split
from studio.core.likely_device import likely_device
from studio.core.progressive import grown
from studio.core.recipe import (
    ClassWeights,
    LearningRate,
    ModelSpec,
    OnDivergence,
    OnMemory,
    Purpose,
    RunSpec,
    Stage,
)
from studio.core.recipe_shelf import recipe_named
from studio.core.resizing import Resize
from studio.core.schedules import Schedule
from studio.core.settings import Task
from studio.store import ItemFilter, Store

LEARNING: Final = ("label_smoothing", "class_weights", "average_weights", "mixup", "compile")
"""Options about what training does to labels and weights, which go into the recipe as they are."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class RecipeOptions:
    """What the command line says about a recipe; None where it says nothing."""

    recipe: Path | None = None
    epochs: int | None = None
    size: str | None = None
    batch: str | None = None
    lr: str | None = None
    schedule: str | None = None
    arch: str | None = None
    encoder: str | None = None
    pretrained: bool | None = None
    parent: str | None = None
    seed: int | None = None
    resize: Resize | None = None
    on_divergence: OnDivergence | None = None
    on_memory: OnMemory | None = None
    clip_norm: float | None = None
    parts: int | None = None
    early_stop: int | None = None
    label_smoothing: float | None = None
    class_weights: ClassWeights | None = None
    average_weights: float | None = None
    mixup: float | None = None
    compile: bool | None = None
    frozen: bool | None = None
    note: str | None = None
    grow: bool = False


def make_spec(store: Store, options: RecipeOptions, *, purpose: Purpose, device: str) -> RunSpec:
    """Raises BadInput for a value that cannot be, UnknownRun, NothingToTrainOn, MissingPackage."""
    spec = recipe_named(str(options.recipe), store.settings) if options.recipe else _defaults(store, device)
    if spec.task is not store.settings.task:
        raise BadInput(f"The recipe is for {spec.task} and {store.root} is a project for {store.settings.task}.")
    changes: dict[str, object] = {"purpose": purpose}
    if options.parent is not None:
        changes["parent"] = options.parent
        changes["model"] = store.run(options.parent).spec.model
    if (options.arch, options.encoder, options.pretrained) != (None, None, None):
        changes["model"] = _model(spec, options)
    if options.seed is not None:
        changes["seed"] = options.seed
    for field in ("note", "resize", "on_divergence", "on_memory", "clip_norm", "parts", "early_stop", *LEARNING):
        if getattr(options, field) is not None:
            changes[field] = getattr(options, field)
    try:
        made = msgspec.structs.replace(spec, stages=_stages(spec, options), **changes)
    except ValueError as error:
        raise BadInput(f"This recipe cannot be: {error}.") from error
    missing = missing_package(made.architecture, made.model.encoder)
    if missing is not None:
        raise missing
    return _grown(store, made) if options.grow else made


def with_learning(spec: RunSpec, **asked: object) -> RunSpec:
    """The recipe with the fields of `asked` that are not None. Raises BadInput for a value that cannot be."""
    try:
        return msgspec.structs.replace(spec, **{name: value for name, value in asked.items() if value is not None})
    except ValueError as error:
        raise BadInput(f"This recipe cannot be: {error}.") from error


def with_epochs(spec: RunSpec, epochs: int | None) -> RunSpec:
    """The recipe with this number of epochs, as `train --epochs` would have it; None changes nothing."""
    return msgspec.structs.replace(spec, stages=_stages(spec, RecipeOptions(epochs=epochs)))


def read_size(text: str) -> tuple[int, int]:
    """`96x128` as height and width. Raises BadInput."""
    matched = re.fullmatch(r"\s*(\d+)\s*[x×*]\s*(\d+)\s*", text, re.IGNORECASE)
    if matched is None:
        raise BadInput(f"The size {text!r} is not of the form HEIGHTxWIDTH, such as 96x128.")
    return int(matched[1]), int(matched[2])


def read_tokens(text: str) -> tuple[int, int]:
    """`600`, the most tokens of a document, as a stage's height and width. Raises BadInput."""
    if not text.strip().isdecimal():
        raise BadInput(f"The size {text!r} is no number of tokens, such as 600.")
    return 1, int(text)


def read_batch(text: str) -> int:
    """Raises BadInput for what is no number from 1 up."""
    if not text.strip().isdecimal() or int(text) < 1:
        raise BadInput(f"The batch {text!r} is no number of items from 1 up, and not auto.")
    return int(text)


def read_rate(text: str) -> LearningRate:
    """`1e-3`, or `1e-5:1e-3` for rates from the first layers to the head. Raises BadInput."""
    low, colon, high = text.rpartition(":")
    try:
        return LearningRate(high=float(high), low=float(low) if colon else None, discriminative=bool(colon))
    except ValueError as error:
        raise BadInput(
            f"The learning rate {text!r} is not a number such as 1e-3, or a range such as 1e-5:1e-3."
        ) from error


def read_schedule(text: str) -> Schedule:
    """`flat-cosine`, or with numbers of its own `one-cycle:pct_start=0.3,momenta=0.95/0.85/0.95`. Raises BadInput."""
    kind, _, settings = text.partition(":")
    fields: dict[str, Any] = {"kind": kind.strip()}
    for setting in filter(None, settings.split(",")):
        name, _, value = setting.partition("=")
        numbers = value.split("/")
        fields[name.strip()] = numbers if len(numbers) > 1 else value
    try:
        return msgspec.convert(fields, Schedule, strict=False)
    except ValueError as error:
        raise BadInput(
            f"The schedule {text!r} cannot be: {error}. Say one-cycle, flat-cosine or constant, and what shall differ "
            "such as one-cycle:pct_start=0.3,div=10,div_final=1e4,momenta=0.95/0.85/0.95 or constant:momentum=0.9."
        ) from error


def _defaults(store: Store, device: str) -> RunSpec:
    """Raises NothingToTrainOn where no training item is labelled."""
    ids = store.item_ids(ItemFilter(states=(LabelState.LABELLED,), splits=(Split.TRAIN,)))
    if not ids:
        raise NothingToTrainOn(Split.TRAIN)
    kind = likely_device() if device == "auto" else device.partition(":")[0]
    return default_spec(store.settings, n_items=len(ids), image_size=_typical_size(store, ids), device_kind=kind)


def _grown(store: Store, spec: RunSpec) -> RunSpec:
    """The recipe with its epochs over growing sizes of the project's pictures. Raises BadInput."""
    ids = store.item_ids(ItemFilter(states=(LabelState.LABELLED,), splits=(Split.TRAIN,)))
    growth = grown(spec, _typical_size(store, ids))
    if growth is None:
        what = "texts have no size" if spec.task is Task.TEXT else "its pictures are too small already"
        raise BadInput(f"{store.root} cannot be trained at growing sizes, {what}; leave out --grow.")
    return growth.spec


def _typical_size(store: Store, ids: list[int]) -> tuple[int, int]:
    """Width and height of the first picture that can be read; documents have none. Raises BadInput where none can."""
    if store.settings.task is Task.TEXT:
        return 0, 0
    problem: StudioError | None = None
    for item in store.items(ids[:50]):
        try:
            return image_size(item.path)
        except StudioError as error:
            problem = problem or error
    raise BadInput(problem.sentence if problem else f"{store.root} has no picture to train on.")


def _model(spec: RunSpec, options: RecipeOptions) -> ModelSpec:
    if options.parent is not None:
        raise BadInput(
            f"A run that starts from run {options.parent} has its model; leave out --arch, --encoder and --pretrained."
        )
    architecture, encoder = _architecture_and_encoder(spec, options)
    try:
        return ModelSpec(
            architecture=architecture,
            encoder=encoder,
            pretrained=spec.model.pretrained if options.pretrained is None else options.pretrained,
        )
    except ValueError as error:
        raise BadInput(f"This model cannot be: {error}.") from error


def _architecture_and_encoder(spec: RunSpec, options: RecipeOptions) -> tuple[Architecture | None, str]:
    """`--arch` takes an encoder's name too, as fast.ai's `arch` does. An architecture that cannot stand on the recipe's
    encoder brings its own usual one."""
    architecture, encoder = spec.model.architecture, options.encoder
    if options.arch is not None:
        known = ARCHITECTURES.get(spec.task, ())
        if options.arch in known:
            architecture = Architecture(options.arch)
        elif is_encoder(options.arch) and encoder is None:
            encoder = options.arch
        else:
            raise BadInput(f"--arch {options.arch} is no model for {spec.task}{near_names(options.arch, known)}.")
    if encoder is None:
        own = spec.model.encoder
        encoder = own if can_stand_on(architecture, own) else encoders_of(architecture)[0]
    return architecture, encoder


def _stages(spec: RunSpec, options: RecipeOptions) -> tuple[Stage, ...]:
    """A size or a number of epochs asks for one stage, like the recipe's last; the rest changes every stage. A text
    recipe keeps its stages: its size is that of each, and its epochs are the last stage's."""
    if spec.task is Task.TEXT:
        spec, options = _text_options(spec, options)
    changes: dict[str, object] = {}
    if options.epochs is not None:
        changes["epochs"] = options.epochs
    if options.size is not None:
        changes["height"], changes["width"] = read_size(options.size)
    stages = spec.stages
    if changes and len(stages) > 1:
        if options.recipe is not None:
            raise BadInput(f"{options.recipe} has {len(stages)} stages; change --epochs and --size in the file itself.")
        stages = (msgspec.structs.replace(stages[-1], lr=stages[0].lr),)
    if options.batch is not None:
        changes["batch_size"] = read_batch(options.batch)
    if options.lr is not None:
        changes["lr"] = read_rate(options.lr)
    if options.schedule is not None:
        changes["schedule"] = read_schedule(options.schedule)
    if options.frozen is not None:
        changes["frozen"], changes["unfrozen"] = options.frozen, None
    return tuple(msgspec.structs.replace(stage, **changes) for stage in stages)


def _text_options(spec: RunSpec, options: RecipeOptions) -> tuple[RunSpec, RecipeOptions]:
    """The recipe with size and epochs as asked for, and the options that are left."""
    stages = spec.stages
    if options.size is not None:
        height, width = read_tokens(options.size)
        stages = tuple(msgspec.structs.replace(stage, height=height, width=width) for stage in stages)
    if options.epochs is not None:
        stages = (*stages[:-1], msgspec.structs.replace(stages[-1], epochs=options.epochs))
    return msgspec.structs.replace(spec, stages=stages), dataclasses.replace(options, size=None, epochs=None)
