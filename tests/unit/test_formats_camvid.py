"""Importing CamVid and what is laid out like it: classes, split, masks, and bad files that cost a sentence each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import UNLABELLED
from studio.core.errors import BadInput, BadTable
from studio.core.items import Split
from studio.formats import ImportPlan, importer, recognise
from tests.unit import data_sets


def plan_of(source: Path, **answers: str) -> ImportPlan:
    return importer("camvid").plan(source, **answers)


def masks_of(plan: ImportPlan) -> dict[str, np.ndarray]:
    return {plan.items[index].name: mask for index, mask in plan.annotations if isinstance(mask, np.ndarray)}


def splits_of(plan: ImportPlan) -> dict[str, Split]:
    return {item.name: item.split for item in plan.items}


def test_the_fastai_layout_brings_every_mask_pixel_for_pixel(tmp_path: Path) -> None:
    plan = plan_of(data_sets.camvid(tmp_path / "set"))
    masks = masks_of(plan)
    assert sorted(masks) == [f"{name}.png" for name in data_sets.NAMES]
    assert all((mask == data_sets.stripes()).all() for mask in masks.values())
    assert plan.problems == []


def test_the_void_class_is_found_by_its_name(tmp_path: Path) -> None:
    plan = plan_of(data_sets.camvid(tmp_path / "set", codes="sky\nUnlabelled\nroad\n"))
    assert [(c.id, c.name, c.void) for c in plan.settings.classes] == [
        (0, "sky", False),
        (1, "Unlabelled", True),
        (2, "road", False),
    ]


@pytest.mark.parametrize(
    "listed",
    [
        "seqB_001.png\nseqB_002.png\n",
        "seqB_001\r\n\r\nseqB_002\r\n",
        "\ufeffimages/seqB_001.png\nimages\\seqB_002.png\n\n\n",
    ],
    ids=["names", "without suffix, with blank and Windows lines", "with folders and a byte order mark"],
)
def test_the_split_follows_valid_txt_however_it_writes_names(tmp_path: Path, listed: str) -> None:
    plan = plan_of(data_sets.camvid(tmp_path / "set", valid=listed))
    assert [name for name, split in splits_of(plan).items() if split is Split.VALID] == ["seqB_001.png", "seqB_002.png"]
    assert plan.settings.split_rule.kind == "list"


def test_a_name_in_valid_txt_without_an_image_is_named(tmp_path: Path) -> None:
    plan = plan_of(data_sets.camvid(tmp_path / "set", valid="seqB_001.png\nnobody.png\n"))
    assert len(plan.problems) == 1
    assert "nobody.png" in plan.problems[0]
    assert list(splits_of(plan).values()).count(Split.VALID) == 1


def test_an_empty_valid_txt_costs_a_sentence_and_a_share_is_drawn_instead(tmp_path: Path) -> None:
    plan = plan_of(data_sets.camvid(tmp_path / "set", valid="\n"))
    assert any("valid.txt" in sentence for sentence in plan.problems)
    assert Split.VALID in splits_of(plan).values()


def test_without_valid_txt_whole_sequences_are_held_out_and_the_seed_decides_which(tmp_path: Path) -> None:
    names = [f"seq{letter}_{number:03d}" for letter in "ABCDE" for number in range(4)]
    source = data_sets.camvid(tmp_path / "set", names=names, valid=None)
    plans = [plan_of(source, seed=str(seed)) for seed in (1, 1, 2, 3, 4)]
    for plan in plans:
        held_out = {item.group for item in plan.items if item.split is Split.VALID}
        assert len(held_out) == 1
        assert all((item.group in held_out) == (item.split is Split.VALID) for item in plan.items)
    assert splits_of(plans[0]) == splits_of(plans[1])
    assert any(splits_of(plans[0]) != splits_of(other) for other in plans[2:])


@pytest.mark.parametrize("suffix", ["_P", "", "_mask", "_gt_fine"])
def test_labels_are_matched_whatever_is_added_to_the_name(tmp_path: Path, suffix: str) -> None:
    assert len(masks_of(plan_of(data_sets.camvid(tmp_path / "set", suffix=suffix)))) == 4


def test_two_pictures_that_differ_in_the_suffix_only_keep_their_own_labels(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set", names=["a_1", "b_1", "c_1"], valid="c_1\n")
    data_sets.picture(source / "images" / "a_1.jpg")
    data_sets.gray(source / "labels" / "a_1.jpg_P.png", data_sets.stripes(2))
    masks = masks_of(plan_of(source))
    assert (masks["a_1.jpg"] == data_sets.stripes(2)).all()
    assert (masks["a_1.png"] == data_sets.stripes(3)).all()


def test_a_blank_line_in_codes_txt_is_passed_over_and_told(tmp_path: Path) -> None:
    plan = plan_of(data_sets.camvid(tmp_path / "set", codes="sky\n\nroad\nvoid\n\n"))
    assert [c.name for c in plan.settings.classes] == ["sky", "road", "void"]
    assert [s for s in plan.problems if "codes.txt" in s and "line 2" in s]
    assert len(masks_of(plan)) == 4


def test_a_codes_file_without_a_name_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match=r"codes\.txt: it names no class"):
        plan_of(data_sets.camvid(tmp_path / "set", codes="\n\n"))


def test_two_classes_of_one_name_are_told_apart(tmp_path: Path) -> None:
    plan = plan_of(data_sets.camvid(tmp_path / "set", codes="car\ncar\nvoid\n"))
    assert [c.name for c in plan.settings.classes] == ["car", "car (2)", "void"]
    assert [s for s in plan.problems if "car" in s]


def test_more_classes_than_a_byte_can_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="300 classes"):
        plan_of(data_sets.camvid(tmp_path / "set", codes="".join(f"class{n}\n" for n in range(300))))


def test_a_mask_of_another_size_is_left_out_and_the_rest_comes(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    data_sets.gray(source / "labels" / "seqA_001_P.png", data_sets.stripes(size=(20, 15)))
    plan = plan_of(source)
    assert sorted(masks_of(plan)) == ["seqA_002.png", "seqB_001.png", "seqB_002.png"]
    assert len(plan.items) == 4
    assert len(plan.problems) == 1
    assert "seqA_001_P.png" in plan.problems[0]
    assert "20×15" in plan.problems[0]


def test_a_mask_with_ids_that_no_class_has_is_left_out_and_the_ids_are_named(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    mask = data_sets.stripes()
    mask[0, 0] = 17
    data_sets.gray(source / "labels" / "seqA_002_P.png", mask)
    plan = plan_of(source)
    assert "seqA_002.png" not in masks_of(plan)
    assert len(plan.problems) == 1
    assert "seqA_002_P.png" in plan.problems[0]
    assert "17" in plan.problems[0]


def test_unlabelled_pixels_of_a_mask_stay_unlabelled(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    mask = data_sets.stripes()
    mask[5:10] = UNLABELLED
    data_sets.gray(source / "labels" / "seqA_002_P.png", mask)
    plan = plan_of(source)
    assert (masks_of(plan)["seqA_002.png"] == mask).all()
    assert plan.problems == []


@pytest.mark.parametrize("damage", ["truncated", "empty", "no picture"])
def test_a_damaged_mask_costs_one_sentence(tmp_path: Path, damage: str) -> None:
    source = data_sets.camvid(tmp_path / "set")
    victim = source / "labels" / "seqB_001_P.png"
    whole = victim.read_bytes()
    victim.write_bytes({"truncated": whole[: len(whole) * 2 // 3], "empty": b"", "no picture": b"hello"}[damage])
    plan = plan_of(source)
    assert sorted(masks_of(plan)) == ["seqA_001.png", "seqA_002.png", "seqB_002.png"]
    assert len(plan.problems) == 1
    assert "seqB_001_P.png" in plan.problems[0]


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_cut_off_picture_is_named_and_keeps_no_label(tmp_path: Path, suffix: str) -> None:
    source = data_sets.camvid(tmp_path / "set", names=["a_1", "a_2"], valid="a_2\n")
    whole = data_sets.picture(tmp_path / f"whole{suffix}").read_bytes()
    (source / "images" / "a_1.png").unlink()
    (source / "images" / f"a_1{suffix}").write_bytes(whole[: len(whole) // 2])
    plan = plan_of(source)
    assert sorted(masks_of(plan)) == ["a_2.png"]
    assert len(plan.problems) == 1
    assert f"a_1{suffix}" in plan.problems[0]
    assert "cut off" in plan.problems[0]


def test_a_gif_named_jpg_is_a_picture_like_any_other(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set", names=["a_1"], valid=None)
    (source / "images" / "a_1.png").unlink()
    Image.fromarray(np.zeros((30, 40), np.uint8)).save(source / "images" / "a_1.jpg", "GIF")
    plan = plan_of(source)
    assert list(masks_of(plan)) == ["a_1.jpg"]
    assert plan.problems == []


def test_a_jpeg_as_a_mask_is_refused_because_it_changes_ids(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set", names=["a_1", "a_2"], valid="a_2\n")
    (source / "labels" / "a_1_P.png").unlink()
    data_sets.gray(source / "labels" / "a_1_P.jpg", data_sets.stripes())
    plan = plan_of(source)
    assert list(masks_of(plan)) == ["a_2.png"]
    assert "JPEG" in plan.problems[0]


def test_a_label_without_an_image_is_named(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    data_sets.gray(source / "labels" / "stranger_P.png", data_sets.stripes())
    plan = plan_of(source)
    assert len(masks_of(plan)) == 4
    assert ["stranger_P.png" in s for s in plan.problems] == [True]


def test_black_and_white_masks_of_two_classes_are_read_with_white_as_the_second(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set", codes="background\nperson\n", classes=2)
    for path in (source / "labels").iterdir():
        data_sets.gray(path, data_sets.stripes(2) * 255)
    plan = plan_of(source)
    assert all((mask == data_sets.stripes(2)).all() for mask in masks_of(plan).values())
    assert len(plan.problems) == 1
    assert "white as person" in plan.problems[0]


def test_a_sparse_mask_of_two_classes_is_not_taken_for_black_and_white(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set", codes="background\nperson\n", classes=2)
    sparse = np.full((30, 40), UNLABELLED, np.uint8)
    sparse[3:6] = 0
    data_sets.gray(source / "labels" / "seqA_001_P.png", sparse)
    plan = plan_of(source)
    assert (masks_of(plan)["seqA_001.png"] == sparse).all()


def test_pictures_and_masks_without_class_names_ask_for_them(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set", codes=None, valid=None)
    found = recognise(source)
    assert found.format == "camvid"
    assert {q.id: q.default for q in found.questions}["classes"] == "class 0, class 1, class 2"
    plan = plan_of(source, classes="sky, road, void")
    assert [(c.name, c.void) for c in plan.settings.classes] == [("sky", False), ("road", False), ("void", True)]
    assert len(masks_of(plan)) == 4


# --- labels by colour ---


COLORS = "128 128 128\tSky\n128 64 128\tRoad\n0 0 0\t\tVoid\n"
TABLE = np.array([(128, 128, 128), (128, 64, 128), (0, 0, 0)], np.uint8)


def by_color(tmp_path: Path, *, folder: str = "labels_color", codes: bool = False) -> Path:
    source = data_sets.camvid(tmp_path / "set", codes="Sky\nRoad\nVoid\n" if codes else None)
    for path in list((source / "labels").iterdir()):
        data_sets.gray(source / folder / path.name.replace("_P", "_L"), TABLE[data_sets.stripes()])
        if not codes:
            path.unlink()
    (source / "label_colors.txt").write_text(COLORS)
    return source


@pytest.mark.parametrize("folder", ["labels_color", "labels", "LabeledApproved_full"])
def test_colours_become_the_classes_of_label_colors_txt(tmp_path: Path, folder: str) -> None:
    plan = plan_of(by_color(tmp_path, folder=folder))
    assert [(c.name, c.color, c.void) for c in plan.settings.classes] == [
        ("Sky", "#808080", False),
        ("Road", "#804080", False),
        ("Void", "#000000", True),
    ]
    masks = masks_of(plan)
    assert len(masks) == 4
    assert all((mask == data_sets.stripes()).all() for mask in masks.values())


def test_a_colour_that_no_class_has_is_named_with_its_pixels_and_stays_unlabelled(tmp_path: Path) -> None:
    source = by_color(tmp_path)
    pixels = TABLE[data_sets.stripes()]
    pixels[:2, :7] = (10, 20, 30)
    data_sets.gray(source / "labels_color" / "seqA_001_L.png", pixels)
    plan = plan_of(source)
    mask = masks_of(plan)["seqA_001.png"]
    assert (mask[:2, :7] == UNLABELLED).all()
    assert (np.count_nonzero(mask == UNLABELLED)) == 14
    assert len(plan.problems) == 1
    assert "seqA_001_L.png" in plan.problems[0]
    assert "#0a141e (14 pixels)" in plan.problems[0]


def test_with_both_forms_the_ids_are_taken_and_the_colours_on_demand(tmp_path: Path) -> None:
    source = by_color(tmp_path, codes=True)
    lonely = source / "labels" / "seqA_002_P.png"
    data_sets.gray(lonely, np.zeros((30, 40), np.uint8))
    assert {q.id for q in recognise(source).questions} == {"form"}
    assert (masks_of(plan_of(source))["seqA_002.png"] == 0).all()
    assert (masks_of(plan_of(source, form="color"))["seqA_002.png"] == data_sets.stripes()).all()


def test_a_form_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no labels of the form color"):
        plan_of(data_sets.camvid(tmp_path / "set"), form="color")


def test_colours_that_nothing_explains_are_refused_with_the_file_that_would(tmp_path: Path) -> None:
    source = by_color(tmp_path)
    (source / "label_colors.txt").unlink()
    (source / "codes.txt").write_text("left\nright\n")
    with pytest.raises(BadInput, match=r"label_colors\.txt"):
        plan_of(source)


def test_a_stray_line_in_label_colors_txt_costs_a_sentence(tmp_path: Path) -> None:
    source = by_color(tmp_path)
    (source / "label_colors.txt").write_text(COLORS + "\nthis is no colour\n300 0 0 Nothing\n")
    plan = plan_of(source)
    assert len(plan.settings.classes) == 3
    assert len([s for s in plan.problems if "label_colors.txt: line" in s]) == 2


# --- SegNet's folders ---


def segnet(root: Path) -> Path:
    for folder, count in (("train", 3), ("val", 2), ("test", 1)):
        for number in range(count):
            data_sets.picture(root / folder / f"{folder}_{number:03d}.png")
            data_sets.gray(root / f"{folder}annot" / f"{folder}_{number:03d}.png", data_sets.stripes(12))
        lines = [
            f"/SegNet/CamVid/{folder}/{folder}_{n:03d}.png /SegNet/CamVid/{folder}annot/{folder}_{n:03d}.png"
            for n in range(count)
        ]
        (root / f"{folder}.txt").write_text("\n".join(lines))
    return root


def test_segnets_folders_bring_twelve_classes_and_their_split(tmp_path: Path) -> None:
    source = segnet(tmp_path / "CamVid")
    assert "3 in train, 2 in val, 1 in test" in recognise(source).found
    plan = plan_of(source)
    assert [c.name for c in plan.settings.classes][:2] == ["Sky", "Building"]
    assert [(c.id, c.name) for c in plan.settings.classes if c.void] == [(11, "Unlabelled")]
    assert splits_of(plan)["val/val_001.png"] is Split.VALID
    assert splits_of(plan)["test/test_000.png"] is Split.TEST
    masks = masks_of(plan)
    assert len(masks) == 6
    assert all((mask == data_sets.stripes(12)).all() for mask in masks.values())
    assert plan.problems == []


def test_a_pair_that_segnets_list_names_in_vain_is_told(tmp_path: Path) -> None:
    source = segnet(tmp_path / "CamVid")
    with (source / "train.txt").open("a") as file:
        file.write("\n/SegNet/CamVid/train/gone.png /SegNet/CamVid/trainannot/gone.png\n")
    plan = plan_of(source)
    assert len(plan.items) == 6
    assert ["gone.png" in s for s in plan.problems] == [True]


# --- the real data ---


def test_camvid11_has_195_items_twelve_classes_and_its_split(shared_data: Path) -> None:
    found = recognise(shared_data / "camvid11")
    assert (found.format, found.questions) == ("camvid", ())
    plan = plan_of(found.source)
    splits = list(splits_of(plan).values())
    assert (len(splits), splits.count(Split.TRAIN), splits.count(Split.VALID)) == (195, 150, 45)
    assert [c.name for c in plan.settings.classes if c.void] == ["Unlabelled"]
    assert len(plan.settings.classes) == 12


def test_camvid32_agrees_in_both_forms_on_the_frames_that_have_both(shared_data: Path) -> None:
    source = shared_data / "camvid32"
    by_id, by_color_ = plan_of(source), plan_of(source, form="color")
    assert len(by_id.settings.classes) == 32
    assert [(c.id, c.name) for c in by_id.settings.classes if c.void] == [(30, "Void")]
    ids, colors = masks_of(by_id), masks_of(by_color_)
    assert (len(ids), len(colors)) == (20, 8)
    assert all((ids[name] == mask).all() for name, mask in colors.items())
    assert by_id.problems == by_color_.problems == []
