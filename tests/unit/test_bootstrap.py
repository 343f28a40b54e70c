"""The set-up that `make` runs before anything else is there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.fixture
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", _ROOT / "packaging" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_runs_on_nothing_but_the_standard_library() -> None:
    isolated = [sys.executable, "-I", "-S", str(_ROOT / "packaging" / "bootstrap.py"), "--print-venv"]
    assert "relearn-studio" in subprocess.run(isolated, check=True, capture_output=True, text=True).stdout


def test_checkouts_with_the_same_versions_share_one_environment(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = bootstrap.fingerprint()
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_bytes((_ROOT / name).read_bytes())
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    assert bootstrap.fingerprint() == here
    (tmp_path / "constraints.txt").write_text("numpy==1.26.0\n")
    assert bootstrap.fingerprint() != here


def test_a_link_where_the_environment_should_be_does_not_stop_it_being_made(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, folder = tmp_path / "older", tmp_path / "environment"
    older.mkdir()
    (older / "complete").write_text("other versions")
    folder.symlink_to(older)
    monkeypatch.setenv("STUDIO_VENV", str(folder))
    run = subprocess.run

    def without_packages(command: list[str], *, check: bool) -> subprocess.CompletedProcess[bytes]:
        return run([*command, "--without-pip"] if "venv" in command else [sys.executable, "-c", ""], check=check)

    monkeypatch.setattr(bootstrap.subprocess, "run", without_packages)
    assert bootstrap.set_up_environment()
    assert not folder.is_symlink()
    assert (folder / "complete").read_text() == bootstrap.fingerprint()
    assert (older / "complete").read_text() == "other versions"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system packages are looked for on Linux only")
def test_a_machine_without_qts_libraries_hears_which_packages_bring_them(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap.ctypes.util, "find_library", lambda name: None if name == "xcb-cursor" else name)
    monkeypatch.setattr(bootstrap, "install_system_packages", lambda _packages: False)
    monkeypatch.setattr(sys, "argv", ["bootstrap.py"])
    assert bootstrap.missing_packages(with_tests=False) == ["libxcb-cursor0"]
    assert bootstrap.main() == 1
    assert "sudo apt-get install -y libxcb-cursor0" in capsys.readouterr().err


def test_every_pinned_package_has_one_version_and_no_address() -> None:
    lines = (_ROOT / "constraints.txt").read_text().split()
    names = [line.partition("==")[0].lower() for line in lines]
    assert all("==" in line and "/" not in line and "@" not in line for line in lines)
    assert len(names) == len(set(names))
