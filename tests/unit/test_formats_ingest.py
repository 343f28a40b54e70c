"""An import in a project and its export: nothing lost, nothing overwritten, nothing half done."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import numpy as np
import pytest

from studio.core.classes import UNLABELLED
from studio.core.errors import BadInput, CannotWrite, ExportStopped
from studio.core.items import LabelState, Split
from studio.core.masks import read_mask
from studio.core.points import Keypoint, Points, Visibility
from studio.core.shapes import Carried, Shaped
from studio.core.tags import Tags
from studio.export import export_project
from studio.formats import ImportPlan, importer, recognise
from studio.import_fit import Fit
from studio.ingest import import_into
from studio.store import ItemFilter, Store
from tests.unit import data_sets


def plan_of(source: Path, **answers: str) -> ImportPlan:
    found = recognise(source)
    return importer(found.format).plan(found.source, **answers)


def masks_in(project: Path) -> dict[str, np.ndarray | None]:
    with Store.open(project) as store:
        return {item.name: store.read_mask(item.id) for item in store.items(store.item_ids())}


def points_in(project: Path) -> dict[str, Points | None]:
    with Store.open(project) as store:
        return {item.name: store.read_points(item.id) for item in store.items(store.item_ids())}


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_an_import_makes_the_project_and_touches_nothing_of_the_source(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    before = files_of(source)
    told: list[tuple[int, int]] = []
    report = import_into(tmp_path / "project", plan_of(source), progress=lambda done, total: told.append((done, total)))
    assert (report.items, report.labelled, report.by_split[Split.TRAIN], report.by_split[Split.VALID]) == (4, 4, 2, 2)
    assert "4 new items (2 train, 2 valid), 4 labelled." in report.sentence
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert files_of(source) == before
    with Store.open(tmp_path / "project") as store:
        assert store.counts().by_state[LabelState.LABELLED] == 4
        label = store.label_path(store.item_named("seqA_001.png").id)
    assert (read_mask(label)[0] == data_sets.stripes()).all()


def test_a_bad_label_costs_its_sentence_and_the_item_stays_unlabelled(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    data_sets.gray(source / "labels" / "seqA_001_P.png", data_sets.stripes(size=(8, 8)))
    report = import_into(tmp_path / "project", plan_of(source))
    assert (report.items, report.labelled) == (4, 3)
    assert len(report.problems) == 1
    assert "1 problem." in report.sentence
    with Store.open(tmp_path / "project") as store:
        assert store.item_named("seqA_001.png").state is LabelState.UNLABELLED


def test_importing_again_never_overwrites_what_a_person_did(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    import_into(tmp_path / "project", plan_of(source))
    with Store.open(tmp_path / "project") as store:
        document = store.open_document(store.item_named("seqA_001.png").id)
        document.fill(0, 0, 2)  # type: ignore[union-attr]
        painted = document.mask.copy()  # type: ignore[union-attr]
    assert (painted != data_sets.stripes()).any()
    data_sets.picture(source / "images" / "seqA_003.png")
    data_sets.gray(source / "labels" / "seqA_003_P.png", data_sets.stripes())
    report = import_into(tmp_path / "project", plan_of(source))
    assert (report.items, report.labelled) == (1, 1)
    masks = masks_in(tmp_path / "project")
    assert (masks["seqA_001.png"] == painted).all()
    assert (masks["seqA_003.png"] == data_sets.stripes()).all()


def test_a_cancelled_import_leaves_a_whole_project_and_the_next_one_goes_on(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set", names=[f"a_{n:03d}" for n in range(12)], valid="a_011\n")
    seen: list[int] = []
    report = import_into(
        tmp_path / "project",
        plan_of(source),
        progress=lambda done, total: seen.append(done),
        cancelled=lambda: len(seen) >= 5,
    )
    assert report.cancelled
    assert (report.items, report.labelled) == (12, 5)
    assert "7 labels to go" in report.sentence
    assert sum(mask is not None for mask in masks_in(tmp_path / "project").values()) == 5
    again = import_into(tmp_path / "project", plan_of(source))
    assert (again.items, again.labelled, again.cancelled) == (0, 7, False)
    assert all(
        (mask == data_sets.stripes()).all() for mask in masks_in(tmp_path / "project").values() if mask is not None
    )


def test_an_import_that_dies_half_way_leaves_a_project_that_opens(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set", names=[f"a_{n:03d}" for n in range(6)], valid="a_005\n")

    def die(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_into(tmp_path / "project", plan_of(source), progress=die)
    assert len(masks_in(tmp_path / "project")) == 6
    assert import_into(tmp_path / "project", plan_of(source)).items == 0
    assert all(mask is not None for mask in masks_in(tmp_path / "project").values())


def test_a_project_of_other_classes_or_another_task_is_left_alone(tmp_path: Path) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "one")))
    with pytest.raises(BadInput, match="other classes"):
        import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "two", codes="road\nsea\nvoid\n")))
    with pytest.raises(BadInput, match="for segmentation and the import is for keypoints"):
        import_into(tmp_path / "project", plan_of(data_sets.biwi(tmp_path / "three")))
    assert len(masks_in(tmp_path / "project")) == 4


def test_the_data_sets_own_folder_is_refused_as_a_project_because_its_labels_lie_there(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    before = files_of(source)
    with pytest.raises(BadInput, match="has a folder labels already"):
        import_into(source, plan_of(source))
    assert files_of(source) == before


def test_an_image_of_a_name_that_another_folder_brought_is_told_and_left_out(tmp_path: Path) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "one")))
    report = import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "two")))
    assert (report.items, report.labelled) == (0, 0)
    assert "4 images have names that the project has already" in report.problems[0]


def test_a_colon_in_a_file_name_does_not_stop_an_import(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows has no such file names")
    data_sets.picture(tmp_path / "set" / "12:30.png")
    data_sets.picture(tmp_path / "set" / "12:31.png")
    assert import_into(tmp_path / "project", plan_of(tmp_path / "set")).items == 2
    assert sorted(masks_in(tmp_path / "project")) == ["12_30.png", "12_31.png"]


def test_a_label_folder_that_cannot_be_written_is_told_and_the_items_are_there(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    plan = plan_of(source)
    data_sets.picture(tmp_path / "other" / "seqA_001.png")
    import_into(tmp_path / "project", importer("folder").plan(tmp_path / "other", classes="sky,road,void"))
    labels = tmp_path / "project" / "labels"
    labels.rmdir()
    labels.write_text("a file in the way, which stops root as well")
    with pytest.raises(CannotWrite, match="labels"):
        import_into(tmp_path / "project", plan)
    labels.unlink()
    assert len(masks_in(tmp_path / "project")) == 4
    assert import_into(tmp_path / "project", plan_of(source)).labelled == 3


# --- and out again ---


def test_an_exported_camvid_reads_back_with_the_same_masks_classes_and_split(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    sparse = data_sets.stripes()
    sparse[::2] = UNLABELLED
    data_sets.gray(source / "labels" / "seqA_002_P.png", sparse)
    (source / "labels" / "seqB_002_P.png").unlink()
    import_into(tmp_path / "project", plan_of(source))
    with Store.open(tmp_path / "project") as store:
        report = export_project(store, tmp_path / "out", format_name="camvid")
        settings = store.settings
    assert (report.items, report.labelled, report.problems) == (4, 3, ())
    again = plan_of(tmp_path / "out")
    import_into(tmp_path / "project2", again)
    first, second = masks_in(tmp_path / "project"), masks_in(tmp_path / "project2")
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)  # type: ignore[arg-type]
    assert again.settings.classes == settings.classes
    assert [i.split for i in again.items] == [Split.TRAIN, Split.TRAIN, Split.VALID, Split.VALID]
    originals, copies = files_of(source / "images"), files_of(tmp_path / "out" / "images")
    assert originals == copies


def test_an_export_of_classes_with_gaps_keeps_their_ids_and_what_they_are(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    rows = ["0,sky,#112233,s,no", "1,road,#445566,,no", "2,dirt,#778899,d,yes", "5,late,#aabbcc,,no"]
    (source / "classes.csv").write_text("\n".join(["id,name,color,key,void", *rows]))
    import_into(tmp_path / "project", plan_of(source))
    with Store.open(tmp_path / "project") as store:
        export_project(store, tmp_path / "out", format_name="camvid", images=False)
        classes = store.settings.classes
    assert [(c.id, c.name, c.color, c.key, c.void) for c in classes][2:] == [
        (2, "dirt", "#778899", "d", True),
        (5, "late", "#aabbcc", "", False),
    ]
    assert (tmp_path / "out" / "codes.txt").read_text().split("\n")[:6] == [
        "sky", "road", "dirt", "unused 3", "unused 4", "late",
    ]  # fmt: skip
    for name in data_sets.NAMES:
        data_sets.picture(tmp_path / "out" / "images" / f"{name}.png")
    assert plan_of(tmp_path / "out").settings.classes == classes


def test_an_exported_table_of_keypoints_reads_back_to_the_last_digit(tmp_path: Path) -> None:
    source = data_sets.biwi(tmp_path / "set")
    import_into(tmp_path / "project", plan_of(source))
    with Store.open(tmp_path / "project") as store:
        document = store.open_document(store.item_named("01/frame_00001_rgb.jpg").id)
        hidden = Keypoint(index=0, x=1 / 3, y=100.1, visibility=Visibility.HIDDEN)
        document.place(hidden)  # type: ignore[union-attr]
        export_project(store, tmp_path / "out", format_name="csv")
        keypoints = store.settings.keypoints
    again = plan_of(tmp_path / "out")
    import_into(tmp_path / "project2", again)
    first, second = points_in(tmp_path / "project"), points_in(tmp_path / "project2")
    assert first == second
    assert second["01/frame_00001_rgb.jpg"] == Points((hidden,))
    assert again.settings.keypoints == keypoints
    assert {i.name[:2] for i in again.items if i.split is Split.VALID} == {"13"}


def test_items_that_are_left_out_are_not_exported(tmp_path: Path) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "set")))
    with Store.open(tmp_path / "project") as store:
        store.set_left_out([store.item_named("seqA_001.png").id], True)
        assert export_project(store, tmp_path / "out", format_name="camvid").items == 3
    assert not (tmp_path / "out" / "images" / "seqA_001.png").exists()


@pytest.mark.parametrize("is_there", [False, True])
def test_an_export_appears_whole_so_that_a_killed_one_leaves_no_part_of_it(tmp_path: Path, is_there: bool) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "set")))
    out = tmp_path / "out"
    if is_there:
        out.mkdir()
    seen: list[bool] = []
    with Store.open(tmp_path / "project") as store:
        report = export_project(
            store, out, format_name="camvid", progress=lambda *_: seen.append(out.exists() and any(out.iterdir()))
        )
    assert seen == [False] * 4
    assert report.sentence.startswith(f"{out} has 4 images, ")
    assert len(files_of(out / "images")) == 4
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_link_to_an_empty_folder_is_exported_into_and_stays_a_link(tmp_path: Path) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "set")))
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    with Store.open(tmp_path / "project") as store:
        export_project(store, tmp_path / "out", format_name="camvid")
        assert (tmp_path / "out").is_symlink() and len(files_of(tmp_path / "disk" / "images")) == 4
        with pytest.raises(BadInput, match="is not empty"):
            export_project(store, tmp_path / "out", format_name="camvid")


def test_an_export_never_mixes_with_what_is_there(tmp_path: Path) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "set")))
    with Store.open(tmp_path / "project") as store, pytest.raises(BadInput, match="is not empty"):
        export_project(store, tmp_path / "set", format_name="camvid")


def test_a_format_for_the_other_task_is_refused(tmp_path: Path) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "set")))
    with Store.open(tmp_path / "project") as store, pytest.raises(BadInput, match="for keypoints"):
        export_project(store, tmp_path / "out", format_name="csv")
    assert not (tmp_path / "out").exists()


def test_a_picture_that_is_gone_costs_a_sentence_and_its_label_is_exported(tmp_path: Path) -> None:
    source = data_sets.camvid(tmp_path / "set")
    import_into(tmp_path / "project", plan_of(source))
    (source / "images" / "seqA_001.png").unlink()
    with Store.open(tmp_path / "project") as store:
        report = export_project(store, tmp_path / "out", format_name="camvid")
    assert len(report.problems) == 1
    assert "seqA_001.png cannot be read" in report.problems[0]
    assert (read_mask(tmp_path / "out" / "labels" / "seqA_001_P.png")[0] == data_sets.stripes()).all()


def test_camvid11_comes_out_as_it_went_in(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "camvid11"
    report = import_into(tmp_path / "project", plan_of(source))
    assert (report.items, report.by_split[Split.TRAIN], report.by_split[Split.VALID]) == (195, 150, 45)
    assert (report.labelled, report.problems) == (195, ())
    with Store.open(tmp_path / "project") as store:
        assert len(store.item_ids(ItemFilter(splits=(Split.VALID,)))) == 45
        export_project(store, tmp_path / "out", format_name="camvid", images=False)
    for path in sorted((source / "labels").iterdir()):
        assert (read_mask(tmp_path / "out" / "labels" / path.name)[0] == read_mask(path)[0]).all()
    assert (tmp_path / "out" / "codes.txt").read_text() == (source / "codes.txt").read_text()
    assert sorted((tmp_path / "out" / "valid.txt").read_text().split()) == sorted(
        (source / "valid.txt").read_text().split()
    )


@pytest.mark.parametrize("was_there", [False, True])
@pytest.mark.parametrize("format_name", ["camvid", "coco", "yolo", "voc", "cvat", "labelme"])
def test_a_stopped_export_leaves_nothing_behind(tmp_path: Path, format_name: str, was_there: bool) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "set")))
    out, done = tmp_path / "out", list[int]()
    if was_there:
        out.mkdir()
    with Store.open(tmp_path / "project") as store, pytest.raises(ExportStopped, match="was stopped"):
        export_project(
            store, out, format_name=format_name, progress=lambda n, _: done.append(n), cancelled=lambda: len(done) >= 2
        )
    assert out.exists() is was_there
    assert not was_there or list(out.iterdir()) == []


def test_what_lay_in_a_folder_before_an_export_into_it_was_refused_stays(tmp_path: Path) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "set")))
    before = files_of(tmp_path / "set")
    with Store.open(tmp_path / "project") as store, pytest.raises(BadInput, match="is not empty"):
        export_project(store, tmp_path / "set", format_name="coco")
    assert files_of(tmp_path / "set") == before


def test_pictures_without_labels_join_a_project_whatever_its_classes_are_called(tmp_path: Path) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "set")))
    data_sets.picture(tmp_path / "more" / "new.png", seed=9)
    report = import_into(tmp_path / "project", plan_of(tmp_path / "more"))
    assert report.items == 1
    with Store.open(tmp_path / "project") as store:
        assert [c.name for c in store.settings.classes] == ["sky", "road", "void"]


def test_labels_go_to_the_classes_of_the_same_names_whatever_their_numbers(tmp_path: Path) -> None:
    """A class was removed in the middle, so that a new data set counts otherwise than the project."""
    first = data_sets.camvid(tmp_path / "set")
    project = tmp_path / "project"
    import_into(project, plan_of(first))
    with Store.open(project) as store:
        sky, road, void = store.settings.classes
        gap = tuple(msgspec.structs.replace(c, id=c.id + 1) for c in (void, road))
        store.save_settings(msgspec.structs.replace(store.settings, classes=(*gap, msgspec.structs.replace(sky, id=9))))
    second = data_sets.camvid(tmp_path / "other", names=("later_1", "later_2"), valid="later_2.png\n")
    import_into(project, plan_of(second))
    mask = masks_in(project)["later_1.png"]
    assert mask is not None
    expected = np.array([9, road.id + 1, void.id + 1], np.uint8)[data_sets.stripes()]
    assert np.array_equal(mask, expected)


def test_tags_and_shapes_are_numbered_as_the_project_numbers_them() -> None:
    fitted = Fit({0: 4, 2: 1})
    assert fitted.of(Tags((0, 1))) == Tags((1, 4))
    shaped = fitted.of(Shaped(np.array([[0, 1, 2, 255]], np.uint8), Carried(source="coco", width=4, height=1, fill=0)))
    assert isinstance(shaped, Shaped)
    assert np.array_equal(shaped.label, [[4, 1, 1, 255]])
    assert shaped.carried.fill == 4


@pytest.mark.skipif(os.name == "nt", reason="permissions are another matter there")
@pytest.mark.parametrize("is_there", [True, False])
def test_an_export_is_as_private_as_its_folder_or_the_persons_own_mask(tmp_path: Path, is_there: bool) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "set")))
    out = tmp_path / "out"
    before = os.umask(0o077)
    try:
        if is_there:
            out.mkdir(mode=0o750)
            out.chmod(0o750)
        with Store.open(tmp_path / "project") as store:
            export_project(store, out, format_name="camvid")
    finally:
        os.umask(before)
    assert out.stat().st_mode & 0o777 == (0o750 if is_there else 0o700)


def test_a_file_that_appears_in_an_empty_folder_meanwhile_costs_no_export(tmp_path: Path) -> None:
    import_into(tmp_path / "project", plan_of(data_sets.camvid(tmp_path / "set")))
    out = tmp_path / "out"
    out.mkdir()
    with Store.open(tmp_path / "project") as store:
        export_project(
            store, out, format_name="camvid", progress=lambda _done, _total: (out / ".DS_Store").write_bytes(b"x")
        )
    assert (out / ".DS_Store").read_bytes() == b"x"
    assert (out / "codes.txt").is_file()
    assert not list(tmp_path.glob(".out-*"))
