"""Commands that a program leaves in the folder of a run that it did not start."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from studio.core.commands import Command, LetGo, LowerRate, Pause, StartRun, Stop, encode_command
from studio.core.run_commands import COMMANDS_FILE, tell_run, told_commands
from studio.core.run_lock import holder_of, holding_run
from studio.ml.control import Commands, Request
from studio.ml.worker import _hear


class Heard:
    """Stops listening once so many commands have come."""

    def __init__(self, folder: Path, count: int) -> None:
        self.commands: list[Command] = []
        self._until = threading.Event()
        self._count = count
        self._thread = threading.Thread(target=self._listen, args=(folder,))
        self._thread.start()

    def _listen(self, folder: Path) -> None:
        for command in told_commands(folder, until=self._until, every=0.01):
            self.commands.append(command)
            if len(self.commands) == self._count:
                self._until.set()

    def wait(self) -> list[Command]:
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self.commands


def test_what_is_asked_from_now_on_is_heard_in_order_and_what_was_asked_before_is_not(tmp_path: Path) -> None:
    tell_run(tmp_path, Stop())
    listening = Heard(tmp_path, 3)
    while not listening.commands:
        tell_run(tmp_path, Pause())
    tell_run(tmp_path, LowerRate(2.0))
    heard = listening.wait()
    assert set(map(type, heard)) <= {Pause, LowerRate}


def test_garbage_torn_lines_and_starts_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / COMMANDS_FILE
    path.touch()
    listening = Heard(tmp_path, 2)
    line = encode_command(Pause())
    for part in (b"nonsense\n", encode_command(StartRun(folder="elsewhere")), line[:7]):
        with path.open("ab") as file:
            file.write(part)
    while not listening.commands:
        with path.open("ab") as file:
            file.write(line[7:] if path.stat().st_size and not path.read_bytes().endswith(b"\n") else line)
    tell_run(tmp_path, Stop())
    assert all(isinstance(command, Pause | Stop) for command in listening.wait())


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
