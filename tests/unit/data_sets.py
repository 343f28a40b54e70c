"""Small data sets in the layouts of other programs, written on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

NAMES = ("seqA_001", "seqA_002", "seqB_001", "seqB_002")
CODES = ("sky", "road", "void")


def picture(path: Path, size: tuple[int, int] = (40, 30), *, seed: int = 0) -> Path:
    """A picture of noise, (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def stripes(classes: int = 3, size: tuple[int, int] = (40, 30)) -> np.ndarray:
    """A mask of vertical stripes, one for each class, (height, width) uint8."""
    return np.repeat((np.arange(size[0]) * classes // size[0])[None].astype(np.uint8), size[1], axis=0)


def gray(path: Path, mask: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(path)
    return path


def camvid(
    root: Path,
    *,
    names: Sequence[str] = NAMES,
    codes: str | None = "sky\nroad\nvoid\n",
    valid: str | None = "seqB_001.png\nseqB_002.png\n",
    suffix: str = "_P",
    classes: int = 3,
) -> Path:
    """fast.ai's layout: 40×30 pictures, masks of stripes."""
    for number, name in enumerate(names):
        picture(root / "images" / f"{name}.png", seed=number)
        gray(root / "labels" / f"{name}{suffix}.png", stripes(classes))
    if codes is not None:
        (root / "codes.txt").write_text(codes, encoding="utf-8", newline="")
    if valid is not None:
        (root / "valid.txt").write_text(valid, encoding="utf-8", newline="")
    return root


RGB_CAL = "500 0 320\n0 500 240\n0 0 1\n\n0 0 0 0\n\n1 0 0\n0 1 0\n0 0 1\n\n0 0 0\n\n640 480\n"


def pose(x: float, y: float, z: float) -> str:
    return f"1 0 0\n0 1 0\n0 0 1\n\n{x} {y} {z}\n"


def biwi(root: Path, subjects: Sequence[str] = ("01", "02", "13"), *, frames: int = 2) -> Path:
    """640×480 frames whose centre lies at (320 + 10·frame, 240 + 20) pixels."""
    for subject in subjects:
        for frame in range(frames):
            picture(root / subject / f"frame_{frame:05d}_rgb.jpg", (640, 480), seed=frame)
            text = pose(20.0 * frame, 40.0, 1000.0)
            (root / subject / f"frame_{frame:05d}_pose.txt").write_text(text, encoding="utf-8")
        (root / subject / "rgb.cal").write_text(RGB_CAL, encoding="utf-8")
    return root
