"""Label images: what is written is read again, viewers see colours, and what is no mask is named."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.atomic import sync_files, write_atomically
from studio.core.classes import LabelClass, make_classes, rgb
from studio.core.errors import BadMask, CannotWrite
from studio.core.masks import check_mask, count_values, read_head, read_mask, values_in, write_mask

CLASSES = make_classes(["sky", "road", "car", "void"])


@pytest.fixture
def mask() -> np.ndarray:
    made = np.full((90, 120), 255, np.uint8)
    made[10:40] = 0
    made[40:80, 30:] = 2
    made[80:, :50] = 3
    return made


def test_a_mask_and_its_head_survive_the_disk(tmp_path: Path, mask: np.ndarray) -> None:
    path = tmp_path / "labels" / "deep" / "f.png"
    write_mask(path, mask, CLASSES, head=123456)
    read, head = read_mask(path)
    assert np.array_equal(read, mask)
    assert read.flags.writeable
    assert head == 123456
    assert read_head(path) == 123456
    write_mask(path, mask, CLASSES)
    assert read_mask(path)[1] == 0


def test_any_viewer_shows_the_classes_in_their_colours(tmp_path: Path, mask: np.ndarray) -> None:
    path = tmp_path / "f.png"
    write_mask(path, mask, CLASSES)
    with Image.open(path) as image:
        shown = np.asarray(image.convert("RGB"))
    for label_class in (CLASSES[0], CLASSES[2], CLASSES[3]):
        assert (shown[mask == label_class.id] == rgb(label_class.color)).all()
    assert (shown[mask == 255] == 0).all()


def test_a_system_that_cannot_open_folders_writes_files_all_the_same(
    tmp_path: Path, mask: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.core.atomic._FOLDERS_CAN_BE_OPENED", False)
    write_mask(tmp_path / "f.png", mask, CLASSES)
    assert np.array_equal(read_mask(tmp_path / "f.png")[0], mask)


def test_nothing_is_left_beside_the_file(tmp_path: Path, mask: np.ndarray) -> None:
    write_mask(tmp_path / "f.png", mask, CLASSES, durable=False)
    assert [path.name for path in tmp_path.iterdir()] == ["f.png"]


def test_a_write_that_fails_leaves_the_old_file_and_says_why(
    tmp_path: Path, mask: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f.png"
    write_mask(path, mask, CLASSES, head=1)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match="no space left on device") as caught:
        write_mask(path, np.zeros_like(mask), CLASSES, head=2)
    assert str(path) in caught.value.sentence
    assert np.array_equal(read_mask(path)[0], mask)
    assert [p.name for p in tmp_path.iterdir()] == ["f.png"]


def test_files_are_brought_to_the_disk_together_or_the_one_that_cannot_is_named(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(b"x")
    sync_files(paths)
    with pytest.raises(CannotWrite, match="c cannot be written"):
        sync_files([*paths, tmp_path / "c"])


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("a file where a folder should be")
    with pytest.raises(CannotWrite, match="labels"):
        write_atomically(tmp_path / "labels" / "f.png", b"")


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("mode", ["grey", "palette"])
def test_masks_that_a_tool_packed_into_few_bits_keep_their_ids(tmp_path: Path, bits: int, mode: str) -> None:
    ids = (np.arange(24 * 16).reshape(24, 16) % 2**bits).astype(np.uint8)
    path = tmp_path / "f.png"
    if mode == "palette":
        image = Image.fromarray(ids)
        image.putpalette([0, 0, 0, 9, 9, 9] * 8)
        image.save(path, bits=bits)
    else:
        path.write_bytes(grey_png(ids, bits))
    assert np.array_equal(read_mask(path)[0], ids)


def grey_png(ids: np.ndarray, bits: int) -> bytes:
    """A grey PNG of fewer than 8 bits, which Pillow reads and does not write."""
    import struct
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width = ids.shape
    wide = ((ids[..., None] >> np.arange(bits - 1, -1, -1)) & 1).reshape(height, -1).astype(np.uint8)
    rows = np.concatenate([np.zeros((height, 1), np.uint8), np.packbits(wide, axis=1)], axis=1)
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    body = zlib.compress(rows.tobytes())
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def test_small_values_in_sixteen_bits_are_ids(tmp_path: Path) -> None:
    wide = np.arange(20, dtype=np.uint16).reshape(4, 5)
    Image.fromarray(wide).save(tmp_path / "f.png")
    assert np.array_equal(read_mask(tmp_path / "f.png")[0], wide)
    Image.fromarray(wide * 300).save(tmp_path / "f.png")
    with pytest.raises(BadMask, match="values up to 5700"):
        read_mask(tmp_path / "f.png")


def test_a_grey_mask_in_other_formats_is_read(tmp_path: Path, mask: np.ndarray) -> None:
    for suffix in ("bmp", "tif"):
        Image.fromarray(mask).save(tmp_path / f"f.{suffix}")
        assert np.array_equal(read_mask(tmp_path / f"f.{suffix}")[0], mask)


def test_colours_instead_of_ids_are_named_with_a_remedy(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "f.png")
    with pytest.raises(BadMask, match=r"colours.*table of colours"):
        read_mask(tmp_path / "f.png")


def test_broken_masks_are_named(tmp_path: Path, mask: np.ndarray) -> None:
    path = tmp_path / "f.png"
    write_mask(path, np.random.default_rng(0).integers(0, 4, (80, 80), dtype=np.uint8), CLASSES)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(BadMask, match=r"f\.png.*cannot be decoded"):
        read_mask(path)
    path.write_bytes(b"")
    with pytest.raises(BadMask, match="no picture"):
        read_mask(path)
    assert read_head(path) == 0
    with pytest.raises(BadMask, match="no such file"):
        read_mask(tmp_path / "missing.png")


def test_a_head_is_found_behind_other_texts_and_never_looked_for_in_the_pixels(
    tmp_path: Path, mask: np.ndarray
) -> None:
    from PIL.PngImagePlugin import PngInfo

    path = tmp_path / "f.png"
    text = PngInfo()
    text.add_text("Comment", "made by hand")
    text.add_text("studio:head", "42")
    Image.fromarray(mask).save(path, pnginfo=text)
    assert read_head(path) == read_mask(path)[1] == 42
    late = PngInfo()
    late.add_text("studio:head", "42", zip=True)
    Image.fromarray(mask).save(path, pnginfo=late)
    assert read_head(path) == 0
    path.write_bytes(path.read_bytes()[:40])
    assert read_head(path) == 0
    assert read_head(tmp_path) == 0
    path.write_text("studio:head 42")
    assert read_head(path) == 0


def test_a_foreign_text_is_no_head(tmp_path: Path, mask: np.ndarray) -> None:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text("studio:head", "the newest")
    Image.fromarray(mask).save(tmp_path / "f.png", pnginfo=text)
    assert read_mask(tmp_path / "f.png")[1] == 0


def test_a_mask_of_another_size_or_with_unknown_ids_is_refused_with_a_remedy(mask: np.ndarray) -> None:
    path = Path("f.png")
    check_mask(path, mask, (120, 90), CLASSES)
    with pytest.raises(BadMask, match="120×90 pixels and its image 90×120"):
        check_mask(path, mask, (90, 120), CLASSES)
    mask[0, :9] = np.arange(200, 209)
    with pytest.raises(BadMask, match="values 200, 201, 202, 203, 204… that no class has; add the missing classes"):
        check_mask(path, mask, (120, 90), CLASSES)


def test_grey_levels_are_recognised_as_such() -> None:
    black_and_white = np.zeros((4, 4), np.uint8)
    black_and_white[0] = 128
    with pytest.raises(BadMask, match="look like grey levels"):
        check_mask(Path("f.png"), black_and_white, (4, 4), [LabelClass(id=0, name="a", color="#000000")])


def test_values_are_counted_for_any_shape() -> None:
    pixels = np.random.default_rng(1).integers(0, 9, (33, 7, 2), dtype=np.uint8)
    counts = np.bincount(pixels.ravel())
    assert count_values(pixels) == {int(v): int(counts[v]) for v in np.flatnonzero(counts)}
    assert values_in(pixels) == sorted(np.unique(pixels))
    assert count_values(np.zeros((0, 5), np.uint8)) == {}
