"""What the end-to-end tests share: a virtual screen, and the demo project in a folder of their own."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.core.settings import Task
from studio.demo import make_demo
from studio.demo import project as drawing
from tests.e2e.driver import Program, screenshots_folder
from tests.e2e.screen import Screen

_FRAMES = 8
"""Of each of the demo's streets, instead of 24: enough to train and review, and a third of the work."""


@pytest.fixture(scope="session")
def demo_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo of street scenes with fewer scenes, made once; tests work on copies. The README shows it whole."""
    folder = tmp_path_factory.mktemp("demo") / "streets"
    with pytest.MonkeyPatch.context() as patch:
        if screenshots_folder() is None:
            patch.setattr(drawing, "FRAMES", _FRAMES)
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
