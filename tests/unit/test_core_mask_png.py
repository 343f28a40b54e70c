"""Masks in bands: what is written is the mask, for this reader and for every other, and damage is found."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from studio.core import masks
from studio.core.classes import make_classes, palette
from studio.core.edit_overlay import EditOverlay
from studio.core.edits import MaskEdit
from studio.core.errors import BadMask
from studio.core.mask_png import NotPlain, read_mask_bands, read_mask_header, write_mask_png
from studio.core.masks import bands_of, encode_mask, read_head, read_mask, write_mask_in_bands
from studio.core.tiles import TILE

CLASSES = tuple(make_classes(["road", "car"]))
SIDES = st.integers(1, 300)


def some_mask(width: int, height: int, seed: int, values: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(256 - values, 256, (height, width), np.uint8, endpoint=False)


def in_bands(mask: np.ndarray, rows: int):
    return (mask[y : y + rows] for y in range(0, mask.shape[0], rows))


@settings(deadline=None, max_examples=60)
@given(SIDES, SIDES, st.integers(0, 99), st.sampled_from([1, 2, 256]), st.integers(1, 130), st.integers(1, 130))
def test_a_mask_of_any_size_and_values_is_the_same_after_writing_and_reading_it_in_bands(
    width: int, height: int, seed: int, values: int, written: int, read: int
) -> None:
    mask = some_mask(width, height, seed, values)
    file = io.BytesIO()
    write_mask_png(
        file, width, height, in_bands(mask, written), palette=palette(CLASSES).tobytes(), texts=[("studio:head", "7")]
    )
    file.seek(0)
    assert np.array_equal(np.concatenate(list(read_mask_bands(file, read))), mask)
    with Image.open(io.BytesIO(file.getvalue())) as image:
        assert image.mode == "P" and image.info["studio:head"] == "7"
        assert np.array_equal(np.asarray(image), mask)
    plain = Image.open(io.BytesIO(encode_mask(mask, CLASSES)))
    assert image.getpalette() == plain.getpalette()


@settings(deadline=None, max_examples=30)
@given(SIDES, SIDES, st.integers(0, 99), st.integers(1, 130))
def test_what_pillow_wrote_is_read_in_bands(width: int, height: int, seed: int, rows: int) -> None:
    mask = some_mask(width, height, seed, 5)
    bands = list(read_mask_bands(io.BytesIO(encode_mask(mask, CLASSES, head=3)), rows))
    assert [band.shape[0] for band in bands[:-1]] == [rows] * (len(bands) - 1)
    assert np.array_equal(np.concatenate(bands), mask)


def test_a_huge_mask_names_its_edit_and_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("studio.core.masks.HUGE_MASK", 1)
    path, mask = tmp_path / "a.png", some_mask(290, 310, 1, 3)
    write_mask_in_bands(path, (290, 310), in_bands(mask, 128), CLASSES, head=12345)
    assert read_head(path) == 12345
    found, head = read_mask(path)
    assert head == 12345 and np.array_equal(found, mask) and found.flags.writeable


def test_a_file_that_is_replaced_while_it_is_read_gives_the_pixels_of_the_edit_that_it_names(tmp_path, monkeypatch):
    monkeypatch.setattr("studio.core.masks.HUGE_MASK", 1)
    path = tmp_path / "a.png"
    old, new = some_mask(290, 610, 1, 3), some_mask(290, 610, 2, 3)
    write_mask_in_bands(path, (290, 610), in_bands(old, 128), CLASSES, head=1)
    honest = masks.read_mask_bands

    def replaced_meanwhile(file, rows):
        for number, band in enumerate(honest(file, rows)):
            if number == 1:
                write_mask_in_bands(path, (290, 610), in_bands(new, 128), CLASSES, head=2)
            yield band

    monkeypatch.setattr(masks, "read_mask_bands", replaced_meanwhile)
    found, head = read_mask(path)
    assert np.array_equal(found, {1: old, 2: new}[head])


@pytest.mark.parametrize("huge", [1, masks.HUGE_MASK])
def test_a_mask_larger_than_any_picture_is_refused_before_it_is_decoded(tmp_path, monkeypatch, huge):
    monkeypatch.setattr(masks, "HUGE_MASK", huge)
    monkeypatch.setattr(masks, "LARGEST_MASK", 20 * 30 - 1)
    path = tmp_path / "a.png"
    path.write_bytes(encode_mask(some_mask(20, 30, 1, 3), CLASSES))
    with pytest.raises(BadMask, match="20×30 pixels"):
        read_mask(path)


@pytest.mark.parametrize("kind", ["interlaced", "grey", "four bits", "filtered", "no PNG"])
def test_other_pictures_are_left_to_another_reader(kind, tmp_path, monkeypatch):
    monkeypatch.setattr("studio.core.masks.HUGE_MASK", 1)
    mask = np.arange(64, dtype=np.uint8).reshape(8, 8) % 4
    image = Image.fromarray(mask)
    buffer = io.BytesIO()
    if kind == "no PNG":
        image.save(buffer, "BMP")
    elif kind == "grey":
        image.save(buffer, "PNG")
    else:
        image.putpalette(palette(CLASSES).tobytes())
        options = {"bits": 4} if kind == "four bits" else {"pnginfo": PngImagePlugin.PngInfo()}
        image.save(buffer, "PNG", **options)
    data = bytearray(buffer.getvalue())
    if kind == "interlaced":
        data[28] = 1
    if kind == "filtered":
        data = bytearray(filtered_png(mask))
    with pytest.raises(NotPlain):
        list(read_mask_bands(io.BytesIO(bytes(data)), 5))
    if kind in ("grey", "filtered", "no PNG"):
        path = tmp_path / "a.png"
        path.write_bytes(bytes(data))
        assert np.array_equal(read_mask(path)[0], mask)


def filtered_png(mask: np.ndarray) -> bytes:
    """A PNG whose second row is stored as differences to the first."""
    import struct
    import zlib

    rows = b"".join(
        (b"\2" + (mask[y] - mask[y - 1]).tobytes()) if y == 1 else b"\0" + mask[y].tobytes() for y in range(len(mask))
    )

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", mask.shape[1], mask.shape[0], 8, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, data)
        for kind, data in (
            (b"IHDR", header),
            (b"PLTE", palette(CLASSES).tobytes()),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
    )


def test_damage_is_found_wherever_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr("studio.core.masks.HUGE_MASK", 1)
    mask = some_mask(200, 150, 2, 256)
    path = tmp_path / "a.png"
    write_mask_in_bands(path, (200, 150), in_bands(mask, 40), CLASSES, head=1)
    data = path.read_bytes()
    start = data.index(b"IDAT")
    for place in range(start + 4, len(data) - 20, 997):
        path.write_bytes(data[:place])
        with pytest.raises(BadMask, match=r"a\.png"):
            list(bands_of(path, 64))
        broken = bytearray(data)
        broken[place] ^= 0x55
        path.write_bytes(bytes(broken))
        with pytest.raises(BadMask):
            read_mask(path)


def test_an_error_on_the_way_leaves_the_old_file(tmp_path):
    path, mask = tmp_path / "a.png", some_mask(20, 30, 1, 3)
    write_mask_in_bands(path, (20, 30), [mask], CLASSES, head=1)
    before = path.read_bytes()

    def breaking():
        yield mask[:10]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_mask_in_bands(path, (20, 30), breaking(), CLASSES, head=2)
    with pytest.raises(ValueError, match="10 rows"):
        write_mask_in_bands(path, (20, 30), [mask[:10]], CLASSES, head=2)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_a_header_that_is_cut_off_is_no_header():
    with pytest.raises(NotPlain):
        read_mask_header(io.BytesIO(b"\x89PNG\r\n\x1a\n\0\0"))


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 400), st.integers(1, 400), st.lists(st.integers(0, 10_000), min_size=1, max_size=6), st.data())
def test_edits_laid_over_each_other_are_the_edits_one_after_the_other(
    width: int, height: int, seeds: list[int], data: st.DataObject
) -> None:
    masks = [np.full((height, width), 255, np.uint8)]
    for seed in seeds:
        rng = np.random.default_rng(seed)
        after = masks[-1].copy()
        y, x = rng.integers(0, height), rng.integers(0, width)
        after[y : y + rng.integers(1, 200), x : x + rng.integers(1, 200)] = rng.integers(0, 4)
        masks.append(after)
    edits = [MaskEdit.between(before, after, "edit") for before, after in itertools.pairwise(masks)]
    start = data.draw(st.integers(0, len(edits)))
    back = data.draw(st.integers(0, start))
    overlay = EditOverlay()
    for edit in reversed(edits[back:start]):
        overlay.revert(edit)
    for edit in edits[back:]:
        overlay.apply(edit)
    rows = TILE * data.draw(st.integers(1, 3))
    bands = []
    for y in range(0, height, rows):
        band = masks[start][y : y + rows].copy()
        overlay.bring(band, y)
        bands.append(band)
    assert np.array_equal(np.concatenate(bands), masks[-1])
