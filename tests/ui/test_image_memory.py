"""Pixels go into and out of a QImage as Qt itself would bring them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from studio.ui.widgets import image_memory
from studio.ui.widgets.image_memory import as_rgb32, bytes_of, from_rgb, seen_bytes_of

FORMATS = [
    QImage.Format.Format_RGB888,
    QImage.Format.Format_Grayscale8,
    QImage.Format.Format_Indexed8,
    QImage.Format.Format_ARGB32,
    QImage.Format.Format_RGB32,
]


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(4).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 40)])
def test_a_conversion_in_bands_is_qts_own(form, size, monkeypatch):
    monkeypatch.setattr(image_memory, "_BAND_PIXELS", 100)
    image = from_rgb(noise(*size)).convertToFormat(form)
    assert as_rgb32(image) == image.convertToFormat(QImage.Format.Format_RGB32)


def test_colours_are_where_they_were():
    pixels = noise(9, 6)
    image = from_rgb(pixels[:, ::-1])
    assert image.format() == QImage.Format.Format_RGB32
    assert image.pixelColor(2, 3) == QColor(*pixels[3, 6].tolist())
    assert np.array_equal(seen_bytes_of(image)[..., 2::-1], pixels[:, ::-1])


def test_what_is_written_to_one_image_is_in_no_other():
    image = from_rgb(noise(4, 4))
    other = QImage(image)
    bytes_of(image)[0, 0] = (1, 2, 3, 255)
    assert image.pixelColor(0, 0) == QColor(3, 2, 1)
    assert other.pixelColor(0, 0) != image.pixelColor(0, 0)


def test_an_array_keeps_the_image_that_it_lies_in():
    pixels = noise(64, 64)
    there = seen_bytes_of(from_rgb(pixels))
    others = [from_rgb(noise(64, 64) // 2) for _ in range(8)]
    assert np.array_equal(there[..., 2::-1], pixels)
    assert len(others) == 8
