"""Pictures too large for memory are shown in tiles; here every picture with more than a few thousand pixels is."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QProcess, QRectF, QSize
from PySide6.QtGui import QImage

from studio.core.images import read_image
from studio.ui.label import tiling
from studio.ui.label.picture_loader import PictureLoader
from studio.ui.label.scene import Scene
from studio.ui.label.tiled_picture import TiledPicture
from studio.ui.label.tiling import Tiling, pyramid_folder
from studio.ui.label.viewport import Viewport

WIDTH, HEIGHT = 331, 217
VIEW = QSize(800, 600)


def rgb_of(image: QImage) -> np.ndarray:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def blotches(seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (8, 12, 3), np.uint8)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


@pytest.fixture
def loader(qtbot, tmp_path):
    made: list[PictureLoader] = []

    def make(*, cache_bytes: int = 10**7) -> PictureLoader:
        tiling = Tiling(tmp_path / "cache", huge_pixels=5000, tile=64, overview_side=64, cache_bytes=cache_bytes)
        made.append(PictureLoader(tiling))
        return made[-1]

    yield make
    for each in made:
        each.close()
        assert each.tiling is not None
        each.tiling.deleteLater()
        each.deleteLater()


def shown(qtbot, loader: PictureLoader, path: Path, item: int = 1) -> TiledPicture:
    arrived: list[object] = []
    loader.arrived.connect(lambda _item, picture: arrived.append(picture))
    with qtbot.waitSignal(loader.finished, timeout=20_000):
        assert loader.show(item, path, VIEW, []) is None
    picture = arrived[-1]
    assert isinstance(picture, TiledPicture) and not picture.is_preview
    return picture


def seen(qtbot, picture: TiledPicture, viewport: Viewport) -> np.ndarray:
    """What a canvas shows once every tile is there."""
    scene = Scene()
    scene.set_surround("black")
    scene.look_from(viewport)
    last: list[np.ndarray] = []

    def still() -> bool:
        scene.set_picture(picture)
        scene.update()
        last.append(rgb_of(scene.image))
        return len(last) > 3 and all(np.array_equal(last[-1], other) for other in last[-4:-1])

    qtbot.waitUntil(still, timeout=10_000)
    return last[-1]


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
def test_at_full_size_tiles_show_the_pixels_of_the_plain_decode(qtbot, tmp_path, loader, suffix):
    path = tmp_path / f"huge.{suffix}"
    blotches().save(path)
    picture = shown(qtbot, loader(), path)
    viewport = Viewport(image=(WIDTH, HEIGHT), view=(150, 120), scale=1.0, left=-90.0, top=-70.0)
    expected = read_image(path)[70:190, 90:240]
    difference = np.abs(seen(qtbot, picture, viewport).astype(int) - expected)
    assert difference.max() <= (3 if suffix == "jpg" else 0)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_huge_photograph_is_upright_at_every_zoom(qtbot, tmp_path, loader, orientation):
    path = tmp_path / "huge.jpg"
    exif = Image.Exif()
    exif[0x0112] = orientation
    blotches().save(path, exif=exif, quality=95)
    whole = read_image(path)
    height, width = whole.shape[:2]
    picture = shown(qtbot, loader(), path)
    assert picture.size == QSize(width, height)
    for scale in (1.0, 0.5, 0.15):
        viewport = Viewport(image=(width, height), view=(60, 60), scale=scale, left=-40.0 * scale, top=-60.0 * scale)
        image = seen(qtbot, picture, viewport).astype(float)
        across = min(60, int((width - 40) * scale) - 2)
        down = min(60, int((height - 60) * scale) - 2)
        xs = 40 + (np.arange(across) + 0.5) / scale
        ys = 60 + (np.arange(down) + 0.5) / scale
        expected = whole[ys.astype(int)[:, None], xs.astype(int)]
        assert np.abs(image[:down, :across] - expected).mean() < (2 if scale == 1 else 9)


def test_the_next_time_a_picture_is_there_without_being_cut_again(qtbot, tmp_path, loader):
    path = tmp_path / "huge.png"
    blotches().save(path)
    shown(qtbot, loader(), path)
    qtbot.waitUntil(lambda: bool(list((tmp_path / "cache").glob("*/pyramid.json"))), timeout=10_000)
    stamp = path.stat()
    path.write_bytes(b"x" * stamp.st_size)  # nobody reads it again, only its name, date and size count
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    again = Tiling(tmp_path / "cache", huge_pixels=5000)
    arrived: list[object] = []
    again.arrived.connect(lambda _item, picture: arrived.append(picture))
    with qtbot.waitSignal(again.finished):
        again.show(7, path)
    assert isinstance(arrived[0], TiledPicture)
    again.close()


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_huge_picture_that_is_cut_off_is_told_in_a_sentence(qtbot, tmp_path, loader, suffix):
    path = tmp_path / f"broken.{suffix}"
    blotches().save(path)
    path.write_bytes(path.read_bytes()[:-3000] if suffix != "jpg" else path.read_bytes()[:-800])
    this = loader()
    with qtbot.waitSignal(this.broke, timeout=20_000) as broke:
        this.show(1, path, VIEW, [])
    item, sentence = broke.args
    assert item == 1 and path.name in sentence and sentence.endswith(".")


@pytest.fixture
def held(tmp_path, monkeypatch):
    """The processes that cut wait after their first rows until this file is there; where it says so they die then."""
    gate, made = tmp_path / "gate", tmp_path / "processes"
    code = f"""
