"""The program starts itself as a worker, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from studio.engine.launch import worker_command, worker_environment


def test_the_worker_is_this_program_under_the_same_interpreter() -> None:
    assert worker_command() == [sys.executable, "-m", "studio", "worker"]


def test_a_frozen_program_starts_its_own_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert worker_command() == [sys.executable, "worker"]


def test_a_folder_of_pictures_cannot_slip_code_into_the_worker(tmp_path: Path) -> None:
    """Started in a folder that has a module of the name of one that the worker imports."""
    for name in ("msgspec", "studio", "torch", "json"):
        (tmp_path / f"{name}.py").write_text(f"open('{name} was run', 'w').close()")
    command = [sys.executable, "-m", "studio.core.events"]
    done = subprocess.run(command, cwd=tmp_path, env=worker_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("* was run")) == []


def test_the_worker_finds_the_program_wherever_it_is_started(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import studio; print(studio.__file__)"]
    done = subprocess.run(command, cwd=tmp_path, env=worker_environment(), capture_output=True, text=True, check=True)
    import studio

    assert Path(done.stdout.strip()) == Path(studio.__file__)


def test_a_python_path_that_was_set_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/some/where")
    assert worker_environment()["PYTHONPATH"].endswith("/some/where")
