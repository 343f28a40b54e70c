"""A recipe: everything needed to repeat a run, as data. One `RunSpec` a run, kept as `recipe.json` in its folder."""

from __future__ import annotations

import enum
from typing import Final

import msgspec

from studio.core.architectures import (
    DEFAULT_ENCODER,
    Architecture,
    check_architecture,
    check_encoder,
    default_architecture,
)
from studio.core.items import Split
from studio.core.resizing import Resize
from studio.core.schedules import OneCycle, Schedule
from studio.core.settings import Task

RECIPE_VERSION: Final = 1

MOST_WARP: Final = 0.4
"""Beyond it corners would come near the eye."""


MOST_MIXUP: Final = 10.0
"""Beyond it all pictures are mixed half and half."""

DEFAULT_FOLDS: Final = 4
MOST_FOLDS: Final = 20

MIXABLE: Final = frozenset({Task.SINGLE_LABEL, Task.MULTI_LABEL})
"""Tasks whose pictures MixUp can mix: their labels are classes of the picture as a whole."""


class Purpose(enum.StrEnum):
    TRAIN = "train"
    LR_FIND = "lr-find"
    PROBE = "probe-batch"
    """Trains a few steps of the first stage with batches of growing size and says which to take; nothing is kept."""

    SCORE = "score"
    """Has a model that is there already answer items seen in production, and the validation items; trains nothing."""

    LOOK = "look"
    """Shows training items as the first stage's transforms make them; nothing is trained."""

    LABEL_ERRORS = "label-errors"
    """Judges each label by a network that never saw it; see `LabelErrors`. No model is kept."""


class Encoder(enum.StrEnum):
    """The usual encoders; a recipe takes any name of `core/architectures.py`."""

    RESNET18 = "resnet18"
    RESNET34 = "resnet34"
    RESNET50 = "resnet50"
    MOBILENET_V3 = "mobilenet_v3_large"


class Precision(enum.StrEnum):
    """Auto: bf16 or fp16 autocast where the device has fast units for it, float32 otherwise."""

    AUTO = "auto"
    FLOAT32 = "float32"
    BF16 = "bf16"
    FP16 = "fp16"


class OnDivergence(enum.StrEnum):
    """What a run does when its loss is no number any more: it ends with its last good checkpoint, or goes back to that
    and on with a third of its rates, a few times at most."""

    STOP = "stop"
    GO_BACK = "go-back"


class OnMemory(enum.StrEnum):
    """What a run does with a batch that does not fit into memory: compute it in parts, go on in half precision where
    the device has one and else in parts, or end with its last good checkpoint."""

    PARTS = "parts"
    PRECISION = "precision"
    STOP = "stop"


class ClassWeights(enum.StrEnum):
    """How the classes count in the training loss: each pixel or item alike, or balanced, rare classes so much more that
    all have the same say."""

    OFF = "off"
    BALANCED = "balanced"


class ModelSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`architecture` None is the task's default. `pretrained` asks for ImageNet weights; a run says in its `Started`
    event whether it got them. Raises ValueError where there is no such encoder or the architecture cannot use it."""

    encoder: str = DEFAULT_ENCODER
    architecture: Architecture | None = None
    pretrained: bool = True

    def __post_init__(self) -> None:
        check_encoder(self.encoder, self.architecture)


class LearningRate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The peak rate of a stage. `low` None: one rate, the earlier layers get high / 10 (fastai's `slice(high)`) when
    `discriminative`; else the parameter groups are spread geometrically from `low` to `high` (`slice(low, high)`)."""

    high: float
    low: float | None = None
    discriminative: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.high <= 100:
            raise ValueError(f"a learning rate of {self.high} is not between 0 and 100")
        if self.low is not None and not 0 < self.low <= self.high:
            raise ValueError(f"the low end of the learning rate, {self.low}, is not between 0 and {self.high}")


