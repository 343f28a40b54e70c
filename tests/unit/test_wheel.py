"""What a wheel carries, and that it works from another folder than the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a site-packages folder is after installing the wheel."""
    pytest.importorskip("hatchling", reason="hatchling builds the wheel; `make test` installs it")
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=_ROOT, check=True, capture_output=True)
    site = folder / "site"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(site)
    return site


def _python(site: Path, code: str, cwd: Path) -> str:
    env = {**os.environ, "PYTHONPATH": str(site), "QT_QPA_PLATFORM": "offscreen"}
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=env, check=True, capture_output=True, text=True, timeout=60
    )
    return result.stdout.strip()


def test_the_wheel_brings_icons_and_themes_to_wherever_it_is_installed(installed: Path, tmp_path: Path) -> None:
    code = (
        "import studio; from studio.core.resources import resources as r; "
        "icons = len(list((r() / 'icons').glob('*.svg'))); "
        "print(studio.__file__, icons, (r() / 'themes' / 'studio.qss').is_file(), r())"
    )
    package, icons, sheet, where = _python(installed, code, tmp_path).split()
    assert Path(package).is_relative_to(installed)
    assert Path(where).is_relative_to(installed)
    assert int(icons) == len(list((_ROOT / "resources" / "icons").glob("*.svg")))
    assert sheet == "True"


def test_the_wheel_brings_the_cards(installed: Path, tmp_path: Path) -> None:
    code = "from studio.core.cards import load_deck; deck = load_deck(); print(len(deck.cards), deck.problems)"
    assert _python(installed, code, tmp_path) == f"{len(list((_ROOT / 'resources' / 'cards').glob('*.toml')))} ()"


def test_the_installed_window_dresses_itself_in_the_theme(installed: Path, tmp_path: Path) -> None:
    code = (
        "from studio.ui.app import make_application; from studio.ui.theme import ThemeMode, theme; "
        "app = make_application(['studio']); theme().apply(ThemeMode.DARK); "
        "print(app.palette().window().color().name(), theme().icon('page-label').isNull())"
    )
    assert _python(installed, code, tmp_path) == "#1b1e24 False"
