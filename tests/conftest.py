"""What every test may ask for: the real data sets, and Qt without a screen."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from studio.ui.garbage import Collector

settings.register_profile("quick", max_examples=40)
settings.register_profile("thorough", max_examples=300)
settings.load_profile(os.environ.get("STUDIO_HYPOTHESIS", "quick"))

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

_DATA = Path(os.environ.get("STUDIO_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data sets; a test that wants it is skipped where it is missing."""
    if not _DATA.is_dir():
        pytest.skip(f"the real data sets are not at {_DATA}; set STUDIO_TEST_DATA to their folder")
    return _DATA


@pytest.fixture(scope="session", autouse=True)
def collect_garbage_between_tests() -> Iterator[Collector]:
    """As in the window: a thread that collects takes Qt objects of an earlier test apart, and may wait for ever."""
    gc.disable()
    yield Collector()
    gc.enable()


@pytest.fixture(autouse=True)
def nothing_is_collected_on_threads(collect_garbage_between_tests: Collector) -> Iterator[None]:
    yield
    collect_garbage_between_tests.collect_due()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that no worker waits for the other in the end."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)
