"""Training in a notebook: lesson 3's `learn`, made of the engine's network, schedule, finder and loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import msgspec
import torch
from torch import Tensor

from studio.core.architectures import ENCODERS, Architecture
from studio.core.errors import BadInput
from studio.core.events import LrFound, LrPoint
from studio.core.recipe import LearningRate, ModelSpec, Precision, RunSpec, Stage
from studio.core.schedules import Constant, OneCycle, Schedule
from studio.core.settings import Task as TaskName
from studio.ml.callbacks.fitting_memory import FittingMemory, divided_sentence
from studio.ml.callbacks.guard import FiniteGuard
from studio.ml.callbacks.recorder import Recorder as EventRecorder
from studio.ml.callbacks.scheduling import Scheduling
from studio.ml.data.mixup import MixedBatches
from studio.ml.data.stage_data import StageData
from studio.ml.device import MixedPrecision, resolve_precision
from studio.ml.learner import Learner as EngineLearner
from studio.ml.lr_finder import SweepPoint, find_learning_rate
from studio.ml.model_file import MODEL_FILE, model_metadata, read_model, write_model
from studio.ml.network import make_network
from studio.ml.notebook.data_bunch import DataBunch, DatasetType
from studio.ml.notebook.figures import Figure
from studio.ml.notebook.outputs import Example, activated, answers, figure_of
from studio.ml.notebook.own_measures import LossFunction, MetricFunction, with_own_measures
from studio.ml.notebook.recorder import Recorder
from studio.ml.notebook.saying import say
from studio.ml.objectives import Objective, objective_of
from studio.ml.parameter_groups import begin_stage, make_optimizer
from studio.ml.tasks.base import Task

models: Final = SimpleNamespace(**{name: name for name in ENCODERS})
"""The encoders that a network can start from; torchvision's functions of the same names do too."""

Arch = str | Callable[..., Any]

Rate = float | slice
"""One rate; `slice(high)`: a tenth of it for all but the head; `slice(low, high)`: spread from the first layers on."""

DEFAULT_RATE: Final = slice(3e-3)


class SuggestedRates(NamedTuple):
    """What each rule reads off the finder's curve; None where there are too few points."""

    valley: float | None
    steep: float | None
    minimum: float | None
    slide: float | None


