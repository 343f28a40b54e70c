"""The checks of `studio doctor`, each of them independent of the others."""

from __future__ import annotations

import ctypes.util
import enum
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from studio import __version__
from studio.core.resources import resources

PACKAGES = {
    "PySide6-Essentials": "PySide6",
    "pyqtgraph": "pyqtgraph",
    "numpy": "numpy",
    "Pillow": "PIL",
    "opencv-python-headless": "cv2",
    "msgspec": "msgspec",
    "tomli-w": "tomli_w",
    "torch": "torch",
    "torchvision": "torchvision",
    "torchmetrics": "torchmetrics",
    "safetensors": "safetensors",
}
"""Distribution → module."""

QT_LIBRARIES = {
    "EGL": "libegl1",
    "GL": "libgl1",
    "xkbcommon-x11": "libxkbcommon-x11-0",
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-image": "libxcb-image0",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-render-util": "libxcb-render-util0",
    "xcb-shape": "libxcb-shape0",
    "xcb-randr": "libxcb-randr0",
    "xcb-sync": "libxcb-sync1",
    "xcb-util": "libxcb-util1",
    "xcb-xfixes": "libxcb-xfixes0",
    "X11-xcb": "libx11-xcb1",
    "xcb-xkb": "libxcb-xkb1",
    "dbus-1": "libdbus-1-3",
    "fontconfig": "libfontconfig1",
    "glib-2.0": "libglib2.0-0",
}
"""Library that Qt loads on Linux → Debian package that brings it; the same list as packaging/bootstrap.py has."""

_LITTLE_SPACE = 2 * 1024**3
_QT_TRIAL = "from PySide6.QtWidgets import QApplication; QApplication([]); print('started')"


class Standing(enum.StrEnum):
    GOOD = "good"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, kw_only=True)
class Check:
    """`remedy` is a command, or empty where there is nothing to do."""

    name: str
    value: str
    standing: Standing = Standing.GOOD
    remedy: str = ""


def every_check() -> Iterator[Check]:
    """One after the other; the slow ones (PyTorch, a trial start of Qt) last."""
    yield Check(name="Relearn Studio", value=f"{__version__} in {Path(__file__).parents[1]}")
    yield Check(name="Python", value=f"{platform.python_version()} on {platform.platform()}")
    yield _machine()
    yield from _packages()
    yield _resources()
    yield _data_folder()
    yield _display()
    if sys.platform.startswith("linux"):
        yield _qt_libraries()
    yield _qt_starts()
    yield from _torch()


def _machine() -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1024**3:.1f} GiB of memory"
    return Check(name="Machine", value=f"{cores} cores{memory}")


def _packages() -> Iterator[Check]:
    """One line for those that are there, one for each that is not."""
    there = []
    for distribution, module in PACKAGES.items():
        if importlib.util.find_spec(module) is None:
            yield Check(
                name=distribution,
                value="not installed",
                standing=Standing.MISSING,
                remedy=f"{sys.executable} -m pip install {distribution}",
            )
            continue
        try:
            there.append(f"{distribution} {importlib.metadata.version(distribution)}")
        except importlib.metadata.PackageNotFoundError:
            there.append(f"{distribution} (version unknown)")
    yield Check(name="Packages", value=", ".join(there))
    if importlib.util.find_spec("cv2") is not None and _plain_opencv():
        yield Check(
            name="opencv-python",
            value="installed beside the headless one; its Qt plugins clash with the window's",
            standing=Standing.WARNING,
            remedy=f"{sys.executable} -m pip uninstall -y opencv-python && "
            f"{sys.executable} -m pip install --force-reinstall opencv-python-headless",
        )


def _plain_opencv() -> bool:
    try:
        importlib.metadata.version("opencv-python")
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _resources() -> Check:
    icons = resources() / "icons"
    if any(icons.glob("*.svg")):
        return Check(name="Icons", value=str(icons))
    return Check(
        name="Icons",
        value=f"none in {icons}",
        standing=Standing.MISSING,
        remedy=f"{sys.executable} -m pip install --force-reinstall relearn-studio",
    )


