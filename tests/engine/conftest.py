"""Run folders, a scripted worker, and a guard: what an engine leaves behind after a test fails it."""

from __future__ import annotations

import gc
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from studio.core.events import RunEvent, Started, Step, encode_event

STAND_IN: Final = Path(__file__).with_name("stand_in.py")

_GRACE_SECONDS: Final = 2.0

Act = tuple[str, Any]
MakeFolder = Callable[..., Path]


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """No thread, no child process and, where the system can tell, no open file may outlive a test."""
    threads, children, files = set(threading.enumerate()), _children(), _open_files()
    yield
    deadline = time.monotonic() + _GRACE_SECONDS
    while True:
        left = [f"thread {thread.name!r}" for thread in threading.enumerate() if thread not in threads]
        left += [f"child process {child}" for child in _children() - children]
        left += [f"open file {file}" for file in _open_files() - files]
        if not left:
            return
        if time.monotonic() > deadline:
            pytest.fail("this test left behind: " + ", ".join(left) + "; close the engine", pytrace=False)
        gc.collect()
        time.sleep(0.01)


@pytest.fixture
def worker_command() -> list[str]:
    return [sys.executable, "-I", "-S", str(STAND_IN)]


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Makes a run's folder whose stand-in worker will do the given acts."""

    def make(*acts: Act, name: str = "0001") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "script.json").write_text(json.dumps([[act, argument] for act, argument in acts]))
        return folder

    return make


@pytest.fixture
def some_events() -> list[RunEvent]:
    started = Started(
        purpose="train",
        device="cpu",
        precision="float32",
        weights="From scratch.",
        parameters=1000,
        train_items=8,
        valid_items=2,
        steps=3,
        epochs=1,
    )
    return [started, *(step_event(number) for number in range(1, 4))]


@pytest.fixture
def say() -> Callable[..., Act]:
    """The act of saying events."""

    def act(*events: RunEvent) -> Act:
        return "say_many", [msgspec.json.decode(encode_event(event)) for event in events]

    return act


@pytest.fixture
def make_step() -> Callable[[int], Step]:
    return step_event


@pytest.fixture
def children() -> Callable[[], set[int]]:
    """Process ids of this process's children, zombies left out."""
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux lists the children of a process")
    return _children


def step_event(number: int) -> Step:
    return Step(
        step=number,
        epoch=1,
        loss=1.0 / number,
        smoothed=1.0 / number,
        lrs=[1e-3],
        momentum=0.9,
        images_per_second=100.0,
        seconds_left=1.0,
    )


def _children() -> set[int]:
    if not sys.platform.startswith("linux"):
        return set()
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        try:
            found |= {int(child) for child in (task / "children").read_text().split()}
        except (FileNotFoundError, ProcessLookupError):  # the thread ended since the listing
            continue
    return {child for child in found if _state(child) not in {"Z", ""}}


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _open_files() -> set[str]:
    if not sys.platform.startswith("linux"):
        return set()
    found: set[str] = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{entry.name} → {entry.readlink()}")
        except FileNotFoundError:  # the descriptor of the listing itself
            continue
    return {file for file in found if "/proc/" not in file}
