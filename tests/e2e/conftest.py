"""What the end-to-end tests share: a virtual screen, and the demo project in a folder of their own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.core.settings import Task
from studio.demo import make_demo
from tests.e2e.driver import Program
from tests.e2e.screen import Screen


@pytest.fixture(scope="session")
def demo_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo of street scenes, made once; tests work on copies."""
    folder = tmp_path_factory.mktemp("demo") / "streets"
    make_demo(folder, Task.SEGMENTATION)
    return folder


@pytest.fixture
def project(demo_project: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo_project, tmp_path / "streets"))


@pytest.fixture
def screen() -> Iterator[Screen]:
    if not sys.platform.startswith("linux") or shutil.which("Xvfb") is None:
        pytest.skip("a virtual screen needs Xvfb; `make test` installs it on Debian")
    with Screen(1440, 900) as opened:
        yield opened


@pytest.fixture
def open_program(screen: Screen, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts the real program on the screen; whatever still runs at the end is killed."""
    started: list[Program] = []
    home = tmp_path / "home"
    home.mkdir()

    def start(*arguments: str) -> Program:
        program = Program(screen, list(arguments), home=home)
        started.append(program)
        program.wait_for("main_window")
        return program

    yield start
    for program in started:
        if program.process.poll() is None:
            program.kill()
