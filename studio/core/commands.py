"""What the window or the command line says to a worker: one JSON line a command on the worker's standard input."""

from __future__ import annotations

import math

import msgspec


class StartRun(msgspec.Struct, frozen=True, tag_field="command", tag="start"):
    """The first line a worker reads. `folder` is the run's folder; `resume` goes on from its `state.pt`;
    `reserve_cores` are left to the window; `device` is auto, cpu, cuda or mps."""

    folder: str
    resume: bool = False
    reserve_cores: int = 0
    device: str = "auto"


class StartProposals(msgspec.Struct, frozen=True, tag_field="command", tag="propose"):
    """The first line a worker reads when it is to propose labels: `folder` holds a `job.json`, see `core.proposals`."""

    folder: str
    reserve_cores: int = 0
    device: str = "auto"


class Stop(msgspec.Struct, frozen=True, tag_field="command", tag="stop"):
    """Finish the batch, write a checkpoint, score what was learnt and leave."""


class Pause(msgspec.Struct, frozen=True, tag_field="command", tag="pause"):
    pass


class Continue(msgspec.Struct, frozen=True, tag_field="command", tag="continue"):
    pass


class LetGo(msgspec.Struct, frozen=True, tag_field="command", tag="let_go"):
    """The program that started the worker is about to end, and the run is to go on: the end of the input that follows
    is no reason to leave."""


class LowerRate(msgspec.Struct, frozen=True, tag_field="command", tag="lower_rate"):
    """Divide every rate by `divisor`, above 1, from the next batch to the end of the run. Raises ValueError."""

    divisor: float = 3.0

    def __post_init__(self) -> None:
        if not 1 < self.divisor < math.inf:
            raise ValueError(f"a rate divided by {self.divisor:g} is not a lower one")


class AddEpoch(msgspec.Struct, frozen=True, tag_field="command", tag="add_epoch"):
    """Train the stage that is going one epoch longer; its schedule becomes that of a stage of so many epochs."""


Command = StartRun | StartProposals | Stop | Pause | Continue | LetGo | LowerRate | AddEpoch

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Command)


def encode_command(command: Command) -> bytes:
    return _encoder.encode(command) + b"\n"


def decode_command(line: bytes | str) -> Command:
    return _decoder.decode(line)
