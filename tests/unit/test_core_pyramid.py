"""A picture cut into tiles is, put together again, the picture; and the disk it takes is bounded."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.errors import UnreadableImage
from studio.core.images import read_image
from studio.core.picture_bands import open_bands, read_small
from studio.core.pyramid import Level, PyramidFile
from studio.core.pyramid_cache import PyramidCache
from studio.core.pyramid_maker import Began, Done, Previewed, Report, Wrote, make_pyramid

WIDTH, HEIGHT, TILE, OVERVIEW = 237, 171, 32, 64


def noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    rng = np.random.default_rng(4)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth(width: int = WIDTH, height: int = HEIGHT) -> Image.Image:
    ys, xs = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([xs % 256, ys % 256, (xs + ys) % 256], axis=2).astype(np.uint8))


def pictures(folder: Path) -> dict[str, Path]:
    """One picture of every kind that is read in its own way."""
    rgb = Image.fromarray(noise(HEIGHT, WIDTH, 3))
    kinds: dict[str, Image.Image] = {
        "plain.png": rgb,
        "grey.png": rgb.convert("L"),
        "palette.png": rgb.convert("P"),
        "alpha.png": Image.fromarray(noise(HEIGHT, WIDTH, 4)),
        "grey alpha.png": Image.fromarray(noise(HEIGHT, WIDTH, 4)).convert("LA"),
        "one bit.png": rgb.convert("1"),
        "deep.png": Image.fromarray(noise(HEIGHT, WIDTH, dtype=np.uint16)),
        "deep.tif": Image.fromarray(noise(HEIGHT, WIDTH, dtype=np.uint16)),
        "float.tif": Image.fromarray(noise(HEIGHT, WIDTH).astype(np.float32) * 7 - 300),
        "plain.tif": rgb,
        "print.tif": rgb.convert("CMYK"),
        "plain.webp": rgb,
        "plain.bmp": rgb,
        "photo.jpg": smooth(),
        "grey.jpg": smooth().convert("L"),
        "print.jpg": smooth().convert("CMYK"),
    }
    for name, image in kinds.items():
        options = {"lossless": True} if name.endswith("webp") else {"quality": 95} if name.endswith("jpg") else {}
        image.save(folder / name, **options)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        smooth().save(folder / f"turned {orientation}.jpg", exif=exif, quality=95)
    return {path.name: path for path in sorted(folder.iterdir())}


NAMES = [
    *("plain.png", "grey.png", "palette.png", "alpha.png", "grey alpha.png", "one bit.png", "deep.png", "deep.tif"),
    *("float.tif", "plain.tif", "print.tif", "plain.webp", "plain.bmp", "photo.jpg", "grey.jpg", "print.jpg"),
    *(f"turned {orientation}.jpg" for orientation in range(1, 9)),
]


@pytest.fixture(scope="module")
def kinds(tmp_path_factory) -> dict[str, Path]:
    return pictures(tmp_path_factory.mktemp("kinds"))


def cut(path: Path, root: Path) -> tuple[list[Report], PyramidCache]:
    said: list[Report] = []
    cache = PyramidCache(root)
    make_pyramid(path, cache, said.append, tile=TILE, overview_side=OVERVIEW)
    return said, cache


def level_of(file: PyramidFile, level: Level) -> np.ndarray:
    rows = [[file.tile(level, c, r) for c in range(level.columns)] for r in range(level.rows)]
    return np.concatenate([np.concatenate(row, axis=1) for row in rows])


@pytest.mark.parametrize("name", NAMES)
def test_read_in_bands_a_picture_has_the_pixels_of_a_plain_decode(kinds, name):
    from studio.core.orientation import turned

    bands = open_bands(kinds[name])
    pixels = turned(np.concatenate(list(bands.read(50))), bands.orientation)
    expected = read_image(kinds[name])
    assert pixels.shape == expected.shape
    # Two builds of the same JPEG decoder may round chroma differently by a step or two.
    tolerance = 3 if name.endswith("jpg") else 0
    assert np.abs(pixels.astype(int) - expected).max() <= tolerance


def test_the_tiles_of_the_largest_level_are_the_picture_and_the_others_its_means(tmp_path):
    path = tmp_path / "a.png"
    pixels = noise(HEIGHT, WIDTH, 3)
    Image.fromarray(pixels).save(path)
    said, cache = cut(path, tmp_path / "cache")
    folder = cache.folder_of(path)
    finished = cache.find(folder)
    assert finished is not None
    with PyramidFile(folder / finished.pixels, finished.layout) as file:
        levels = finished.layout.levels
        assert [(level.width, level.height) for level in levels] == [(237, 171), (119, 86), (60, 43)]
        assert np.array_equal(level_of(file, levels[0]), pixels)
        padded = np.pad(pixels, ((0, 1), (0, 1), (0, 0)), mode="edge").astype(float)
        half = padded.reshape(86, 2, 119, 2, 3).mean(axis=(1, 3))
        assert np.abs(level_of(file, levels[1]) - half).max() <= 0.5
    assert isinstance(said[0], Began) and isinstance(said[-1], Done)
    assert [report.rows for report in said if isinstance(report, Wrote)] == [1, 2, 3, 4, 5, 6]


def test_rows_that_are_said_to_be_there_can_be_read_while_others_are_to_come(tmp_path):
    path = tmp_path / "a.png"
    pixels = noise(HEIGHT, WIDTH, 3)
    Image.fromarray(pixels).save(path)
    cache = PyramidCache(tmp_path / "cache")
    seen: list[int] = []

    def look(report: Report) -> None:
        if isinstance(report, Wrote) and report.rows < 6:
            folder = cache.folder_of(path)
            assert cache.find(folder) is None
            layout = began[0].plan.layout
            with PyramidFile(folder / began[0].plan.pixels, layout) as file:
                for level in layout.levels:
                    for row in range(file.rows_of(level, report.rows)):
                        assert file.tile(level, 0, row).any()
                        seen.append(level.number)
        elif isinstance(report, Began):
            began.append(report)

    began: list[Began] = []
    make_pyramid(path, cache, look, tile=TILE, overview_side=OVERVIEW)
    assert set(seen) == {0, 1, 2}


def test_a_photograph_is_previewed_upright_before_it_is_cut(kinds, tmp_path):
    said, _ = cut(kinds["turned 6.jpg"], tmp_path)
    preview = next(report for report in said if isinstance(report, Previewed))
    assert said.index(preview) == 1
    pixels = np.fromfile(preview.file, np.uint8).reshape(preview.height, preview.width, 3)
    whole = read_image(kinds["turned 6.jpg"])
    assert pixels.shape[0] > pixels.shape[1]
    assert abs(float(pixels[:5, :5].mean()) - float(whole[:20, :20].mean())) < 12


@pytest.mark.parametrize("name", ["plain.png", "photo.jpg", "turned 5.jpg", "float.tif"])
def test_a_small_version_has_at_least_the_side_that_was_asked_for(kinds, name):
    small, whole = read_small(kinds[name], 50), read_image(kinds[name])
    assert 50 <= max(small.shape) < 110
    assert (small.shape[0] > small.shape[1]) == (whole.shape[0] > whole.shape[1])
    assert np.abs(small.mean(axis=(0, 1)) - whole.mean(axis=(0, 1))).max() < 4


@pytest.mark.parametrize("name", ["plain.png", "photo.jpg", "plain.tif"])
def test_a_file_that_is_cut_off_gives_a_sentence_and_leaves_no_tiles(kinds, tmp_path, name):
    broken = tmp_path / name
    data = kinds[name].read_bytes()
    broken.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(UnreadableImage) as error:
        cut(broken, tmp_path / "cache")
    assert name in error.value.sentence and error.value.sentence.endswith(".")
    assert not list((tmp_path / "cache").glob("*/pixels-*"))


def test_tiles_shown_longest_ago_go_first_when_there_are_too_many(tmp_path):
    paths = [tmp_path / f"{n}.png" for n in range(4)]
    for path in paths:
        Image.fromarray(noise(HEIGHT, WIDTH, 3)).save(path)
    root = tmp_path / "cache"
    _, cache = cut(paths[0], root)
    size = sum(file.stat().st_size for file in cache.folder_of(paths[0]).iterdir())
    for number, path in enumerate(paths[:3]):
        cut(path, root)
        os.utime(cache.folder_of(path) / "pyramid.json", (1000 + number, 1000 + number))
    assert cache.find(cache.folder_of(paths[0])) is not None  # shown again, so the second one is the oldest now
    cut(paths[3], root)
    PyramidCache(root, 3 * size + size // 2).prune(cache.folder_of(paths[3]))
    there = [cache.find(cache.folder_of(path)) is not None for path in paths]
    assert there == [True, False, True, True]


def test_tiles_that_nobody_finished_are_deleted_after_a_while(tmp_path):
    root = tmp_path / "cache"
    abandoned, fresh = root / "abandoned", root / "fresh"
    for folder in (abandoned, fresh):
        folder.mkdir(parents=True)
        (folder / "pixels-1").write_bytes(b"x")
    old = time.time() - 7200
    os.utime(abandoned / "pixels-1", (old, old))
    PyramidCache(root).prune(root / "other")
    assert not abandoned.exists() and fresh.exists()


def test_a_changed_picture_is_cut_anew(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(noise(64, 64, 3)).save(path)
    _, cache = cut(path, tmp_path / "cache")
    assert cache.find(cache.folder_of(path)) is not None
    Image.fromarray(noise(64, 65, 3)).save(path)
    assert cache.find(cache.folder_of(path)) is None


def test_a_window_that_is_slower_leaves_the_tiles_of_the_faster_one_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    Image.fromarray(noise(HEIGHT, WIDTH, 3)).save(path)
    cache = PyramidCache(tmp_path / "cache")
    folder = cache.folder_of(path)
    abandoned = folder / "pixels-0"

    def overtaken(report: Report) -> None:
        if isinstance(report, Began):
            assert Path(report.folder) == folder
            abandoned.write_bytes(b"x")
            os.utime(abandoned, (1, 1))
            monkeypatch.setattr("studio.core.pyramid_maker.os.getpid", lambda: 2)
            make_pyramid(path, cache, lambda _report: None, tile=TILE, overview_side=OVERVIEW)
            assert (folder / "pixels-1").exists()

    monkeypatch.setattr("studio.core.pyramid_maker.os.getpid", lambda: 1)
    make_pyramid(path, cache, overtaken, tile=TILE, overview_side=OVERVIEW)
    finished = cache.find(folder)
    assert finished is not None
    assert finished.pixels == "pixels-2"
    assert [file.name for file in folder.glob("pixels-*")] == ["pixels-2"]
