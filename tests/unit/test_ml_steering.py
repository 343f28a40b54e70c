"""What a person changes while a run goes on is carried out at once, recorded, and survives whatever comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from studio.core.commands import AddEpoch, LowerRate
from studio.core.events import (
    CheckpointSaved,
    EpochAdded,
    EpochEnd,
    Finished,
    Paused,
    Progress,
    RateLowered,
    Resumed,
    RunEvent,
    Started,
    Step,
    Warned,
    WentBack,
    read_events,
)
from studio.core.outcome import OutcomeKind
from studio.core.recipe import LearningRate, OnDivergence, Stage
from studio.core.schedules import Constant, OneCycle
from studio.ml import training
from studio.ml.control import Change, Commands
from studio.ml.event_log import EVENTS_FILE
from studio.ml.model_file import read_model
from studio.ml.network import FirstWeights
from tests.unit.ml_runs import ALL_BUT_ONE, carry_out, make_run, recipe, same_tensors

RATE = 3e-3
STEPS_AN_EPOCH = 2


def stage(*, epochs: int = 2, constant: bool = True) -> Stage:
    return Stage(
        epochs=epochs,
        height=32,
        width=32,
        batch_size=4,
        lr=LearningRate(high=RATE),
        schedule=Constant() if constant else OneCycle(),
    )


class Person:
    """Hears the run and asks for something right after a step, or as soon as an event of a kind is said."""

    def __init__(self, asks: Mapping[int | type[RunEvent], Callable[[Commands], object]]) -> None:
        self.commands = Commands()
        self.events: list[RunEvent] = []
        self._asks = dict(asks)

    def __call__(self, event: RunEvent) -> None:
        self.events.append(event)
        key = event.step if isinstance(event, Step) else type(event)
        ask = self._asks.pop(key, None)
        if ask is not None:
            ask(self.commands)

    def carry_out(self, folder: Path, *, resume: bool = False) -> OutcomeKind:
        return carry_out(
            folder, resume=resume, device="cpu", reserve_cores=ALL_BUT_ONE, commands=self.commands, emit=self
        )

    @property
    def rates(self) -> list[tuple[int, float]]:
        return [(event.step, event.lrs[-1]) for event in self.events if isinstance(event, Step)]


def please(*changes: Change) -> Callable[[Commands], object]:
    return lambda commands: [commands.ask(change) for change in changes]


def recorded(folder: Path, kind: type[RunEvent]) -> list[RunEvent]:
    return [event for event in read_events(folder / EVENTS_FILE) if isinstance(event, kind)]


def test_a_lowered_rate_is_the_optimizers_from_the_next_step_on_and_in_later_stages(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[stage(epochs=1), stage(epochs=1)]))
    person = Person({1: please(LowerRate()), 3: please(LowerRate(2.0))})
    assert person.carry_out(folder) is OutcomeKind.FINISHED
    assert person.rates == [(1, RATE), (2, RATE / 3), (3, RATE / 3), (4, RATE / 6)]
    lowered = [(e.step, e.divisor, e.rate_divisor) for e in recorded(folder, RateLowered) if isinstance(e, RateLowered)]
    assert lowered == [(1, 3, 3), (3, 2, 6)]


def test_what_was_asked_before_the_first_batch_holds_for_it_already(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[stage(epochs=1)]))
    person = Person({Started: please(LowerRate())})
    assert person.carry_out(folder) is OutcomeKind.FINISHED
    assert person.rates == [(1, RATE / 3), (2, RATE / 3)]


def test_one_more_epoch_moves_the_rate_as_in_a_stage_that_was_so_long(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[stage(constant=False)]))
    person = Person({3: please(AddEpoch())})
    assert person.carry_out(folder) is OutcomeKind.FINISHED
    shape = OneCycle()
    expected = [RATE * shape.rate_at(done / 4) for done in range(3)]
    expected += [RATE * shape.rate_at(done / 6) for done in range(3, 6)]
    assert [rate for _, rate in person.rates] == pytest.approx(expected, rel=1e-12)
    (added,) = recorded(folder, EpochAdded)
    assert isinstance(added, EpochAdded)
    assert (added.step, added.stage, added.epochs, added.total_epochs, added.total_steps) == (3, 0, 3, 3, 6)
    assert [e.epoch for e in person.events if isinstance(e, EpochEnd)] == [1, 2, 3]


def test_an_epoch_can_be_added_until_the_last_one_was_measured(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[stage(epochs=1)]))
    person = Person({EpochEnd: please(AddEpoch())})
    assert person.carry_out(folder) is OutcomeKind.FINISHED
    assert len(person.rates) == 2 * STEPS_AN_EPOCH


def test_what_comes_too_late_is_said_to_have_changed_nothing(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[stage(epochs=1)]))

    class AtScoring(Person):
        def __call__(self, event: RunEvent) -> None:
            super().__call__(event)
            if isinstance(event, Progress) and event.what == "scoring":
                self.commands.ask(AddEpoch())

    person = AtScoring({})
    assert person.carry_out(folder) is OutcomeKind.FINISHED
    assert len(person.rates) == STEPS_AN_EPOCH
    assert "nothing was changed" in [e.sentence for e in person.events if isinstance(e, Warned)][-1]


def test_a_stop_and_a_resume_end_with_the_same_bits_as_without(tmp_path: Path) -> None:
    spec = recipe(stages=[stage(constant=False)])
    asks = {1: please(LowerRate()), 2: please(AddEpoch())}
    whole, parts = make_run(tmp_path / "0001", spec), make_run(tmp_path / "0002", spec)
    Person(asks).carry_out(whole)
    assert Person({**asks, 3: Commands.stop}).carry_out(parts) is OutcomeKind.STOPPED
    again = Person({})
    assert again.carry_out(parts, resume=True) is OutcomeKind.FINISHED
    started = next(event for event in again.events if isinstance(event, Started))
    assert (started.epochs, started.steps, started.resumed_at) == (3, 6, 3)
    assert [number for number, _ in again.rates] == [4, 5, 6]
    assert same_tensors(read_model(whole).state, read_model(parts).state)


def test_a_crash_takes_back_no_change_that_is_younger_than_the_checkpoint(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[stage()]))

    def crash(_commands: Commands) -> None:
        raise RuntimeError("the power went off")

    first = Person({3: please(LowerRate(), AddEpoch()), EpochAdded: crash})
    assert first.carry_out(folder) is OutcomeKind.CRASHED
    assert [event.step for event in first.events if isinstance(event, CheckpointSaved)] == [2]
    again = Person({})
    assert again.carry_out(folder, resume=True) is OutcomeKind.FINISHED
    assert again.rates == [(number, RATE / 3) for number in (3, 4, 5, 6)]


def test_a_run_that_goes_back_still_does_what_was_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passes, honest = 0, training.make_network

    def make(*args: object) -> FirstWeights:
        made = honest(*args)  # pyright: ignore[reportArgumentType]

        def spoil(network: object, _inputs: object, output: object) -> object:
            nonlocal passes
            passes += made.network.training
            return output * float("nan") if made.network.training and passes == 4 else output  # pyright: ignore

        made.network.register_forward_hook(spoil)  # pyright: ignore
        return made

    monkeypatch.setattr(training, "make_network", make)
    folder = make_run(tmp_path / "0001", recipe(stages=[stage()], on_divergence=OnDivergence.GO_BACK))
    person = Person({3: please(LowerRate(), AddEpoch())})
    assert person.carry_out(folder) is OutcomeKind.FINISHED
    assert [event.to_step for event in person.events if isinstance(event, WentBack)] == [2]
    assert person.rates == [(1, RATE), (2, RATE), (3, RATE), *((n, pytest.approx(RATE / 9)) for n in (3, 4, 5, 6))]


def test_a_change_during_a_pause_is_recorded_at_once_and_the_pause_goes_on(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "0001", recipe(stages=[stage(epochs=1)]))
    person = Person({1: Commands.pause, Paused: please(LowerRate()), RateLowered: Commands.go_on})
    assert person.carry_out(folder) is OutcomeKind.FINISHED
    kinds = [type(event) for event in person.events if isinstance(event, (Paused, RateLowered, Resumed, Finished))]
    assert kinds == [Paused, RateLowered, Resumed, Finished]
    assert person.rates == [(1, RATE), (2, RATE / 3)]


@pytest.mark.parametrize("divisor", [1.0, 0.5, -3.0, float("inf"), float("nan")])
def test_only_a_lower_rate_can_be_asked_for(divisor: float) -> None:
    with pytest.raises(ValueError, match="not a lower one"):
        LowerRate(divisor)
