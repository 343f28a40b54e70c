"""One run from its first weights to its scores: stages, and the stop that keeps what was learnt."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import nn

from studio.core.errors import Diverged, OutOfMemory, StudioError
from studio.core.events import CheckpointSaved, Progress, Scored, Started, Warned
from studio.core.items import Split
from studio.core.outcome import OutcomeKind
from studio.core.recipe import OnDivergence, Precision, Purpose, RunSpec, Stage
from studio.core.review import SCORES_FILE
from studio.core.snapshot import Snapshot, SnapshotItem
from studio.ml.asked_before import AskedBefore, asked_before
from studio.ml.callbacks.base import Callback
from studio.ml.callbacks.checkpoints import Checkpoints
from studio.ml.callbacks.fitting_memory import FittingMemory, lowered_precision
from studio.ml.callbacks.gradient_norm import GradientNorm
from studio.ml.callbacks.guard import FiniteGuard
from studio.ml.callbacks.listening import Listening
from studio.ml.callbacks.recorder import Recorder
from studio.ml.callbacks.recurrent_memory import RecurrentMemory
from studio.ml.callbacks.scheduling import Scheduling
from studio.ml.callbacks.steering import Steering
from studio.ml.callbacks.watched_samples import WatchedSamples
from studio.ml.callbacks.weight_averaging import WeightAveraging
from studio.ml.callbacks.wished import wished_callbacks
from studio.ml.checkpoint import STATE_FILE, CheckpointWriter, Snapshotted, read_state
from studio.ml.class_weights import class_weights, weights_by_name
from studio.ml.compiling import CompiledForward
from studio.ml.control import Commands, Request, StopRequested
from studio.ml.data.decoders import make_decoder
from studio.ml.data.sources import make_source
from studio.ml.device import MixedPrecision, device_name, is_out_of_memory, resolve_precision
from studio.ml.event_log import RunLog
from studio.ml.going_back import GoingBack
from studio.ml.learner import Learner, Position
from studio.ml.model_file import model_metadata
from studio.ml.network import make_network
from studio.ml.objectives import Objective, objective_of
from studio.ml.parameter_groups import begin_stage, make_optimizer
from studio.ml.random_state import seed_everything
from studio.ml.scoring import Scorer
from studio.ml.short_runs.looking import look
from studio.ml.short_runs.probing import probe
from studio.ml.short_runs.rate_finding import find_rate
from studio.ml.short_runs.workplace import Workplace
from studio.ml.tasks.base import Prediction
from studio.ml.tasks.registry import make_task


class TrainingRun:
    """Carries out one recipe. Errors are raised; the runner turns them into the run's last event."""

    def __init__(
        self,
        folder: Path,
        spec: RunSpec,
        snapshot: Snapshot,
        *,
        device: torch.device,
        commands: Commands,
        log: RunLog,
    ) -> None:
        self._folder = folder
        self._spec = spec
        self._device = device
        self._commands = commands
        self._log = log
        self._doing = "The network"
        self._asked = AskedBefore(list(spec.stages))
        self._task = make_task(snapshot, spec.architecture)
        self._objective: Objective = self._task
        self._source = make_source(
            folder=folder,
            spec=spec,
            task=self._task,
            device=device,
            warn=self._warn,
            progress=self._progress,
            check=commands.check,
        )

    def carry_out(self, *, resume: bool) -> OutcomeKind:
        """Raises StudioError (BadInput, Diverged, OutOfMemory, …) or whatever went wrong."""
        if resume:
            self._asked = asked_before(self._folder, self._spec.stages)
        try:
            return self._carry_out(self._checkpoint() if resume else None)
        except Exception as error:
            if is_out_of_memory(error):
                kept = (self._folder / STATE_FILE).exists()
                raise OutOfMemory(self._doing, str(self._device), kept=kept) from error
            raise

    def _carry_out(self, state: dict[str, Any] | None) -> OutcomeKind:
        seed_everything(self._spec.seed)
        self._source.require(Split.TRAIN)
        if self._spec.purpose is Purpose.LOOK:
            return look(self._source, commands=self._commands, log=self._log)
        if self._spec.purpose is Purpose.TRAIN:
            self._source.require(Split.VALID)
        try:
            self._source.prepare()
            weights = self._weigh_classes()
        except StopRequested:
            return OutcomeKind.STOPPED
        steps = [self._source.steps(stage) for stage in self._asked.stages]
        at = Position(**state["position"]) if state else Position()
        network, origin = self._network(state)
        precision = MixedPrecision(self._precision(state), self._device)
        self._log.emit(
            Started(
                purpose=self._spec.purpose.value,
                device=device_name(self._device),
                precision=precision.precision.value,
                weights=origin,
                parameters=sum(p.numel() for p in network.parameters()),
                train_items=len(self._source.labelled(Split.TRAIN)),
                valid_items=len(self._source.labelled(Split.VALID)),
                steps=sum(steps),
                epochs=sum(stage.epochs for stage in self._asked.stages),
                resumed_at=at.step,
                class_weights=weights_by_name(self._task.class_names, weights) if weights else {},
            )
        )
        for caution in self._task.cautions():
            self._warn(caution)
        if self._spec.purpose is Purpose.LR_FIND:
            return find_rate(self._workplace(network, precision))
        if self._spec.purpose is Purpose.PROBE:
            return probe(self._workplace(network, precision))
        return self._fit(network, precision, steps, state)

    def _workplace(self, network: nn.Module, precision: MixedPrecision) -> Workplace:
        return Workplace(
            spec=self._spec,
            source=self._source,
            objective=self._objective,
            network=network,
            precision=precision,
            device=self._device,
            make_optimizer=self._optimizer,
            commands=self._commands,
            log=self._log,
            warn=self._warn,
            tell_doing=self._tell_doing,
        )

    def _tell_doing(self, what: str) -> None:
        self._doing = what

    def _precision(self, state: dict[str, Any] | None) -> Precision:
        """As the recipe says, or what a run that is resumed went on in."""
        kept = state["callbacks"].get(FittingMemory.__name__) if state else None
        lowered = lowered_precision(kept) if kept else None
        return lowered or resolve_precision(self._spec.precision, self._device, self._warn, task=self._spec.task)

    def _weigh_classes(self) -> list[float]:
        """Set the objective; returns how much each output's class weighs in it, nothing where all weigh the same."""
        weights = class_weights(
            self._spec,
            self._task,
            self._source.labelled(Split.TRAIN),
            self._folder,
            report=partial(self._progress, "counting classes"),
            check=self._commands.check,
        )
        self._objective = objective_of(self._spec, self._task, weights)
        return weights

    def _fit(
        self, network: nn.Module, precision: MixedPrecision, steps: list[int], state: dict[str, Any] | None
    ) -> OutcomeKind:
        """The stages from the state's place on, or from the first; `steps` by stage."""
        recorder = Recorder(self._log, self._asked.stages, steps)
        writer = CheckpointWriter(self._folder, saved=self._checkpoint_saved, failed=self._checkpoint_failed)
        checkpoints = Checkpoints(writer, metadata=self._metadata(), stages=self._asked.stages)
        scheduling = Scheduling()
        scheduling.asked_divisor = self._asked.rate_divisor
        steering = Steering(self._commands, self._log, scheduling, stages=self._asked.stages, steps=steps)
        callbacks: list[Callback] = [recorder, scheduling, steering, checkpoints, *self._further_callbacks(steering)]
        learner = self._learner(network, precision, callbacks)
        going_back = GoingBack(
            self._folder,
            learner,
            scheduling=scheduling,
            checkpoints=checkpoints,
            writer=writer,
            first_weights=self._first_weights,
            log=self._log,
        )
        if state is not None:
            checkpoints.go_on_from(state, learner)
        try:
            return self._train(learner, checkpoints, recorder, going_back, steering)
        finally:
            writer.close()

    def _further_callbacks(self, steering: Steering) -> list[Callback]:
        """Those that know nothing of each other, but for the listener, which hears for `steering`."""
        return [
            FiniteGuard(),
            FittingMemory(self._log, self._spec.parts),
            GradientNorm(),
            WatchedSamples(self._folder, self._log, seed=self._spec.seed),
            RecurrentMemory(),
            Listening(self._commands, steering, self._log),
            *wished_callbacks(self._spec, self._log),
        ]

    def _learner(self, network: nn.Module, precision: MixedPrecision, callbacks: list[Callback]) -> Learner:
        """With an average of the weights and a compiled forward pass where the recipe asks for them."""
        averaging = WeightAveraging(network, self._spec.average_weights) if self._spec.average_weights else None
        return Learner(
            network,
            self._task,
            precision,
            callbacks if averaging is None else [*callbacks, averaging],
            on_memory=self._spec.on_memory,
            objective=self._objective,
            averaged=None if averaging is None else averaging.network,
            compiled=CompiledForward(network, warn=self._warn) if self._spec.compile else None,
        )

    def _network(self, state: dict[str, Any] | None) -> tuple[nn.Module, str]:
        self._progress("preparing the network", 0, 1)
        if state is None:
            first = make_network(self._spec, self._task, self._folder)
            for warning in first.warnings:
                self._warn(warning)
            return first.network.to(self._device), first.sentence
        bare = msgspec.structs.replace(
            self._spec, parent=None, model=msgspec.structs.replace(self._spec.model, pretrained=False)
        )
        network = make_network(bare, self._task, self._folder).network
        network.load_state_dict(state["model"])
        return network.to(self._device), f"From this run's own checkpoint, at step {state['position']['step']}."

    def _first_weights(self) -> dict[str, torch.Tensor]:
        """What the network of a run that is not resumed begins with, and the random generators as they then stand."""
        seed_everything(self._spec.seed)
        return make_network(self._spec, self._task, self._folder).network.state_dict()

    def _train(
        self,
        learner: Learner,
        checkpoints: Checkpoints,
        recorder: Recorder,
        going_back: GoingBack,
        steering: Steering,
    ) -> OutcomeKind:
        outcome = OutcomeKind.FINISHED
        try:
            while learner.at.stage < len(self._spec.stages):
                try:
                    self._train_stage(learner, checkpoints, recorder)
                except Diverged as error:
                    if self._spec.on_divergence is OnDivergence.STOP or self._commands.request is not None:
                        raise
                    going_back.go_back(error)
                    continue
                learner.at.stage, learner.at.epoch, learner.at.batch = learner.at.stage + 1, 0, 0
        except StopRequested as stop:
            outcome = OutcomeKind.STOPPED
            if stop.request is Request.LEAVE or learner.at.step == 0:
                return outcome
        try:
            self._score(learner)
        except StopRequested:
            return OutcomeKind.STOPPED
        steering.tell_what_came_too_late()
        return outcome

    def _train_stage(self, learner: Learner, checkpoints: Checkpoints, recorder: Recorder) -> None:
        stage = self._asked.stages[learner.at.stage]
        self._doing = f"A batch of {stage.batch_size} {stage.size_in_words}"
        data = self._source.load(learner.at.stage)
        begin_stage(learner.network, stage)
        try:
            learner.fit(stage, data, self._optimizer(learner.network))
        except StopRequested as stop:
            checkpoints.save(learner, wait=True)
            if stop.request is Request.STOP:
                learner.validate()
                recorder.report_epoch(learner, epoch=learner.at.epochs_done + 1)
            raise
        finally:
            data.close()

    def _optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        return make_optimizer(network, lr=1e-3, weight_decay=self._spec.weight_decay)

    def _score(self, learner: Learner) -> None:
        number = self._scorer(learner).score_all(self._task.snapshot.items)
        self._log.emit(Scored(scores=SCORES_FILE, items=number))

    def _scorer(self, learner: Learner, keep: Callable[[SnapshotItem, Prediction], None] | None = None) -> Scorer:
        """At the size of the stage that was trained last; `keep` as in `Scorer`."""
        stage = self._last_trained(learner.at)
        begin_stage(learner.answering, msgspec.structs.replace(stage, language=False))
        self._doing = f"Scoring batches of {stage.batch_size} {stage.size_in_words}"
        return Scorer(
            make_decoder(self._folder, self._task, height=stage.height, width=stage.width, resize=self._spec.resize),
            learner.answering,
            precision=learner.precision,
            device=self._device,
            batch_size=stage.batch_size,
            warn=self._warn,
            report=partial(self._progress, "scoring"),
            check=self._commands.check_leaving,
            keep=keep,
        )

    def _last_trained(self, at: Position) -> Stage:
        untouched = at.epoch == 0 and at.batch == 0
        return self._spec.stages[max(at.stage - 1, 0) if untouched else at.stage]

    def _checkpoint(self) -> dict[str, Any] | None:
        if not (self._folder / STATE_FILE).exists():
            self._warn("This run has no checkpoint yet; it starts from the beginning.")
            return None
        return read_state(self._folder)

    def _metadata(self) -> dict[str, str]:
        stage = self._spec.stages[0]
        return model_metadata(
            task=self._spec.task,
            architecture=self._spec.architecture,
            encoder=self._spec.model.encoder,
            height=stage.height,
            width=stage.width,
            resize=self._spec.resize,
            parent=self._spec.parent,
            labels=self._task.metadata(),
        )

    def _checkpoint_saved(self, checkpoint: Snapshotted) -> None:
        self._log.emit(CheckpointSaved(step=checkpoint.step, epoch=checkpoint.epoch))
        self._log.sync()

    def _checkpoint_failed(self, error: StudioError) -> None:
        self._warn(error.sentence)

    def _progress(self, what: str, done: int, total: int) -> None:
        self._log.emit(Progress(what=what, done=done, total=total))

    def _warn(self, sentence: str, about: str = "") -> None:
        self._log.emit(Warned(sentence=sentence, about=about))
