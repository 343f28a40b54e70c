"""Commands that a program leaves in the folder of a run that it did not start."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from studio.core.commands import Command, LetGo, LowerRate, Pause, StartRun, Stop, encode_command
from studio.core.run_commands import COMMANDS_FILE, tell_run, told_commands
from studio.core.run_lock import holder_of, holding_run
from studio.ml.control import Commands, Request
from studio.ml.worker import _hear


class Meanwhile(threading.Event):
    """What happens before each look at the file; after the last of it nobody listens any more."""

    def __init__(self, *happenings: Callable[[], object]) -> None:
        super().__init__()
        self._happenings = list(happenings)

    def wait(self, timeout: float | None = None) -> bool:
        if not self._happenings:
            return True
        self._happenings.pop(0)()
        return False


def heard(folder: Path, *happenings: Callable[[], object]) -> list[Command]:
    return list(told_commands(folder, until=Meanwhile(*happenings)))


def test_what_is_asked_from_now_on_is_heard_in_order_and_what_was_asked_before_is_not(tmp_path: Path) -> None:
    tell_run(tmp_path, Stop())

    def ask(*commands: Command) -> Callable[[], object]:
        return lambda: [tell_run(tmp_path, command) for command in commands]

    found = heard(tmp_path, ask(), ask(Pause()), ask(), ask(LowerRate(2.0), Pause(), LowerRate(3.0)), ask(Stop()))
    assert found == [Pause(), LowerRate(2.0), Pause(), LowerRate(3.0), Stop()]


def test_what_is_asked_of_a_run_that_was_never_asked_anything_is_heard(tmp_path: Path) -> None:
    assert heard(tmp_path, lambda: None, lambda: tell_run(tmp_path, Pause())) == [Pause()]


def test_garbage_torn_lines_and_starts_are_passed_over(tmp_path: Path) -> None:
    line = encode_command(Pause())

    def write(part: bytes) -> Callable[[], object]:
        def append() -> None:
            with (tmp_path / COMMANDS_FILE).open("ab") as file:
                file.write(part)

        return append

    torn, whole = line[:7], line[7:] + encode_command(Stop())
    start = encode_command(StartRun(folder="elsewhere"))
    assert heard(tmp_path, write(b"nonsense\n"), write(start), write(torn)) == []
    assert heard(tmp_path, write(b"\n"), write(torn), write(whole)) == [Pause(), Stop()]


def test_a_folder_that_is_gone_takes_no_command_and_raises_nothing(tmp_path: Path) -> None:
    tell_run(tmp_path / "gone", Stop())
    assert not (tmp_path / "gone").exists()


def test_who_holds_a_run_is_known_while_it_is_held(tmp_path: Path) -> None:
    assert holder_of(tmp_path) is None
    with holding_run(tmp_path):
        assert holder_of(tmp_path) == os.getpid()
    assert holder_of(tmp_path) is None


class Pipe:
    def __init__(self) -> None:
        self.log: Path | None = None

    def let_go(self, log: Path) -> None:
        self.log = log


def test_a_worker_that_was_let_go_does_not_leave_at_the_end_of_its_input(tmp_path: Path) -> None:
    requests, pipe = Commands(), Pipe()
    _hear(iter([LetGo()]), requests, pipe, tmp_path)  # pyright: ignore[reportArgumentType]
    assert requests.request is None
    assert pipe.log == tmp_path / "worker.log"
    _hear(iter([]), requests, pipe, tmp_path)  # pyright: ignore[reportArgumentType]
    assert requests.request is Request.LEAVE
