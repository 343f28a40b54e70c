"""Pictures and thumbnails off the GUI thread: right, bounded, and shared by the pages that list items."""

from __future__ import annotations

import os
import threading

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from PySide6.QtCore import QCoreApplication, QSize
from PySide6.QtGui import QImage

from studio.core.errors import UnreadableImage
from studio.core.images import read_image
from studio.ui.label.picture import DecodedPicture, halved, load_picture, load_preview
from studio.ui.label.picture_loader import PictureLoader
from studio.ui.widgets.background import Background
from studio.ui.widgets.decoding import decode, upright_size
from studio.ui.widgets.thumbnail_cache import ThumbnailCache
from studio.ui.widgets.thumbnails import Thumbnails


def pixels(image: QImage) -> np.ndarray:
    """(H, W, 3) uint8 RGB of an RGB32 image."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., 2::-1].copy()


def scene(width: int, height: int) -> Image.Image:
    """Smooth, so that JPEG keeps it, and unlike in each corner."""
    y, x = np.mgrid[:height, :width]
    rgb = np.stack([255 * x / width, 255 * y / height, 128 + 0 * x], -1)
    return Image.fromarray(rgb.astype(np.uint8))


KINDS = {
    "rgb.png": lambda image, path: image.save(path),
    "rgb.jpg": lambda image, path: image.save(path, quality=95),
    "grey.png": lambda image, path: image.convert("L").save(path),
    "palette.png": lambda image, path: image.quantize(64).save(path),
    "alpha.png": lambda image, path: image.convert("RGBA").save(path),
    "cmyk.jpg": lambda image, path: image.convert("CMYK").save(path, quality=95),
    "gif.jpg": lambda image, path: image.quantize(64).save(path, "GIF"),
    "sixteen.png": lambda image, path: Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 257).save(path),
    "photo.bmp": lambda image, path: image.save(path),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_canvas_shows_what_training_reads(qtbot, tmp_path, name):
    path = tmp_path / name
    KINDS[name](scene(64, 40), path)
    shown, read = pixels(decode(path)), read_image(path)
    assert shown.shape == read.shape
    assert np.abs(shown.astype(int) - read).max() <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photograph_stands_upright(qtbot, tmp_path, orientation):
    path = tmp_path / "photo.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    scene(64, 40).save(path, exif=exif, quality=95)
    with Image.open(path) as stored:
        upright = np.asarray(ImageOps.exif_transpose(stored))
    assert np.abs(pixels(decode(path)).astype(int) - upright).max() <= 4
    assert upright_size(path) == QSize(upright.shape[1], upright.shape[0])
    small = decode(path, max_side=32)
    assert max(small.width(), small.height()) == 32
    assert (small.width() > small.height()) == (upright.shape[1] > upright.shape[0])


@pytest.mark.parametrize("name", ["cut.jpg", "cut.png", "empty.jpg", "text.png", "missing.jpg"])
def test_a_damaged_file_is_an_unreadable_image_and_no_warning(qtbot, tmp_path, name):
    path = tmp_path / name
    if name.startswith("cut"):
        scene(200, 150).save(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif name != "missing.jpg":
        path.write_bytes(b"" if name == "empty.jpg" else b"this is no picture")
    with pytest.raises(UnreadableImage) as error:
        decode(path)
    assert name in error.value.sentence


def test_a_smaller_level_is_the_mean_of_four_pixels():
    rng = np.random.default_rng(1)
    rgb = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    image = QImage(rgb.tobytes(), 400, 300, 1200, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_RGB32
    )
    mean = rgb.reshape(150, 2, 200, 2, 3).mean(axis=(1, 3))
    assert np.abs(pixels(halved(image)) - mean).max() <= 3


def test_a_picture_is_drawn_from_the_smallest_level_that_has_its_pixels():
    levels = tuple(QImage(width, width // 2, QImage.Format.Format_RGB32) for width in (8000, 4000, 2000, 1000))
    picture = DecodedPicture(QSize(8000, 4000), levels)
    chosen = [picture.level_for(scale).width() for scale in (2.0, 0.51, 0.5, 0.2, 0.1, 0.01)]
    assert chosen == [8000, 8000, 4000, 2000, 1000, 1000]


def test_a_large_picture_has_a_preview_and_a_small_one_none(qtbot, tmp_path):
    scene(2600, 1400).save(tmp_path / "large.jpg")
    scene(400, 300).save(tmp_path / "small.jpg")
    preview = load_preview(tmp_path / "large.jpg", QSize(900, 600))
    assert preview is not None and preview.is_preview and preview.size == QSize(2600, 1400)
    assert preview.levels[0].width() < 2600
    assert load_preview(tmp_path / "small.jpg", QSize(900, 600)) is None
    assert load_picture(tmp_path / "large.jpg").levels[0].size() == QSize(2600, 1400)


def test_neighbours_are_there_before_they_are_asked_for(qtbot, tmp_path):
    paths = [tmp_path / f"{n}.png" for n in range(3)]
    for path in paths:
        scene(64, 40).save(path)
    loader = PictureLoader()
    with qtbot.waitSignal(loader.arrived):
        assert loader.show(0, paths[0], QSize(800, 600), [(1, paths[1]), (2, paths[2])]) is None

    def is_there() -> bool:
        return loader.show(1, paths[1], QSize(800, 600), [(2, paths[2])]) is not None

    qtbot.waitUntil(is_there)
    loader.close()


def test_only_a_few_pictures_are_kept(qtbot, tmp_path):
    path = tmp_path / "a.png"
    scene(64, 40).save(path)
    loader = PictureLoader()
    for item in range(20):
        with qtbot.waitSignal(loader.arrived):
            loader.show(item, path, QSize(800, 600), [])
    kept = [item for item in range(20) if loader.show(item, path, QSize(800, 600), []) is not None]
    assert kept == list(range(14, 20))
    loader.close()


def test_thumbnails_are_small_and_outlive_the_picture(qtbot, tmp_path):
    path, folder = tmp_path / "a.jpg", tmp_path / "cache"
    scene(640, 320).save(path)
    first = Thumbnails(folder, side=80)
    with qtbot.waitSignal(first.ready):
        assert first.get(1, path) is None
    image = first.get(1, path)
    assert image is not None and (image.width(), image.height()) == (80, 40)
    first.close()
    stamp = path.stat()
    path.write_bytes(b"x" * stamp.st_size)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    again = Thumbnails(folder, side=80)
    with qtbot.waitSignal(again.ready):
        again.get(1, path)
    assert not again.is_broken(1)
    again.close()


def test_the_thumbnail_of_a_deep_picture_shows_the_values_that_it_has(qtbot, tmp_path):
    path = tmp_path / "scan.png"
    cv2.imwrite(str(path), np.linspace(1000, 3000, 200 * 300).reshape(200, 300).astype(np.uint16))
    thumbnails = Thumbnails(tmp_path / "cache", side=80)
    with qtbot.waitSignal(thumbnails.ready):
        thumbnails.get(1, path)
    image = thumbnails.get(1, path)
    assert max(image.width(), image.height()) == 80
    assert image.pixelColor(40, 1).lightness() < 30 and image.pixelColor(40, image.height() - 2).lightness() > 225
    thumbnails.close()


def test_thumbnails_do_without_a_folder_that_can_be_written(qtbot, tmp_path):
    path, folder = tmp_path / "a.jpg", tmp_path / "cache"
    scene(64, 40).save(path)
    folder.write_text("a file in the place of the folder")
    thumbnails = Thumbnails(folder)
    with qtbot.waitSignal(thumbnails.ready):
        thumbnails.get(1, path)
    assert thumbnails.get(1, path) is not None
    thumbnails.close()


def test_thumbnails_in_memory_are_bounded(qtbot, tmp_path):
    path = tmp_path / "a.jpg"
    scene(64, 40).save(path)
    thumbnails = Thumbnails(tmp_path / "cache", keep=3)
    for item in range(6):
        with qtbot.waitSignal(thumbnails.ready):
            thumbnails.get(item, path)
    assert [thumbnails.get(item, path) is not None for item in (3, 4, 5)] == [True] * 3
    with qtbot.waitSignal(thumbnails.ready):
        assert thumbnails.get(0, path) is None
    thumbnails.close()


def test_the_newest_wish_is_served_first_and_old_ones_are_dropped(qtbot):
    gate, begun = threading.Event(), threading.Event()
    background = Background("test", waiting=3)
    done: list[object] = []
    background.done.connect(lambda key, _result: done.append(key))
    background.ask("first", lambda: begun.set() or gate.wait())
    assert begun.wait(5)
    for key in range(6):
        background.ask(key, lambda: None)
    gate.set()
    qtbot.waitUntil(lambda: len(done) == 4)
    assert done == ["first", 5, 4, 3]
    background.close()


def test_what_was_done_before_the_end_is_not_reported_after_it(qtbot):
    background, next_began = Background("test"), threading.Event()
    told: list[object] = []
    background.done.connect(lambda key, _result: told.append(key))
    background.hold(True)
    background.ask("second", next_began.set)
    background.ask("first", lambda: None)
    background.hold(False)
    assert next_began.wait(5)  # the first is on its way by then
    background.close()
    QCoreApplication.processEvents()
    assert told == []


def test_an_error_in_the_background_is_reported_and_the_next_job_is_done(qtbot):
    background = Background("test")
    failed: list[object] = []
    background.failed.connect(lambda _key, error: failed.append(error))
    with qtbot.waitSignal(background.done):
        background.ask("good", lambda: 1)
        background.ask("bad", lambda: 1 / 0)
    qtbot.waitUntil(lambda: len(failed) == 1)
    assert isinstance(failed[0], ZeroDivisionError)
    background.close()


def test_a_background_that_goes_while_it_works_goes_quietly(qtbot):
    for _ in range(20):
        background = Background("test", threads=2)
        for key in range(50):
            background.ask(key, lambda: None)
        del background
    assert not any(thread.name == "test" for thread in threading.enumerate())


def test_thumbnails_on_disk_are_pruned_from_the_oldest_on(tmp_path):
    for number in range(20):
        file = tmp_path / f"{number % 4:02}" / f"{number}.jpg"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"x" * 1000)
        os.utime(file, (1000 + number, 1000 + number))
    cache = ThumbnailCache(tmp_path, limit=20_000)
    cache.prune()
    assert len(list(tmp_path.glob("*/*.jpg"))) == 20
    ThumbnailCache(tmp_path, limit=10_000).prune()
    assert sorted(int(file.stem) for file in tmp_path.glob("*/*.jpg")) == list(range(11, 20))
    ThumbnailCache(tmp_path / "missing").prune()


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_a_huge_picture_is_made_small_while_it_is_read(qtbot, tmp_path, monkeypatch, suffix):
    monkeypatch.setattr("studio.core.images.HUGE_PIXELS", 1000)
    monkeypatch.setattr("studio.ui.widgets.decoding.HUGE_PIXELS", 1000)
    path = tmp_path / f"a.{suffix}"
    scene(640, 320).save(path)
    image, whole = decode(path, max_side=80), decode(path)
    assert max(image.width(), image.height()) == 80
    assert np.abs(pixels(image).mean(axis=(0, 1)) - pixels(whole).mean(axis=(0, 1))).max() < 3
