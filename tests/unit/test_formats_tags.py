"""Tags in tables, class folders and documents in tables: in, out and in again; every fault is one sentence."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from studio.core.classes import make_classes
from studio.core.document import TagsDocument
from studio.core.errors import BadInput, BadTable
from studio.core.items import LabelState, Split
from studio.core.settings import Task
from studio.core.tags import NONE_OF_THEM, Tags
from studio.core.texts import as_read, first_words, read_document
from studio.export import export_project
from studio.formats import importer, recognise
from studio.formats.class_folders_export import class_folder_names
from studio.ingest import import_into
from studio.store import Store
from tests.unit.data_sets import picture

Told = dict[str, tuple[Split, list[str] | None]]
"""By item name: its split and the names of its classes, None where nobody has said anything."""


def told(store: Store) -> Told:
    names = {c.id: c.name for c in store.settings.classes}
    found: Told = {}
    for item in store.items(store.item_ids()):
        tags = store.read_tags(item.id)
        found[item.name] = item.split, [names[i] for i in tags.ids] if tags is not None else None
    return found


@pytest.fixture
def carry(tmp_path: Path) -> Callable[..., tuple[Told, Sequence[str]]]:
    """Imports a source as its layout says; returns what the project says then, and the sentences."""

    def carry_in(source: Path, project: str = "project", **answers: str) -> tuple[Told, Sequence[str]]:
        found = recognise(source)
        report = import_into(tmp_path / project, importer(found.format).plan(found.source, **answers))
        with Store.open(tmp_path / project) as store:
            return told(store), report.problems

    return carry_in


def table(folder: Path, rows: str, name: str = "tags.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(rows, encoding="utf-8", newline="")
    return folder


def tagged_pictures(folder: Path, rows: str, *, names: Sequence[str] = ("a", "b", "c")) -> Path:
    for number, name in enumerate(names):
        picture(folder / "pictures" / f"{name}.jpg", seed=number)
    return table(folder, rows)


# --- tags in a table ---


def test_planets_tags_come_in_go_out_and_come_in_again(shared_data: Path, carry, tmp_path: Path) -> None:
    source = shared_data / "planet"
    now, problems = carry(source, seed="3")
    assert problems == ()
    with (source / "train_v2.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["image_name"]: row["tags"].split() for row in csv.DictReader(file)}
    assert {Path(name).stem: sorted(tags or []) for name, (_, tags) in now.items()} == {
        name: sorted(tags) for name, tags in rows.items()
    }
    with Store.open(tmp_path / "project") as store:
        assert store.settings.task is Task.MULTI_LABEL
        export_project(store, tmp_path / "out", format_name="tags")
    again, problems = carry(tmp_path / "out", "again")
    assert problems == ()
    assert {name.removeprefix("images/"): said for name, said in again.items()} == now


def test_none_of_them_unlabelled_and_names_with_blanks_survive_a_round_trip(carry, tmp_path: Path) -> None:
    carry(tagged_pictures(tmp_path / "data", "image_name,tags\na,big cat\nb,big cat;dog\n"))
    with Store.open(tmp_path / "project") as store:
        assert [c.name for c in store.settings.classes] == ["big cat", "dog"]
        document = store.open_document(store.item_named("pictures/a.jpg").id)
        assert isinstance(document, TagsDocument)
        document.set_none()
        export_project(store, tmp_path / "out", format_name="tags", images=True)
        before = told(store)
    again, problems = carry(tmp_path / "out", "again")
    assert problems == ()
    assert {name.removeprefix("images/"): said for name, said in again.items()} == before
    assert before["pictures/a.jpg"][1] == [] and before["pictures/c.jpg"][1] is None


def test_each_fault_of_a_tags_table_is_one_sentence_and_the_rest_goes_on(carry, tmp_path: Path) -> None:
    rows = "image_name,tags\na,clear\na,haze clear\nb,\nnowhere,clear\n,clear\n"
    now, problems = carry(tagged_pictures(tmp_path / "data", rows, names=("a", "b", "c")))
    assert now["pictures/a.jpg"][1] == ["clear", "haze"]
    assert now["pictures/b.jpg"][1] is None and now["pictures/c.jpg"][1] is None
    said = " ".join(problems)
    assert len(problems) == 4
    assert "2 of its rows have no image (nowhere, a row without a name)" in said
    assert "1 row has no label (pictures/b.jpg)" in said
    assert "their tags were joined" in said
    assert "no row for 1 of the images" in said


def test_a_table_with_one_label_each_makes_single_labels_with_its_split(carry, tmp_path: Path) -> None:
    rows = "name,label,is_valid\npictures/a.jpg,3,False\npictures/b.jpg,10,True\npictures/c.jpg,3,False\n"
    now, problems = carry(tagged_pictures(tmp_path / "data", rows))
    assert problems == ()
    assert now["pictures/b.jpg"] == (Split.VALID, ["10"])
    with Store.open(tmp_path / "project") as store:
        assert store.settings.task is Task.SINGLE_LABEL
        assert [c.name for c in store.settings.classes] == ["3", "10"]


def test_a_table_of_tags_in_another_encoding_or_without_its_columns_is_refused_in_a_sentence(tmp_path: Path) -> None:
    folder = tagged_pictures(tmp_path / "data", "image_name,labl\na,clear\n")
    with pytest.raises(BadInput, match="no CSV file with a column image_name"):
        importer("tags").plan(folder)
    (folder / "tags.csv").write_bytes("image_name,tags\na,café\n".encode("latin-1"))
    with pytest.raises(BadTable, match="not text in UTF-8"):
        importer("tags").plan(folder)


def test_no_sign_between_tags_is_left(tmp_path: Path, carry) -> None:
    carry(tagged_pictures(tmp_path / "data", "image_name,tags\na,x\n"))
    with Store.open(tmp_path / "project") as store:
        classes = tuple(make_classes(["a b;c|d,e/f\tg"]))
        store.save_settings(msgspec.structs.replace(store.settings, classes=classes))
        with pytest.raises(BadInput, match="rename some"):
            export_project(store, tmp_path / "out", format_name="tags")


# --- class folders ---


def test_ants_and_bees_come_in_with_their_split_and_the_odd_file_is_named(
    shared_data: Path, carry, tmp_path: Path
) -> None:
    now, problems = carry(shared_data / "hymenoptera")
    assert len(problems) == 1 and "train/ants/imageNotFound.gif" in problems[0]
    assert all(name.split("/")[1] in (tags or []) for name, (_, tags) in now.items())
    assert {split for name, (split, _) in now.items() if name.startswith("val/")} == {Split.VALID}
    with Store.open(tmp_path / "project") as store:
        export_project(store, tmp_path / "out", format_name="class-folders")
    again, _ = carry(tmp_path / "out", "again")
    assert {name.replace("valid/", "val/"): said for name, said in again.items()} == now


def class_folders(root: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        picture(root / name, seed=number)
    return root


def test_plain_class_folders_are_split_at_random(carry, tmp_path: Path) -> None:
    names = [f"{kind}/{n}.png" for kind in ("cat", "dog") for n in range(5)]
    now, problems = carry(class_folders(tmp_path / "data", *names, "unsorted/x.png"))
    assert problems == ()
    assert now["cat/0.png"][1] == ["cat"] and now["unsorted/x.png"][1] is None
    assert {split for split, _ in now.values()} == {Split.TRAIN, Split.VALID}


def test_relabelled_items_go_to_their_new_folder_and_same_names_are_numbered(carry, tmp_path: Path) -> None:
    carry(class_folders(tmp_path / "data", "train/cat/1.png", "train/dog/1.png", "val/cat/2.png", "val/dog/3.png"))
    with Store.open(tmp_path / "project") as store:
        dog = next(c.id for c in store.settings.classes if c.name == "dog")
        for name, tags in (("train/cat/1.png", Tags((dog,))), ("val/cat/2.png", None)):
            item = store.item_named(name).id
            store.tags.replace({item: tags}, "test")
        report = export_project(store, tmp_path / "out", format_name="class-folders")
    assert len(report.problems) == 1 and "a number added" in report.problems[0]
    files = {str(p.relative_to(tmp_path / "out").as_posix()) for p in (tmp_path / "out").rglob("*.png")}
    assert files == {"train/dog/1.png", "train/dog/1 (2).png", "valid/unlabelled/2.png", "valid/dog/3.png"}


def test_class_names_that_no_folder_can_have_come_back_as_they_were(carry, tmp_path: Path) -> None:
    carry(class_folders(tmp_path / "data", "train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "val/dog/4.png"))
    with Store.open(tmp_path / "project") as store:
        classes = make_classes(["either/or", "unlabelled"])
        store.save_settings(type(store.settings)(name="x", task=Task.SINGLE_LABEL, classes=tuple(classes),
                                                 image_roots=store.settings.image_roots))  # fmt: skip
        export_project(store, tmp_path / "out", format_name="class-folders")
    again, _ = carry(tmp_path / "out", "again")
    assert sorted(tags or [] for _, tags in again.values()) == [["either/or"]] * 2 + [["unlabelled"]] * 2


def test_folders_get_names_that_differ_where_case_is_ignored() -> None:
    assert class_folder_names(make_classes(["a", "A", "a/b", "a:b", "train", "..", "x."])) == [
        "a", "A (2)", "a_b", "a_b (2)", "train class", "_", "x_"]  # fmt: skip


def test_folders_of_pictures_and_labels_are_no_classes(tmp_path: Path) -> None:
    folder = class_folders(tmp_path / "data", "images/1.png", "masks/1.png")
    assert importer("class-folders").recognise(folder) is None
    with pytest.raises(BadInput, match="no folder of pictures"):
        importer("class-folders").plan(class_folders(tmp_path / "plain", "1.png"))


def test_texts_in_class_folders_are_documents(carry, tmp_path: Path) -> None:
    for name in ("train/pos/1.txt", "train/neg/2.txt", "train/unsup/3.txt", "test/pos/1.txt", "test/neg/4.txt"):
        table(tmp_path / "data" / Path(name).parent, f"This is {name}.\r\n", Path(name).name)
    (tmp_path / "data" / "README.txt").write_text("about", encoding="utf-8")
    now, _ = carry(tmp_path / "data", valid="0.34")
    assert {name: tags for name, (_, tags) in now.items()} == {
        "train/pos/1.txt": ["pos"], "train/neg/2.txt": ["neg"], "train/unsup/3.txt": None,
        "test/pos/1.txt": ["pos"], "test/neg/4.txt": ["neg"]}  # fmt: skip
    assert {split for name, (split, _) in now.items() if name.startswith("test")} == {Split.TEST}


# --- documents in a table ---


def test_film_reviews_come_in_go_out_and_come_in_again_sign_for_sign(shared_data: Path, carry, tmp_path: Path) -> None:
    source = shared_data / "imdb_sample"
    now, problems = carry(source)
    assert problems == () and len(now) == 1000
    with (source / "texts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with Store.open(tmp_path / "project") as store:
        items = store.items(store.item_ids())
        assert [read_document(item.path) for item in items] == [row["text"] for row in rows]
        assert [item.split is Split.VALID for item in items] == [row["is_valid"] == "True" for row in rows]
        assert [now[item.name][1] for item in items] == [[row["label"]] for row in rows]
        export_project(store, tmp_path / "out", format_name="text")
    with (tmp_path / "out" / "texts.csv").open(encoding="utf-8", newline="") as file:
        out = list(csv.DictReader(file))
    assert [{k: row[k] for k in ("label", "text", "is_valid")} for row in out] == rows
    again, problems = carry(tmp_path / "out", "again")
    assert problems == () and again == now


def test_each_fault_of_a_text_table_is_one_sentence(carry, tmp_path: Path) -> None:
    rows = 'label,text,name\npos,"good, <br />\r\n very",x\nneg, ,y\n,unsaid,z\npos,twice,x\nneg,bad,../../w\n'
    now, problems = carry(table(tmp_path / "data", rows, "reviews.csv"), valid="0.5")
    assert {name: tags for name, (_, tags) in now.items()} == {"x.txt": ["pos"], "z.txt": None, "w.txt": ["neg"]}
    assert len(problems) == 3
    assert (tmp_path / "project" / "texts" / "x.txt").read_bytes() == b"good, <br />\r\n very"


def test_a_document_of_megabytes_and_a_second_table_of_the_same_name(carry, tmp_path: Path) -> None:
    long = "word " * 1_000_000
    carry(table(tmp_path / "one", f'label,text\npos,"{long}"\nneg,b\n', "texts.csv"))
    now, _ = carry(table(tmp_path / "two", "label,text\npos,another\nneg,b\n", "texts.csv"))
    assert set(now) == {"texts_1.txt", "texts_1 (2).txt", "texts_2.txt"}
    assert (tmp_path / "project" / "texts" / "texts_1.txt").stat().st_size == len(long)
    again, _ = carry(tmp_path / "two")
    assert set(again) == set(now)


def test_a_text_table_without_texts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="no row has a text"):
        importer("text").plan(table(tmp_path / "data", "label,text\npos,\n", "texts.csv"))
    with pytest.raises(BadInput, match="no CSV file with a column text"):
        importer("text").plan(table(tmp_path / "other", "a,b\n1,2\n", "texts.csv"))


# --- plain folders ---


def test_a_plain_folder_offers_labels_of_whole_images(tmp_path: Path) -> None:
    picture(tmp_path / "data" / "a.png")
    found = recognise(tmp_path / "data")
    task = next(q for q in found.questions if q.id == "task")
    assert {"single-label", "multi-label"} <= set(task.choices) and "text" not in task.choices
    plan = importer("folder").plan(tmp_path / "data", task="multi-label", classes="cat, dog")
    assert plan.settings.task is Task.MULTI_LABEL
    assert [c.name for c in plan.settings.classes] == ["cat", "dog"]
    with pytest.raises(BadInput, match="no text file"):
        importer("folder").plan(tmp_path / "data", task="text")


def test_a_folder_of_text_files_makes_a_project_of_documents(carry, tmp_path: Path) -> None:
    for number in range(3):
        table(tmp_path / "data", "words", f"{number}.txt")
    now, _ = carry(tmp_path / "data", classes="good, bad")
    assert len(now) == 3
    with Store.open(tmp_path / "project") as store:
        assert store.settings.task is Task.TEXT
        assert store.counts().by_state[LabelState.UNLABELLED] == 3
        store.import_annotations([(store.item_ids()[0], NONE_OF_THEM)])


def test_breaks_are_line_breaks_and_the_first_words_fit_a_line(tmp_path: Path) -> None:
    assert as_read("a <br /><br />b<BR>c\r\nd") == "a\n\nb\nc\nd"
    (tmp_path / "a.txt").write_text("Wie schön<br />das ist " * 400, encoding="utf-8")
    assert first_words(tmp_path / "a.txt").startswith("Wie schön das ist Wie")
    for cut in range(1, 40):  # wherever the reading stops
        assert "\ufffd" not in first_words(tmp_path / "a.txt", at_most=cut)
        assert "Ã" not in first_words(tmp_path / "a.txt", at_most=cut)
    (tmp_path / "b.txt").write_bytes(b"caf\xe9")
    assert read_document(tmp_path / "b.txt") == "café"
    with pytest.raises(BadInput, match="cannot be read"):
        read_document(tmp_path / "none.txt")
    with pytest.raises(BadInput, match="cannot be read"):
        first_words(tmp_path / "none.txt")
