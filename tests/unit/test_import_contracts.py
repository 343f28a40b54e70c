"""The arrows between the rooms hold, the contracts can fail, and nothing expensive is on the way to the window."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"

VIOLATIONS = {
    "the window imports torch": ("ui/label/canvas_seed.py", "import torch", "The window never loads torch"),
    "the window imports the training code": ("ui/seed.py", "import studio.ml", "The window never loads torch"),
    "the training code imports Qt": ("ml/seed.py", "from PySide6.QtCore import QObject", "Only the window knows Qt"),
    "the training code imports the notebook": (
        "ml/callbacks/base.py",
        "import studio.ml.notebook",
        "Nothing but a notebook loads the notebook's words",
    ),
    "the store imports the engine": ("store/seed.py", "import studio.engine", "Arrows run one way"),
    "the core imports the store": ("core/seed.py", "def late():\n    import studio.store", "Arrows run one way"),
    "a format imports the engine": (
        "formats/seed.py",
        "from studio.engine import LocalEngine",
        "Engine, store and formats do not know each other",
    ),
}

WINDOW_MODULES = (
    "studio.__main__",
    "studio.ui.app",
    "studio.ui.main_window",
    "studio.ui.session",
    "studio.ui.theme",
    "studio.ui.label",
    "studio.ui.engine_bridge",
    "studio.engine",
    "studio.store",
)
"""What is imported before the first picture is on the screen."""

SPEECH_MODULES = (
    "studio.engine",
    "studio.core.commands",
    "studio.core.errors",
    "studio.core.events",
    "studio.core.items",
    "studio.core.outcome",
    "studio.core.points",
    "studio.core.signals",
)
"""What two processes need to talk to each other."""


def lint(project: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", LINT], cwd=project, capture_output=True, text=True, check=False)


def loaded_after_importing(modules: tuple[str, ...], suspects: tuple[str, ...]) -> list[str]:
    """Which of the suspects are loaded in a fresh interpreter once the modules that exist are."""
    present = [module for module in modules if importlib.util.find_spec(module) is not None]
    code = f"import sys, {', '.join(present)}\nprint(*[name for name in {suspects!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def copy_of_the_project(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT / "studio", tmp_path / "studio", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold() -> None:
    done = lint(PROJECT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_a_seeded_violation_breaks_its_contract(copy_of_the_project: Path, violation: str) -> None:
    path, source, contract = VIOLATIONS[violation]
    (copy_of_the_project / "studio" / path).write_text(source + "\n", encoding="utf-8")
    done = lint(copy_of_the_project)
    assert done.returncode != 0
    assert f"{contract} BROKEN" in done.stdout


def test_nothing_expensive_is_on_the_way_to_the_first_picture() -> None:
    heavy = ("torch", "torchvision", "typer", "rich", "pyqtgraph", "cv2", "scipy", "skimage", "sklearn", "pyvips")
    assert loaded_after_importing(WINDOW_MODULES, (*heavy, "tifffile", "pycocotools", "defusedxml", "timm")) == []


def test_talking_to_a_worker_needs_no_arrays_and_no_window() -> None:
    assert loaded_after_importing(SPEECH_MODULES, ("numpy", "cv2", "PIL", "torch", "PySide6", "studio.store")) == []