class Augment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Joint transforms of picture and label while training. Degrees, shares and factors; 0 switches one off.

    `flip` mirrors left and right, `flip_vertical` up and down, each every other time; `warp` tilts the picture plane:
    one edge comes nearer than the opposite one by up to about this share.
    """

    flip: bool = True
    flip_vertical: bool = False
    rotate: float = 0.0
    zoom: float = 0.0
    warp: float = 0.0
    lighting: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.warp <= MOST_WARP:
            raise ValueError(f"a warp of {self.warp} is not between 0 and {MOST_WARP}")


class Stage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part of a recipe. `height` and `width` in pixels; of texts `height` is 1 and `width` the most tokens that are
    read of a document. `frozen` trains the head and all batch-norm layers only, `unfrozen` so many of the last
    parameter groups (gradual unfreezing). `language` trains a text network to predict the next token of all texts."""

    epochs: int
    height: int
    width: int
    batch_size: int = 8
    lr: LearningRate = LearningRate(high=1e-3)
    schedule: Schedule = OneCycle()
    frozen: bool = False
    unfrozen: int | None = None
    language: bool = False

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1:
            raise ValueError("a stage needs at least one epoch and a batch of at least one item")
        if self.unfrozen is not None and (self.unfrozen < 1 or self.frozen):
            raise ValueError("a stage trains at least one parameter group, and only the last one where it is frozen")
        if self.height == 1:
            if self.width < 8:
                raise ValueError(f"{self.width} tokens of a document are too few, at least 8 are read")
        elif self.height < 32 or self.width < 32:
            raise ValueError(f"an image size of {self.height}x{self.width} is below 32x32")

    @property
    def size_in_words(self) -> str:
        return size_in_words(self.height, self.width)


def size_in_words(height: int, width: int) -> str:
    """`images at 96×128`, or of a text network `texts of up to 600 tokens`."""
    return f"texts of up to {width:,} tokens" if height == 1 else f"images at {height}×{width}"


