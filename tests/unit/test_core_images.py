"""Pictures of every kind that people have come out upright, as 8-bit RGB, or with one sentence."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core import deep_images, images
from studio.core.deep_images import as_rgb, read_deep
from studio.core.errors import UnreadableImage
from studio.core.images import image_size, read_image
from studio.core.orientation import turned
from studio.core.picture_bands import open_bands


def gradient(width: int = 60, height: int = 40) -> np.ndarray:
    """(height, width, 3): red grows to the right, green downwards, blue is constant."""
    ys, xs = np.mgrid[0:height, 0:width]
    return np.dstack([xs * 4, ys * 6, np.full_like(xs, 77)]).astype(np.uint8)


def save(path: Path, array: np.ndarray, **options: object) -> Path:
    Image.fromarray(array).save(path, **options)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "ppm", "webp"])
def test_a_lossless_picture_comes_out_as_it_went_in(tmp_path: Path, suffix: str) -> None:
    options = {"lossless": True} if suffix == "webp" else {}
    path = save(tmp_path / f"p.{suffix}", gradient(), **options)
    picture = read_image(path)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, gradient())
    assert image_size(path) == (60, 40)


def test_a_jpeg_comes_out_close_to_what_went_in(tmp_path: Path) -> None:
    path = save(tmp_path / "p.jpg", gradient(), quality=95)
    assert np.abs(read_image(path).astype(int) - gradient()).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
def test_exif_orientation_is_applied_to_pixels_and_size(tmp_path: Path, orientation: int, suffix: str) -> None:
    upright = np.zeros((40, 64, 3), np.uint8)
    upright[:20, :32] = 250  # top left is white
    undo = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a.transpose(1, 0, 2), 2),
        8: lambda a: np.rot90(a, 3),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"p.{suffix}"
    Image.fromarray(np.ascontiguousarray(undo(upright))).save(path, exif=exif)

    picture = read_image(path)
    assert picture.shape == upright.shape
    assert np.abs(picture.astype(int) - upright).mean() < 2
    assert image_size(path) == (64, 40)


def kinds_of_grey() -> dict[str, np.ndarray]:
    values = np.random.default_rng(3).integers(0, 65_536, (30, 47), np.uint16)
    return {"16-bit.tif": values, "16-bit.png": values, "8-bit.tif": (values >> 8).astype(np.uint8)}


@pytest.mark.parametrize("name", kinds_of_grey())
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_that_lies_on_its_side_is_the_same_however_it_is_read(
    tmp_path: Path, orientation: int, name: str
) -> None:
    values = kinds_of_grey()[name]
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"tiffinfo": {0x0112: orientation}} if name.endswith("tif") else {"exif": exif}
    path = save(tmp_path / name, values, **options)
    scaled = (values.astype(np.float64) / 257).round() if values.dtype == np.uint16 else values
    expected = turned(np.repeat(scaled[..., None], 3, axis=2), orientation)

    assert np.array_equal(read_image(path), expected)
    assert image_size(path) == expected.shape[1::-1]
    bands = open_bands(path)
    assert np.array_equal(turned(np.concatenate(list(bands.read(7))), bands.orientation), expected)
    assert np.array_equal(as_rgb(read_deep(path)), expected)


def test_many_channels_that_lie_on_their_side_are_turned_like_any_picture(tmp_path: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    values = np.random.default_rng(5).integers(0, 65_536, (6, 30, 47), np.uint16)
    path = tmp_path / "p.tif"
    tifffile.imwrite(path, values, planarconfig="separate", photometric="minisblack", extratags=[(274, 3, 1, 6, False)])
    assert np.array_equal(read_deep(path).values, turned(np.moveaxis(values, 0, 2), 6))
    assert image_size(path) == (30, 47)
    assert read_image(path).shape == (47, 30, 3)


def test_channels_beyond_all_memory_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deep_images, "MAX_BYTES", 2 * 30 * 47 - 1)
    for name in ("16-bit.tif", "16-bit.png"):
        with pytest.raises(UnreadableImage, match="its values take"):
            read_deep(save(tmp_path / name, kinds_of_grey()[name]))


def test_a_damaged_orientation_is_ignored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 99
    path = tmp_path / "p.png"
    Image.fromarray(gradient()).save(path, exif=exif)
    assert np.array_equal(read_image(path), gradient())
    Image.fromarray(gradient()).save(path, exif=b"Exif\0\0II*garbage that is no table")
    assert np.array_equal(read_image(path), gradient())
    two = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0six\0\0\0\0\0"  # a text where a number belongs
    Image.fromarray(gradient()).save(path, exif=two)
    assert np.array_equal(read_image(path), gradient())


def test_a_cmyk_jpeg_has_the_right_colours(tmp_path: Path) -> None:
    flat = np.zeros((32, 32, 3), np.uint8)
    flat[:] = (200, 60, 20)
    path = tmp_path / "p.jpg"
    Image.fromarray(flat).convert("CMYK").save(path, quality=95)
    assert np.abs(read_image(path).astype(int) - flat).max() < 12


def test_sixteen_bits_are_scaled_and_not_cut_off(tmp_path: Path) -> None:
    wide = np.linspace(0, 65535, 60 * 40).astype(np.uint16).reshape(40, 60)
    for suffix in ("png", "tif"):
        picture = read_image(save(tmp_path / f"p.{suffix}", wide))
        assert np.array_equal(picture[..., 0], np.rint(wide / 257).astype(np.uint8))
        assert np.array_equal(picture[..., 0], picture[..., 2])


def test_floats_and_wide_integers_are_stretched_over_their_own_range(tmp_path: Path) -> None:
    values = np.linspace(-3.0, 5.0, 60 * 40).astype(np.float32).reshape(40, 60)
    values[0, 0] = np.nan
    picture = read_image(save(tmp_path / "f.tif", values))
    assert picture[-1, -1, 0] == 255
    assert picture[0, 1, 0] == 0
    counts = np.linspace(0, 1_000_000, 60 * 40).astype(np.int32).reshape(40, 60)
    picture = read_image(save(tmp_path / "i.tif", counts))
    assert picture[-1, -1, 0] == 255


@pytest.mark.parametrize(("low", "high", "expected"), [(0, 65535, 255), (0, 255, 255), (0, 514, 2), (7, 7, 7)])
def test_small_values_in_wide_formats_keep_their_meaning(tmp_path: Path, low: int, high: int, expected: int) -> None:
    counts = np.full((4, 5), high, np.int32)
    counts[0, 0] = low
    assert read_image(save(tmp_path / "i.tif", counts))[-1, -1, 0] == expected


def test_one_flat_value_outside_every_range_is_black(tmp_path: Path) -> None:
    assert not read_image(save(tmp_path / "f.tif", np.full((4, 5), -7.5, np.float32))).any()


@pytest.mark.parametrize("mode", ["L", "LA", "1", "P", "PA", "RGBA"])
def test_grey_transparent_and_palette_pictures_become_rgb(tmp_path: Path, mode: str) -> None:
    source = Image.fromarray(gradient())
    path = tmp_path / ("p.tif" if mode == "PA" else "p.png")
    picture = source.convert("P").convert(mode) if mode == "PA" else source.convert(mode)
    picture.save(path)
    read = read_image(path)
    assert read.shape == (40, 60, 3)
    assert np.array_equal(read, np.asarray(picture.convert("RGB")))


def test_a_palette_with_transparency_is_read_without_a_murmur(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    Image.fromarray(gradient()).quantize(16).save(path, transparency=bytes([0] + [255] * 15))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image(path).shape == (40, 60, 3)


def test_a_gif_that_is_called_jpg_is_read_for_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "p.jpg"
    Image.fromarray(gradient()).quantize(64).save(path, "GIF")
    assert read_image(path).shape == (40, 60, 3)
    assert image_size(path) == (60, 40)


def test_a_large_jpeg_may_be_decoded_smaller_but_never_below_what_was_asked(tmp_path: Path) -> None:
    path = save(tmp_path / "p.jpg", np.zeros((600, 800, 3), np.uint8))
    assert read_image(path, max_side=200).shape == (150, 200, 3)
    assert read_image(path, max_side=201).shape == (300, 400, 3)
    assert read_image(path, max_side=5000).shape == (600, 800, 3)
    assert read_image(save(tmp_path / "p.png", np.zeros((6, 8, 3), np.uint8)), max_side=2).shape == (6, 8, 3)


def test_a_reduced_jpeg_is_still_turned_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "p.jpg"
    Image.fromarray(np.zeros((600, 800, 3), np.uint8)).save(path, exif=exif)
    assert read_image(path, max_side=400).shape == (400, 300, 3)


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "bmp", "gif", "webp"])
def test_a_cut_off_file_is_named_with_the_reason_and_a_remedy(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    path = save(tmp_path / f"holiday.{suffix}", rng.integers(0, 255, (80, 80, 3), dtype=np.uint8))
    half(path)
    with pytest.raises(UnreadableImage) as caught:
        read_image(path)
    assert str(path) in caught.value.sentence
    assert "replace the file or leave it out" in caught.value.sentence


def test_a_cut_off_jpeg_says_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = save(tmp_path / "p.jpg", rng.integers(0, 255, (80, 80, 3), dtype=np.uint8))
    half(path)
    with pytest.raises(UnreadableImage, match="the file is cut off"):
        read_image(path)


def test_an_empty_file_a_text_and_a_missing_file_are_told_apart(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.jpg", tmp_path / "text.png"
    empty.touch()
    text.write_text("not a picture at all")
    for path, why in ((empty, "is empty"), (text, "no picture format"), (tmp_path / "no.png", "no such file")):
        for read in (read_image, image_size):
            with pytest.raises(UnreadableImage, match=why):
                read(path)


def test_a_file_that_would_start_another_program_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")
    with pytest.raises(UnreadableImage, match="no picture format"):
        read_image(path)


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImage):
        read_image(tmp_path)


def test_a_picture_beyond_all_memory_is_refused_by_its_header(tmp_path: Path) -> None:
    path = save(tmp_path / "bomb.png", np.zeros((2, 2, 3), np.uint8))
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", 60_000, 60_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)
    for read, limit in ((read_image, 400), (image_size, 1000)):
        with pytest.raises(UnreadableImage, match=f"60000×60000 pixels are more than the {limit} megapixels"):
            read(path)


def test_a_picture_just_within_the_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path / "p.png", gradient())
    monkeypatch.setattr(images, "MAX_PIXELS", 60 * 40)
    assert read_image(path).shape == (40, 60, 3)
    monkeypatch.setattr(images, "MAX_PIXELS", 60 * 40 - 1)
    with pytest.raises(UnreadableImage):
        read_image(path)


def test_an_8k_picture_raises_no_warning_about_bombs(tmp_path: Path) -> None:
    path = tmp_path / "p.png"
    Image.new("1", (12_000, 9_000)).save(path)  # 108 megapixels: Pillow's own limit would warn
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert image_size(path) == (12_000, 9_000)


def test_the_real_cmyk_chips_look_like_land(shared_data: Path) -> None:
    path = sorted((shared_data / "planet" / "train").glob("*.jpg"))[0]
    picture = read_image(path)
    with Image.open(path) as image:
        assert image.mode == "CMYK"
    assert 20 < picture.mean() < 230
    assert picture.shape[:2] == (image_size(path)[1], image_size(path)[0])
