"""Sets up what a fresh machine lacks, with nothing but Python's own library: the environment, the packages, and the
system libraries that Qt needs. Run by `make`; does nothing the second time.

The environment holds the dependencies only and is shared by every checkout that pins the same versions, so that a fresh
clone costs no second download. $STUDIO_VENV chooses another place.
"""

from __future__ import annotations

import argparse
import ctypes.util
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must hear it before anything newer is imported
    sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}; run `make PYTHON=python3.11 …`.")

import tomllib

ROOT = Path(__file__).resolve().parents[1]

# library looked for → Debian package that brings it
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
TEST_PROGRAMS = {"Xvfb": "xvfb"}
FONT_PACKAGE = "fonts-dejavu-core"


def main() -> int:
    options = _parse()
    if options.print_venv:
        print(venv_folder())
        return 0
    missing = missing_packages(with_tests=options.tests)
    if missing and not install_system_packages(missing):
        command = f"apt-get install -y {' '.join(missing)}"
        return _say(f"System libraries are missing; install them with `sudo {command}` and run make again.")
    return 0 if set_up_environment() else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also what the test suite needs (a virtual screen)")
    parser.add_argument("--print-venv", action="store_true", help="print the environment's folder and do nothing")
    return parser.parse_args()


def _say(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def missing_packages(*, with_tests: bool) -> list[str]:
    """Debian packages whose library or program is not on this machine; nothing on other systems than Linux."""
    if not sys.platform.startswith("linux"):
        return []
    missing = [package for library, package in QT_LIBRARIES.items() if not ctypes.util.find_library(library)]
    if with_tests:
        missing += [package for program, package in TEST_PROGRAMS.items() if not shutil.which(program)]
    if not any(Path("/usr/share/fonts").rglob("*.ttf")):
        missing.append(FONT_PACKAGE)
    return missing


def install_system_packages(packages: Iterable[str]) -> bool:
    """With apt, where this process may: as root, or by a sudo that asks nothing."""
    if not shutil.which("apt-get"):
        return False
    prefix: list[str] = []
    if os.geteuid() != 0:
        if (
            not shutil.which("sudo")
            or subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode
        ):
            return False
        prefix = ["sudo", "-n"]
    print(f"Installing system packages: {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    update = subprocess.run([*prefix, "apt-get", "update", "-qq"], env=environment, check=False)
    install = [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    return update.returncode == 0 and subprocess.run(install, env=environment, check=False).returncode == 0


def requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["dev"],
    ]


def fingerprint() -> str:
    """Changes whenever other packages, other versions or another Python are asked for."""
    parts = [*requirements(), (ROOT / "constraints.txt").read_text(encoding="utf-8"), sys.version]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def venv_folder() -> Path:
    if chosen := os.environ.get("STUDIO_VENV"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        cache = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return cache / "relearn-studio" / f"environment-{fingerprint()}"


def set_up_environment() -> bool:
    folder = venv_folder()
    stamp = folder / "complete"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == fingerprint():
        return True
    if folder.is_symlink() or folder.is_file():  # venv refuses to build where either is in the way
        folder.unlink()
    print(f"Making the environment {folder}; the first time this downloads several gigabytes.", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", str(folder)], check=False).returncode:
        _say("The environment cannot be made; on Debian `sudo apt-get install python3-venv` adds what is missing.")
        return False
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install = [*pip, "--constraint", str(ROOT / "constraints.txt"), *requirements()]
    if subprocess.run(install, check=False).returncode:
        _say("The packages cannot be installed; pip's message above says why, `make` goes on from here when run again.")
        return False
    stamp.write_text(fingerprint(), encoding="utf-8")
    return True


if __name__ == "__main__":
    sys.exit(main())
