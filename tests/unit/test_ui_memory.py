"""Pictures that are let go leave no memory behind."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import ctypes
from pathlib import Path
from studio.ui.memory import give_back_large_blocks

give_back_large_blocks()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

def block():
    place = libc.malloc(8 << 20)
    ctypes.memset(place, 1, 8 << 20)
    return place

before = resident()
for _ in range(3):  # after the first round glibc would keep blocks of this size for itself
    blocks = [block() for _ in range(6)]
    small = [ctypes.create_string_buffer(1000) for _ in range(500)]
    for place in blocks:
        libc.free(place)
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc is asked")
def test_large_blocks_go_back_to_the_system_when_they_are_let_go():
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True)
    assert int(run.stdout) < 4 << 20
