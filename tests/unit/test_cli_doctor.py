"""`studio doctor` names what is missing and the command that gets it."""

from __future__ import annotations

import ctypes.util
import importlib.util
import sys
import types
from pathlib import Path

import pytest

from studio.cli import checks
from studio.cli.app import run_command
from studio.cli.checks import Check, Standing


def bootstrap() -> types.ModuleType:
    path = Path(__file__).parents[2] / "packaging" / "bootstrap.py"
    spec = importlib.util.spec_from_file_location("bootstrap_for_doctor", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def quick_checks(until: str) -> dict[str, Check]:
    """Every check up to the named one; the slow ones, which start Qt and PyTorch, come later."""
    found: dict[str, Check] = {}
    for check in checks.every_check():
        found[check.name] = check
        if check.name == until:
            break
    return found


def test_the_doctor_knows_the_same_libraries_as_the_set_up() -> None:
    assert bootstrap().QT_LIBRARIES == checks.QT_LIBRARIES


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux leaves these to the system")
def test_missing_libraries_are_named_with_the_command_that_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None if name in ("xcb-cursor", "EGL") else "there")
    check = quick_checks("Qt's libraries")["Qt's libraries"]
    assert check.standing is Standing.MISSING
    assert check.remedy == "sudo apt-get install -y libegl1 libxcb-cursor0"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux may have no display")
def test_no_display_is_a_warning_because_commands_work_without(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(variable, raising=False)
    check = quick_checks("Display")["Display"]
    assert check.standing is Standing.WARNING
    assert "xvfb-run -a studio" in check.remedy


def test_a_data_folder_that_cannot_be_written_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file in the way, which stops root as well")
    monkeypatch.setattr(checks.platformdirs, "user_data_path", lambda *_, **__: tmp_path / "taken")
    check = quick_checks("Data folder")["Data folder"]
    assert check.standing is Standing.MISSING
    assert "cannot be written" in check.value


def test_a_package_that_is_not_installed_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(checks.PACKAGES, "frobnicate", "frobnicate_that_is_not_here")
    check = quick_checks("Packages")["frobnicate"]
    assert (check.standing, check.remedy) == (Standing.MISSING, f"{sys.executable} -m pip install frobnicate")


@pytest.mark.parametrize(("standing", "code"), [(Standing.GOOD, 0), (Standing.WARNING, 0), (Standing.MISSING, 1)])
def test_the_exit_code_says_whether_something_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], standing: Standing, code: int
) -> None:
    check = Check(name="Thing", value="broken", standing=standing, remedy="mend it")
    monkeypatch.setattr("studio.cli.doctor.every_check", lambda: iter([check]))
    assert run_command(["doctor"]) == code
    text = capsys.readouterr().out
    assert "Thing: broken" in text
    assert "→ mend it" in text
    assert ("Missing: Thing." in text) == (code == 1)