class FineTune(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Training on corrections: `corrections` are item ids, `replay` is the share of the parent's training items that
    is kept beside them (0–1), `weight` how many times as often a corrected item is drawn. `least_forgetting` ends the
    run with as much of what was learnt as costs next to nothing of what the parent knew of its validation items;
    without it, and where somebody or an early stop ends it sooner, with all of it."""

    corrections: tuple[int, ...]
    replay: float = 1.0
    weight: float = 2.0
    least_forgetting: bool = False


class Judge(enum.StrEnum):
    """What learns the other folds and judges a label: the recipe's network, or of texts a linear model over words."""

    NETWORK = "network"
    WORDS = "words"


class LabelErrors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Looking for wrong labels. The labelled items are divided into `folds` parts, and each part is predicted by a
    network that the recipe trained on the others. With 0 folds nothing is trained: the parent run predicts what it did
    not train on, its validation items. `run` is the run whose recipe is followed, or None."""

    folds: int = DEFAULT_FOLDS
    run: str | None = None
    by: Judge = Judge.NETWORK

    def __post_init__(self) -> None:
        if self.folds != 0 and not 2 <= self.folds <= MOST_FOLDS:
            raise ValueError(f"items cannot be divided into {self.folds} folds, only into 2 to {MOST_FOLDS}")


class RunSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`parent` is the run whose weights this one starts from. For `Purpose.LR_FIND` the first stage says size, batch
    and freezing, and nothing is trained for good. `resume` goes on from the run's own `state.pt`.

    `resize` is how pictures come to a stage's size. `clip_norm` is the longest that all gradients together may be;
    `parts` computes each batch in so many parts whose gradients add up, for less memory; `early_stop` ends a stage
    after so many epochs without a better validation loss. Raises ValueError where one of these cannot be or the
    model is none of the task's.

    While training, `label_smoothing` is the share of a label that goes to all classes evenly. `average_weights` is the
    decay of a moving average of the weights, with which the run then answers; 0 keeps none.
    `mixup` is the alpha of MixUp's Beta distribution, 0 for none. `compile` computes the
    steps with a program that PyTorch's compiler makes of the network.
    """

    version: int = RECIPE_VERSION
    task: Task
    purpose: Purpose = Purpose.TRAIN
    model: ModelSpec = ModelSpec()
    stages: tuple[Stage, ...]
    parent: str | None = None
    fine_tune: FineTune | None = None
    label_errors: LabelErrors | None = None
    resize: Resize = Resize.SQUISH
    augment: Augment = Augment()
    precision: Precision = Precision.AUTO
    on_divergence: OnDivergence = OnDivergence.STOP
    on_memory: OnMemory = OnMemory.PARTS
    weight_decay: float = 0.01
    clip_norm: float | None = None
    parts: int = 1
    early_stop: int | None = None
    label_smoothing: float = 0.0
    class_weights: ClassWeights = ClassWeights.OFF
    average_weights: float = 0.0
    mixup: float = 0.0
    compile: bool = False
    seed: int = 42
    note: str = ""

    def __post_init__(self) -> None:
        if self.clip_norm is not None and not self.clip_norm > 0:
            raise ValueError(f"gradients cannot be clipped at {self.clip_norm:g}, only at a length above 0")
        if self.parts < 1:
            raise ValueError(f"a batch cannot be computed in {self.parts} parts")
        if self.early_stop is not None and self.early_stop < 1:
            raise ValueError(f"a stage cannot end early after {self.early_stop} epochs, only after 1 or more")
        _check_learning(self)
        _check_label_errors(self)
        check_architecture(self.model.architecture, self.task)

    @property
    def architecture(self) -> Architecture | None:
        """The model's, or the task's default; None where the task has one kind of network only."""
        return self.model.architecture or default_architecture(self.task)

    @property
    def reviewed_split(self) -> Split | None:
        """Of which items its review is, None for all; beside production errors validation items are scored as well."""
        return Split.PRODUCTION if self.purpose is Purpose.SCORE else None


def _check_label_errors(spec: RunSpec) -> None:
    """Raises ValueError where a search for wrong labels would ask a network that has seen them, or none at all."""
    if (spec.purpose is Purpose.LABEL_ERRORS) != (spec.label_errors is not None):
        raise ValueError("a recipe says how labels are judged where that is its purpose, and only there")
    if spec.label_errors is not None and (spec.parent is None) != (spec.label_errors.folds > 0):
        raise ValueError("folds are trained from the beginning, and without folds a parent run is asked")
    if spec.label_errors is not None and spec.label_errors.by is Judge.WORDS:
        if spec.task is not Task.TEXT:
            raise ValueError(f"only texts can be judged by their words, and this is for {spec.task}")
        if not spec.label_errors.folds:
            raise ValueError("a run that is asked is a network; labels are judged by words in folds")


def _check_learning(spec: RunSpec) -> None:
    """Raises ValueError where what training shall do to labels cannot be, or not for this task."""
    if not 0 <= spec.label_smoothing < 1:
        raise ValueError(f"labels cannot be smoothed by {spec.label_smoothing:g}, only by 0 or more and less than 1")
    if spec.label_smoothing and spec.task is Task.KEYPOINTS:
        raise ValueError("points have no classes among which a label could be smoothed")
    if not 0 <= spec.average_weights < 1:
        raise ValueError(f"weights cannot be averaged with a decay of {spec.average_weights:g}, only of 0 to below 1")
    if not 0 <= spec.mixup <= MOST_MIXUP:
        raise ValueError(f"pictures cannot be mixed with an alpha of {spec.mixup:g}, only of 0 to {MOST_MIXUP:g}")
    if spec.mixup and spec.task not in MIXABLE:
        raise ValueError(f"only pictures that have classes as a whole can be mixed, and this is for {spec.task}")
    if spec.compile and spec.task is Task.TEXT:
        raise ValueError("a network that reads texts is not compiled: it would be anew for every length of them")
    if spec.class_weights is not ClassWeights.OFF and spec.task is Task.KEYPOINTS:
        raise ValueError("points have no classes that could be weighed")


def encode_spec(spec: RunSpec) -> bytes:
    """`recipe.json`, indented for people."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=2)


def decode_spec(data: bytes | str) -> RunSpec:
    """Raises msgspec.ValidationError where a field is missing, of the wrong type or out of range."""
    return msgspec.json.decode(data, type=RunSpec)
