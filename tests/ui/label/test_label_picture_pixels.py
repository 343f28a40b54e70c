"""What tools see of a picture: the same pixels whether it is in memory or in tiles, and whichever way it is turned."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QSize

from studio.core.images import read_image
from studio.core.raster import Rect
from studio.ui.label.picture import load_picture, load_preview
from studio.ui.label.picture_loader import PictureLoader
from studio.ui.label.tiling import Tiling

WIDTH, HEIGHT = 331, 217


def picture_file(folder, *, orientation=1):
    rng = np.random.default_rng(2)
    image = Image.fromarray(rng.integers(0, 256, (9, 13, 3), np.uint8)).resize((WIDTH, HEIGHT))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = folder / f"{orientation}.png"
    image.save(path, exif=exif)
    return path


@pytest.fixture
def tiled(qtbot, tmp_path):
    """Opens a picture as one that is too large for memory."""
    made = []

    def open_tiled(path):
        tiling = Tiling(tmp_path / "cache", huge_pixels=5000, tile=64, overview_side=64, cache_bytes=10**7)
        loader = PictureLoader(tiling)
        made.append(loader)
        arrived = []
        loader.arrived.connect(lambda _item, picture: arrived.append(picture))
        with qtbot.waitSignal(loader.finished, timeout=20_000):
            loader.show(1, path, QSize(800, 600), [])
        return arrived[-1]

    yield open_tiled
    for loader in made:
        loader.close()
        loader.tiling.deleteLater()
        loader.deleteLater()


PARTS = [Rect(0, 0, 200, 200), Rect(37, 60, 150, 111), Rect(100, 3, 1, 1)]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_of_a_picture_is_read_as_it_is(tmp_path, part):
    path = picture_file(tmp_path)
    assert np.array_equal(load_picture(path).pixels(part), read_image(path)[part.slices])


@pytest.mark.parametrize("orientation", [1, 3, 6, 7])
def test_a_part_is_the_same_from_tiles(tmp_path, tiled, orientation):
    path = picture_file(tmp_path, orientation=orientation)
    picture, whole = tiled(path), read_image(path)
    for part in PARTS:
        assert np.array_equal(picture.pixels(part), whole[part.slices])


def test_coarse_pixels_are_about_the_mean_of_those_they_stand_for(tmp_path, tiled):
    path = picture_file(tmp_path)
    whole, part = read_image(path), Rect(40, 20, 240, 160)
    means = whole[part.slices].reshape(40, 4, 60, 4, 3).mean(axis=(1, 3))
    for picture in (load_picture(path), tiled(path)):
        coarse = picture.pixels(part, 4)
        assert coarse.shape == means.shape
        assert abs(coarse[2:-2, 2:-2].astype(float) - means[2:-2, 2:-2]).mean() < 3


def test_a_preview_has_no_pixels_to_look_at(tmp_path, monkeypatch):
    monkeypatch.setattr("studio.ui.label.picture.PREVIEW_PIXELS", 1000)
    preview = load_preview(picture_file(tmp_path), QSize(100, 80))
    assert preview is not None and preview.pixels(Rect(0, 0, 10, 10)) is None


def test_a_deep_picture_is_looked_at_with_the_range_in_which_something_is_seen(tmp_path):
    values = np.linspace(1000, 1600, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    picture = load_picture(tmp_path / "deep.png")
    pixels = picture.pixels(Rect(10, 0, 100, HEIGHT))
    assert pixels.shape == (HEIGHT, 100, 3)
    assert pixels.min() < 20 and pixels.max() > 235
    assert picture.pixels(Rect(0, 0, 300, 200), 4).shape == (50, 75, 3)
