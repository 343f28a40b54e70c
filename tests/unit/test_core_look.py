"""How values become grey levels, and reading pictures of many bits and channels as they are."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from studio.core.deep_images import as_rgb, is_deep, read_deep
from studio.core.errors import UnreadableImage
from studio.core.images import image_size, read_image
from studio.core.look import Look, full_range

shares = st.floats(-1, 1)
looks = st.builds(
    Look,
    low=st.floats(0, 0.6),
    high=st.floats(0.61, 1),
    brightness=shares,
    contrast=shares,
    gamma=st.floats(0.2, 5),
)


@given(looks, st.sampled_from([256, 4096, 65536]))
def test_what_is_brighter_in_the_file_never_becomes_darker(look: Look, entries: int) -> None:
    table = look.table(entries).astype(int)
    assert table.shape == (entries,)
    assert (np.diff(table) >= 0).all()


def test_the_plain_look_changes_nothing() -> None:
    assert Look().table(256).tolist() == list(range(256))


def test_black_and_white_points_gamma_brightness_and_contrast_do_what_they_say() -> None:
    assert Look(low=0.25, high=0.75).table(101)[[25, 50, 75, 100]].tolist() == [0, 128, 255, 255]
    assert Look(gamma=2).table(101)[25] == 128
    assert Look(brightness=0.5).table(101)[[0, 50]].tolist() == [128, 255]
    assert Look(contrast=1).table(101)[[37, 50, 63]].tolist() == [0, 128, 255]
    assert Look(contrast=-1).table(101)[[0, 100]].tolist() == [96, 159]


def test_the_full_range_leaves_the_few_outliers_out() -> None:
    values = np.full(10_000, 500, np.uint16)
    values[:5_000] = 100
    values[:10] = 65535
    assert full_range(values) == (100, 500)
    assert full_range(np.full(9, 7, np.uint8)) == (7, 8)


def channels(number: int) -> np.ndarray:
    """(6, 8, number) uint16, another gradient in each."""
    y, x = np.mgrid[:6, :8]
    return np.stack([(x * 400 + y * 90 + 7 * c) for c in range(number)], axis=-1).astype(np.uint16)


def write(path: Path, values: np.ndarray, kind: str) -> Path:
    if kind == "png":
        cv2.imwrite(str(path), values[..., ::-1])
    elif kind == "together":
        tifffile.imwrite(path, values, photometric="minisblack", planarconfig="contig")
    elif kind == "planes":
        tifffile.imwrite(path, np.moveaxis(values, 2, 0), photometric="minisblack", planarconfig="separate")
    else:
        tifffile.imwrite(path, np.moveaxis(values, 2, 0), imagej=True, metadata={"axes": "CYX"})
    return path


@pytest.mark.parametrize(
    ("kind", "number"), [("png", 3), ("together", 6), ("planes", 5), ("pages", 4), ("together", 2)]
)
def test_every_value_of_every_channel_is_read(tmp_path: Path, kind: str, number: int) -> None:
    path = write(tmp_path / ("p.png" if kind == "png" else "p.tif"), channels(number), kind)
    assert is_deep(path)
    image = read_deep(path)
    assert (image.low, image.high) == (0, 65535)
    np.testing.assert_array_equal(image.values, channels(number))


def test_training_and_label_see_the_first_three_of_many_channels(tmp_path: Path) -> None:
    path = write(tmp_path / "p.tif", channels(5) * 16, "planes")
    assert image_size(path) == (8, 6)
    expected = np.rint(channels(5)[..., :3].astype(float) * 16 / 257)
    np.testing.assert_allclose(read_image(path), expected, atol=1)


def test_values_of_any_type_show_over_their_own_range(tmp_path: Path) -> None:
    path = tmp_path / "f.tif"
    tifffile.imwrite(path, np.array([[-2.0, 0.0], [np.nan, 2.0]], np.float32))
    assert is_deep(path)
    assert as_rgb(read_deep(path))[..., 0].tolist() == [[0, 128], [128, 255]]


@pytest.mark.parametrize("content", [b"", b"II*\0", b"\x89PNG\r\n\x1a\n" + b"\0" * 16 + b"\x10"])
def test_a_broken_file_is_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.tif"
    path.write_bytes(content)
    is_deep(path)
    with pytest.raises(UnreadableImage, match=r"broken\.tif cannot be read as an image"):
        read_deep(path)
    with pytest.raises(UnreadableImage, match=r"broken\.tif cannot be read as an image"):
        read_image(path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_everyday_pictures_are_not_deep(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"p.{suffix}"
    cv2.imwrite(str(path), (channels(3) // 16).astype(np.uint8))
    assert not is_deep(path)
