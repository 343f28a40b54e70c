"""The guard of this folder's conftest catches each kind of leftover and lets a tidy test pass."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TIDY = """
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QWidget

def test_tidy(qtbot):
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.show()
    timer = QTimer(widget)
    timer.start(10)
    thread = QThread()
    thread.start()
    thread.quit()
    assert thread.wait(5000)
"""

LEAKS = {
    "visible top-level widget": """
from PySide6.QtWidgets import QWidget

KEPT = []

def test_leaky(qapp):
    KEPT.append(QWidget())
    KEPT[0].show()
""",
    "active QTimer": """
from PySide6.QtCore import QTimer

KEPT = []

def test_leaky(qapp):
    KEPT.append(QTimer())
    KEPT[0].start(1000)
""",
    "running QThread": """
from PySide6.QtCore import QThread

KEPT = []

def test_leaky(qapp):
    KEPT.append(QThread())
    KEPT[0].start()

def teardown_module():
    KEPT[0].quit()
    KEPT[0].wait()
""",
    "thread 'forgotten'": """
import threading

ENOUGH = threading.Event()

def test_leaky(qapp):
    threading.Thread(target=ENOUGH.wait, name="forgotten").start()

def teardown_module():
    ENOUGH.set()
""",
}


def test_each_leftover_fails_the_test_that_left_it_and_is_named(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_0_tidy=TIDY)
    for number, source in enumerate(LEAKS.values(), start=1):
        pytester.makepyfile(**{f"test_{number}_leaky": source})
    pytester.makepyfile(test_9_tidy=TIDY)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2 + len(LEAKS), errors=len(LEAKS))
    for kind in LEAKS:
        result.stdout.fnmatch_lines([f"*  - *{kind}*"])