def _data_folder() -> Check:
    folder = platformdirs.user_data_path("relearn-studio", appauthor=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Check(
            name="Data folder",
            value=f"{folder} cannot be written ({error.strerror})",
            standing=Standing.MISSING,
            remedy=f'sudo chown -R "$USER" "{folder}"',
        )
    free = shutil.disk_usage(folder).free
    value = f"{folder}, {free / 1024**3:.1f} GiB free"
    if free < _LITTLE_SPACE:
        return Check(name="Data folder", value=value, standing=Standing.WARNING, remedy="free some disk space")
    return Check(name="Data folder", value=value)


def _display() -> Check:
    if not sys.platform.startswith("linux"):
        return Check(name="Display", value="the system's own")
    for variable in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"):
        if os.environ.get(variable):
            return Check(name="Display", value=f"{variable}={os.environ[variable]}")
    return Check(
        name="Display",
        value="none; the window needs one, every command works without",
        standing=Standing.WARNING,
        remedy="xvfb-run -a studio"
        if shutil.which("xvfb-run")
        else "sudo apt-get install -y xvfb && xvfb-run -a studio",
    )


def _qt_libraries() -> Check:
    missing = [package for library, package in QT_LIBRARIES.items() if ctypes.util.find_library(library) is None]
    if not missing:
        return Check(name="Qt's libraries", value="all there")
    return Check(
        name="Qt's libraries",
        value=f"{len(missing)} not found",
        standing=Standing.MISSING,
        remedy=f"sudo apt-get install -y {' '.join(missing)}",
    )


def _qt_starts() -> Check:
    """A trial start in a process of its own, on the display that there is or on none: Qt ends a process where a
    library fails it."""
    environment = dict(os.environ)
    if sys.platform.startswith("linux") and not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    try:
        trial = subprocess.run(
            [sys.executable, "-c", _QT_TRIAL], env=environment, capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check(name="Qt", value=f"did not start ({error})", standing=Standing.MISSING)
    if "started" in trial.stdout:
        return Check(name="Qt", value="starts")
    lines = trial.stderr.strip().splitlines()
    return Check(
        name="Qt",
        value=f"does not start: {lines[-1] if lines else f'exit code {trial.returncode}'}",
        standing=Standing.MISSING,
        remedy="the line about Qt's libraries says what to install"
        if sys.platform.startswith("linux")
        else f"{sys.executable} -m pip install --force-reinstall PySide6-Essentials",
    )


def _torch() -> Iterator[Check]:
    """PyTorch and torchvision as a pair, and the devices that they can use."""
    if importlib.util.find_spec("torch") is None:
        return
    again = f"{sys.executable} -m pip install --force-reinstall torch torchvision"
    try:
        import torch
        import torchvision
    except (ImportError, OSError, RuntimeError) as error:
        yield Check(name="PyTorch", value=f"cannot be loaded ({error})", standing=Standing.MISSING, remedy=again)
        return
    yield Check(name="PyTorch", value=f"{torch.__version__} with torchvision {torchvision.__version__}")
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            card = torch.cuda.get_device_properties(index)
            yield Check(
                name=f"GPU {index}",
                value=f"{card.name}, {card.total_memory / 1024**3:.1f} GiB, CUDA {torch.version.cuda}",
            )
    elif torch.backends.mps.is_available():
        yield Check(name="GPU", value="Apple's, through Metal")
    elif Path("/dev/nvidiactl").exists() or shutil.which("nvidia-smi"):
        built = f"is built for CUDA {torch.version.cuda}" if torch.version.cuda else "is built without CUDA"
        yield Check(
            name="GPU",
            value=f"an NVIDIA driver is here, but PyTorch {built} and cannot use it",
            standing=Standing.WARNING,
            remedy="install the torch and torchvision builds for your driver's CUDA, as pytorch.org's selector says",
        )
    else:
        yield Check(name="GPU", value=f"none; runs use the processor with {torch.get_num_threads()} threads")