class Learner:
    """A network and the data it learns. With ImageNet's weights the encoder is frozen until `unfreeze`.

    `arch` is the encoder; `architecture` is what stands on it, by default the task's usual one. Raises BadInput where
    there is no such or the two do not go together.
    """

    def __init__(
        self,
        data: DataBunch,
        arch: Arch = "resnet34",
        *,
        metrics: MetricFunction | Sequence[MetricFunction] = (),
        loss_func: LossFunction | None = None,
        architecture: Architecture | str | None = None,
        pretrained: bool = True,
        wd: float = 0.01,
        seed: int = 42,
    ) -> None:
        self.loss_func = loss_func
        self.metrics: Sequence[MetricFunction] = [metrics] if callable(metrics) else list(metrics)
        self.wd = wd
        self.seed = seed
        self.recorder = Recorder()
        self.path = data.path
        self.model_dir: Path | str = "models"
        self._data = data
        self._fits = 0
        self.frozen = False
        self._spec = self._recipe(arch, architecture, pretrained=pretrained)
        self._compute_in(Precision.FLOAT32)
        self._task = data.make_task(self._spec.architecture)
        first = make_network(self._spec, self._task, data.path)
        for sentence in [first.sentence, *first.warnings]:
            say(sentence)
        self.model = first.network.to(data.device)
        self.frozen = first.from_imagenet

    def __repr__(self) -> str:
        loss = "the task's usual loss" if self.loss_func is None else f"loss {_name_of(self.loss_func)}"
        metrics = ", ".join(map(_name_of, self.metrics)) or "the task's usual metrics"
        size = sum(parameter.numel() for parameter in self.model.parameters()) / 1e6
        learns = "of which the head learns" if self.frozen else "which all learn"
        network = " on ".join(filter(None, (self._spec.architecture, self._spec.model.encoder)))
        return f"Learner of {network}: {size:.1f} million parameters, {learns}; {loss}, {metrics}\n{self._data!r}"

    @staticmethod
    def create_unet(data: DataBunch, arch: Arch, **options: Any) -> Learner:
        return unet_learner(data, arch, **options)

    @property
    def data(self) -> DataBunch:
        return self._data

    @data.setter
    def data(self, data: DataBunch) -> None:
        """Go on with other data, such as larger pictures. Raises BadInput where it has other classes or points."""
        if data.task.metadata() != self._data.task.metadata():
            raise BadInput(
                "The new data has other classes or points than the network was made for; make a new learner."
            )
        self._data = data
        self._task = data.make_task(self._spec.architecture)

    @property
    def task(self) -> Task:
        """The data's task, with the loss and the metrics of this learner."""
        return with_own_measures(self._task, self.loss_func, self.metrics)

    def freeze(self) -> None:
        """Train the head and all batch-norm layers only."""
        self.frozen = True

    def unfreeze(self) -> None:
        self.frozen = False

    def to_fp16(self) -> Learner:
        """Mixed precision, on devices that have it; elsewhere a sentence says that it stays float32."""
        return self._compute_in(Precision.FP16)

    def to_fp32(self) -> Learner:
        return self._compute_in(Precision.FLOAT32)

    def mixup(self, alpha: float = 0.4) -> Learner:
        """Mix each picture of a training batch with another of it, and their classes likewise; 0 stops that. Raises
        BadInput where the labels are no classes of whole pictures. A loss function of your own gets (N, C) shares in
        the place of positions of classes."""
        try:
            self._spec = msgspec.structs.replace(self._spec, mixup=alpha)
        except ValueError as error:
            raise BadInput(f"MixUp cannot be: {error}.") from error
        return self

    def fit(self, epochs: int, lr: Rate = DEFAULT_RATE, wd: float | None = None) -> None:
        """At a constant rate."""
        self._fit(epochs, lr, Constant(), wd)

    def fit_one_cycle(
        self,
        cyc_len: int,
        max_lr: Rate = DEFAULT_RATE,
        *,
        moms: Sequence[float] = (0.95, 0.85),
        div_factor: float = 25.0,
        pct_start: float = 0.25,
        wd: float | None = None,
    ) -> None:
        """Up to `max_lr` in the first `pct_start` of the steps and down to nothing, the momentum contrariwise."""
        cycle = OneCycle(
            pct_start=pct_start, div=div_factor, momenta=(moms[0], moms[1], moms[-1 if len(moms) > 2 else 0])
        )
        self._fit(cyc_len, max_lr, cycle, wd)

    def lr_find(self) -> SuggestedRates:
        """Train 100 steps at rising rates and put everything back; `recorder.plot()` shows the curve."""
        self.recorder.begin_sweep()
        self.begin()
        stage = self._stage(epochs=1)
        sweep = find_learning_rate(
            self.model,
            objective=self._objective,
            batches=self._training_data().train,
            precision=self.precision,
            make_optimizer=lambda network: make_optimizer(network, lr=1e-3, weight_decay=self.wd),
            on_point=self._hear_point,
            check=lambda: None,
            divided=lambda step, parts: say(divided_sentence(stage, step=step, parts=parts)),
        )
        found = sweep.suggestions()
        self.recorder.emit(LrFound(suggestions=found, stopped=sweep.stopped))
        rates = {suggestion.rule: suggestion.lr for suggestion in found}
        return SuggestedRates(*(rates.get(rule) for rule in SuggestedRates._fields))

    def validate(self) -> list[float]:
        """The validation loss and the metrics."""
        engine = EngineLearner(self.model, self.task, self.precision, [])
        self.begin()
        engine.data = self._data.stage_data(seed=(0,))
        engine.validate()
        validation = engine.validation
        return [validation.loss, *(metric.value for metric in validation.metrics)]

    def get_preds(self, ds_type: DatasetType = DatasetType.Valid) -> tuple[Tensor, Tensor]:
        """What the network answers to each picture of a split, in the split's order: probabilities, or coordinates in
        [-1, 1]; and the engine's targets, which say nothing of test pictures."""
        found = [(b.rows, activated(self.task, b.output).cpu(), b.target.cpu()) for b in answers(self, ds_type.value)]
        if not found:
            raise BadInput(f"There are no {ds_type.value} pictures to answer; add some, as with add_test_folder().")
        rows, outputs, targets = zip(*found, strict=True)
        order = torch.tensor([row for batch in rows for row in batch]).argsort()
        return torch.cat(outputs)[order], torch.cat(targets)[order]

    def show_results(
        self, rows: int = 3, ds_type: DatasetType = DatasetType.Valid, figsize: Sequence[float] | None = None
    ) -> Figure:
        """The first pictures of a split with label and answer."""
        batch = next(answers(self, ds_type.value))
        shown = zip(batch.images[:rows], batch.target[:rows], batch.output[:rows], strict=True)
        return figure_of(self, [Example(*parts) for parts in shown], figsize=figsize)

    def save(self, name: str) -> Path:
        """Write the weights to `path / model_dir / name`, from where `studio predict` takes them too; returns the
        folder. Raises CannotWrite."""
        folder = self._folder(name)
        height, width = self._data.size
        metadata = model_metadata(
            task=self._data.snapshot.task,
            architecture=self._spec.architecture,
            encoder=self._spec.model.encoder,
            height=height,
            width=width,
            resize=self._data.resize,
            parent=None,
            labels=self._data.task.metadata(),
        )
        folder.mkdir(parents=True, exist_ok=True)
        write_model(folder, self.model.state_dict(), metadata)
        return folder

    def load(self, name: str) -> Learner:
        """Raises NotACheckpoint, and BadInput where the model is of another kind. Classes go by their names."""
        model = read_model(self._folder(name) / MODEL_FILE)
        own = self._spec
        if (model.task, model.architecture, model.encoder) != (own.task, own.architecture, own.model.encoder):
            raise BadInput(
                f"{name} is a model for {model.task.value} ({model.architecture or 'the usual one'} on "
                f"{model.encoder}), and this learner is for {own.task.value} ({own.architecture or 'the usual one'} on "
                f"{own.model.encoder}); load it into one of its kind."
            )
        for sentence in self._task.adapt(model.state, model.metadata, self.model):
            say(sentence)
        return self

    def begin(self) -> None:
        """Let the network learn and answer what a fit from now on would."""
        begin_stage(self.model, self._stage(epochs=1))

    def _fit(self, epochs: int, lr: Rate, schedule: Schedule, wd: float | None) -> None:
        stage = self._stage(epochs=epochs, lr=_learning_rate(lr), schedule=schedule)
        data = self._training_data()
        begin_stage(self.model, stage)
        optimizer = make_optimizer(self.model, lr=1e-3, weight_decay=self.wd if wd is None else wd)
        self.recorder.begin_fit()
        self._fits += 1
        callbacks = [
            FiniteGuard(),
            FittingMemory(self.recorder),
            EventRecorder(self.recorder, [stage], [len(data.train) * epochs]),
            Scheduling(),
        ]
        engine = EngineLearner(self.model, self.task, self.precision, callbacks, objective=self._objective)
        engine.fit(stage, data, optimizer)

    @property
    def _objective(self) -> Objective:
        return self.task if self.loss_func is not None else objective_of(self._spec, self.task, weights=())

    def _training_data(self) -> StageData:
        seed = (self.seed, self._fits)
        data = self._data.stage_data(seed=seed)
        if not self._spec.mixup:
            return data
        return replace(data, train=MixedBatches(data.train, self.task, alpha=self._spec.mixup, seed=seed))

    def _compute_in(self, precision: Precision) -> Learner:
        device = self._data.device
        self.precision = MixedPrecision(resolve_precision(precision, device, say, task=self._spec.task), device)
        return self

    def _recipe(self, arch: Arch, architecture: str | None, *, pretrained: bool) -> RunSpec:
        name = arch if isinstance(arch, str) else getattr(arch, "__name__", repr(arch))
        try:
            model = ModelSpec(
                encoder=name,
                architecture=None if architecture is None else Architecture(architecture),
                pretrained=pretrained,
            )
            stages = (self._stage(epochs=1),)
            return RunSpec(task=self._data.snapshot.task, model=model, stages=stages, resize=self._data.resize)
        except ValueError as error:
            raise BadInput(f"This network cannot be made: {error}.") from error

    def _stage(self, *, epochs: int, lr: LearningRate | None = None, schedule: Schedule | None = None) -> Stage:
        height, width = self._data.size
        return Stage(
            epochs=epochs,
            height=height,
            width=width,
            batch_size=self._data.batch_size,
            lr=lr or LearningRate(high=1e-3),
            schedule=schedule or OneCycle(),
            frozen=self.frozen,
        )

    def _folder(self, name: str) -> Path:
        return Path(self.path) / self.model_dir / name

    def _hear_point(self, point: SweepPoint) -> None:
        self.recorder.emit(LrPoint(step=point.step, lr=point.lr, loss=point.loss, smoothed=point.smoothed))


def create_cnn(data: DataBunch, arch: Arch, **options: Any) -> Learner:
    """A learner for what the data's labels are; `options` as `Learner` has them."""
    return Learner(data, arch, **options)


def unet_learner(data: DataBunch, arch: Arch, **options: Any) -> Learner:
    """A learner for masks: a U-Net with a light decoder, or with `architecture="dynamic_unet"` fastai's. Raises
    BadInput for data of another kind."""
    if data.snapshot.task is not TaskName.SEGMENTATION:
        raise BadInput("A U-Net answers masks, and the data has none; use create_cnn.")
    return Learner(data, arch, **options)


def lr_find(learn: Learner) -> SuggestedRates:
    return learn.lr_find()


def _name_of(measure: object) -> str:
    return getattr(measure, "__name__", type(measure).__name__)


def _learning_rate(rate: Rate) -> LearningRate:
    """Raises BadInput for what no rate can be."""
    try:
        if not isinstance(rate, slice):
            return LearningRate(high=float(rate))
        low = None if rate.start is None else float(rate.start)
        return LearningRate(high=float(rate.stop), low=low, discriminative=low is None)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{rate} is no learning rate ({error}); give one, or slice(low, high).") from error