import os, sys, time
from studio.core import pyramid_maker
with open({str(made)!r}, "a") as file:
    file.write("one\\n")
say = pyramid_maker._say
def slow(report):
    say(report)
    while isinstance(report, pyramid_maker.Wrote) and report.rows == 2 and not os.path.exists({str(gate)!r}):
        time.sleep(0.01)
    if isinstance(report, pyramid_maker.Wrote) and report.rows == 2 and open({str(gate)!r}).read() == "die":
        raise MemoryError
pyramid_maker._say = slow
sys.exit(pyramid_maker.main(sys.argv[2:]))
"""
    monkeypatch.setattr(tiling, "_PROGRAM", ["-c", code])
    yield gate
    gate.touch()


def begun(qtbot, loader: PictureLoader, path: Path, item: int) -> TiledPicture:
    """The picture once something of it shows."""
    with qtbot.waitSignal(loader.arrived, timeout=20_000, check_params_cb=lambda which, _: which == item) as came:
        loader.show(item, path, VIEW, [])
    return came.args[1]


def half_made(tmp_path: Path) -> list[Path]:
    return [p for p in (tmp_path / "cache").glob("*/pixels-*") if not (p.parent / "pyramid.json").exists()]


def processes(tmp_path: Path) -> int:
    return len((tmp_path / "processes").read_text().splitlines())


def wait_for_processes(qtbot, loader: PictureLoader) -> None:
    """Until nothing is cut any more."""
    tiling = loader.tiling
    assert tiling is not None
    qtbot.waitUntil(lambda: not tiling.findChildren(QProcess), timeout=20_000)


def test_a_picture_that_is_left_half_made_is_gone_on_with_on_return(qtbot, tmp_path, loader, held):
    path, small = tmp_path / "huge.jpg", tmp_path / "small.png"
    blotches().save(path)
    blotches().resize((60, 40)).save(small)
    this = loader()
    begun(qtbot, this, path, 1)
    with qtbot.waitSignal(this.arrived, timeout=20_000) as arrived:
        this.show(2, small, VIEW, [])
    assert arrived.args[0] == 2
    picture = begun(qtbot, this, path, 1)
    assert picture.is_preview
    with qtbot.waitSignal(this.finished, timeout=20_000):
        held.touch()
    assert not picture.is_preview
    assert processes(tmp_path) == 1
    viewport = Viewport(image=(WIDTH, HEIGHT), view=(150, 120), scale=1.0, left=-90.0, top=-90.0)
    assert np.abs(seen(qtbot, picture, viewport).astype(int) - read_image(path)[90:210, 90:240]).max() <= 3


def test_a_picture_that_is_left_half_made_is_finished_behind_the_others(qtbot, tmp_path, loader, held):
    path, small = tmp_path / "huge.jpg", tmp_path / "small.png"
    blotches().save(path)
    blotches().resize((60, 40)).save(small)
    this = loader()
    begun(qtbot, this, path, 1)
    this.show(2, small, VIEW, [])
    held.touch()
    qtbot.waitUntil(lambda: bool(list((tmp_path / "cache").glob("*/pyramid.json"))), timeout=20_000)
    shown(qtbot, this, path, 1)
    assert processes(tmp_path) == 1


def test_only_one_picture_is_gone_on_with_and_closing_leaves_no_half_of_it(qtbot, tmp_path, loader, held):
    paths = [tmp_path / f"huge_{n}.jpg" for n in range(3)]
    for number, path in enumerate(paths):
        blotches(number).save(path)
    this = loader()
    for item, path in enumerate(paths):
        begun(qtbot, this, path, item)
    assert len(half_made(tmp_path)) == 2  # the one that shows, and the one before
    this.close()
    assert not half_made(tmp_path)


def test_a_process_that_dies_without_a_word_is_told_and_another_cuts_when_the_picture_is_opened_again(
    qtbot, tmp_path, loader, held
):
    path = tmp_path / "huge.jpg"
    blotches().save(path)
    this = loader()
    begun(qtbot, this, path, 1)
    with qtbot.waitSignal(this.broke, timeout=20_000) as broke:
        held.write_text("die")
    assert broke.args == [
        1,
        f"{path} cannot be shown: the process that cuts it into tiles was ended (exit code 1); open the item again.",
    ]
    held.write_text("")
    shown(qtbot, this, path, 1)
    assert processes(tmp_path) == 2


def test_a_process_that_dies_behind_the_others_is_not_waited_for_on_return(qtbot, tmp_path, loader, held):
    path, small = tmp_path / "huge.jpg", tmp_path / "small.png"
    blotches().save(path)
    blotches().resize((60, 40)).save(small)
    this = loader()
    begun(qtbot, this, path, 1)
    this.show(2, small, VIEW, [])
    held.write_text("die")
    wait_for_processes(qtbot, this)
    held.write_text("")
    shown(qtbot, this, path, 1)
    assert processes(tmp_path) == 2


def test_what_is_cut_behind_leaves_the_picture_that_is_shown_its_tiles(qtbot, tmp_path, loader, held):
    first, other, last = (tmp_path / f"huge_{n}.jpg" for n in range(3))
    for number, path in enumerate((first, other, last)):
        blotches(number).save(path)
    this = loader(cache_bytes=500_000)  # the tiles of one picture
    held.touch()
    shown(qtbot, this, first, 1)
    wait_for_processes(qtbot, this)
    held.unlink()
    begun(qtbot, this, other, 2)
    begun(qtbot, this, first, 1)
    held.touch()
    wait_for_processes(qtbot, this)
    qtbot.wait(100)
    for item, path in ((1, first), (2, other)):
        shown(qtbot, this, path, item)
    assert processes(tmp_path) == 2
    shown(qtbot, this, last, 3)
    qtbot.waitUntil(lambda: len(list((tmp_path / "cache").glob("*/pyramid.json"))) == 1, timeout=20_000)


def test_a_huge_neighbour_is_not_decoded_ahead(qtbot, tmp_path, loader):
    huge, small = tmp_path / "huge.png", tmp_path / "small.png"
    blotches().save(huge)
    blotches().resize((60, 40)).save(small)
    this = loader()
    with qtbot.waitSignal(this.arrived, timeout=20_000):
        this.show(1, small, VIEW, [(2, huge)])
    qtbot.wait(100)
    assert this.show(2, huge, VIEW, []) is None


def test_memory_for_tiles_is_bounded(qtbot, tmp_path, loader, monkeypatch):
    monkeypatch.setattr("studio.ui.label.tiled_picture._CACHE_BYTES", 6 * 64 * 64 * 4)
    path = tmp_path / "huge.png"
    blotches().save(path)
    picture = shown(qtbot, loader(), path)
    overview = picture.bytes
    for x in range(0, WIDTH - 64, 30):
        viewport = Viewport(image=(WIDTH, HEIGHT), view=(64, 64), scale=1.0, left=-float(x), top=0.0)
        seen(qtbot, picture, viewport)
        assert picture.bytes - overview <= 6 * 64 * 64 * 4
    assert picture.sight(1.0, QRectF(0, 0, 64, 64)).image.width() >= 64


def test_a_project_that_cannot_be_written_keeps_its_tiles_elsewhere(tmp_path, monkeypatch):
    assert pyramid_folder(tmp_path).is_relative_to(tmp_path)
    monkeypatch.setattr("studio.ui.label.tiling.os.access", lambda *_: False)
    assert not pyramid_folder(tmp_path).is_relative_to(tmp_path)
