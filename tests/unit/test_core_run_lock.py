"""The lock that says which process carries a run out."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.core import run_lock
from studio.core.errors import RunIsTaken
from studio.core.run_lock import LOCK_FILE, announce_run, holding_run, is_held, is_starting

_HOLD = """
import sys, time
from pathlib import Path
from studio.core.run_lock import holding_run
with holding_run(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_lock, "_TRY_SECONDS", 0.0)


def test_a_run_is_held_while_its_process_lives_and_free_once_it_is_killed(tmp_path: Path, impatient: None) -> None:
    assert is_held(tmp_path) is None
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert is_held(tmp_path) is True
        with (
            pytest.raises(RunIsTaken, match=f"Another program is carrying out run {tmp_path.name};"),
            holding_run(tmp_path),
        ):
            pass
        process.kill()
        process.wait()
    assert is_held(tmp_path) is False
    with holding_run(tmp_path):
        assert is_held(tmp_path) is True


def test_an_error_inside_lets_the_run_go(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), holding_run(tmp_path):
        raise ValueError("inside")
    assert is_held(tmp_path) is False


def test_a_process_that_was_announced_is_starting_until_the_run_says_something(tmp_path: Path) -> None:
    assert not is_starting(tmp_path, 0.0)
    announce_run(tmp_path)
    now = time.time()
    assert is_starting(tmp_path, now - 5)
    assert not is_starting(tmp_path, now + 5)
    os.utime(tmp_path / LOCK_FILE, (now - 300, now - 300))
    assert not is_starting(tmp_path, now - 500), "a worker never takes so long to start"


def test_where_the_file_system_has_no_locks_the_run_goes_on_and_nobody_can_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(run_lock, "lock_file", refuse)
    with holding_run(tmp_path):
        assert is_held(tmp_path) is None


def test_an_announcement_that_cannot_be_written_is_left_out(tmp_path: Path) -> None:
    announce_run(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
