"""Items: adding, naming, ordering, filtering, counting, and where their pictures lie."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import BadName, ProjectDamaged, UnknownItem
from studio.core.items import LabelState, NewItem, Split
from studio.core.settings import ProjectSettings, Task
from studio.store import ItemFilter, Store
from studio.store.natural_order import natural_key


def names(store: Store, wanted: ItemFilter | None = None) -> list[str]:
    return [item.name for item in store.items(store.item_ids(wanted))]


def new(name: str, **options: object) -> NewItem:
    return NewItem(name=name, path=Path("/pictures") / name, **options)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.create(tmp_path / "project", ProjectSettings(name="p", task=Task.SEGMENTATION))
    yield made  # type: ignore[misc]
    made.close()


def test_items_come_in_the_order_people_expect(store: Store) -> None:
    wanted = ["a/frame1.png", "a/Frame2.png", "a/frame10.png", "a/frame010b.png", "b1.png", "b02.png", "b11.png"]
    shuffled = random.Random(1).sample(wanted, len(wanted))
    store.add_items(new(name) for name in shuffled)
    assert names(store) == wanted


@given(st.lists(st.integers(0, 10**30), min_size=2, max_size=6))
def test_numbers_in_names_sort_by_value_whatever_their_length(numbers: list[int]) -> None:
    ordered = sorted((f"f{n}.png" for n in numbers), key=natural_key)
    assert ordered == [f"f{n}.png" for n in sorted(numbers)]


def test_adding_a_name_again_keeps_the_item_and_its_id(store: Store) -> None:
    first = store.add_items([new("a.png"), new("b.png")])
    second = store.add_items([new("b.png", split=Split.TEST), new("c.png"), new("a.png")])
    assert second[0] == first[1] and second[2] == first[0]
    assert store.item_named("b.png").split is Split.TRAIN
    assert len(store.item_ids()) == 3


def test_adding_is_all_or_nothing(store: Store) -> None:
    with pytest.raises(BadName, match="outside"):
        store.add_items([new("a.png"), new("../outside.png")])
    assert store.item_ids() == []


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "a//b.png", "a/../b.png", "./a.png", "a\\b.png", "C:/a.png", "a\0"]
)
def test_a_name_that_would_leave_the_project_is_refused(store: Store, name: str) -> None:
    with pytest.raises(BadName):
        store.add_items([NewItem(name=name, path=Path("/pictures/a.png"))])


def test_every_item_has_a_label_file_of_its_own_also_where_files_ignore_case(store: Store) -> None:
    wanted = ["a.png", "a.jpg", "A.PNG", "a.tar.gz", "d/a.png", "noending", ".hidden", "A.png", "a.PNG"]
    ids = store.add_items(new(name) for name in wanted)
    labels = [store.label_path(i).relative_to(store.root / "labels").as_posix() for i in ids]
    assert len({label.lower() for label in labels}) == len(wanted)
    assert labels[:2] == ["a.png", "a.jpg.png"]
    assert labels[4] == "d/a.png"
    assert all(label.endswith(".png") for label in labels)


def test_an_item_that_does_not_exist_is_named(store: Store) -> None:
    with pytest.raises(UnknownItem, match=r"ghost\.png"):
        store.item_named("ghost.png")
    with pytest.raises(UnknownItem, match="number 99"):
        store.item(99)
    for action in (store.read_mask, store.open_document, store.label_path):
        with pytest.raises(UnknownItem):
            action(99)
    with pytest.raises(UnknownItem):
        store.import_annotations([(99, np.zeros((4, 4), np.uint8))])
    assert store.items([99]) == []


def test_items_come_in_the_order_asked_for(store: Store) -> None:
    ids = store.add_items(new(f"{i}.png") for i in range(5))
    asked = [ids[3], ids[0], ids[3], ids[4]]
    assert [item.id for item in store.items(asked)] == asked


def test_groups_and_splits_are_kept(store: Store) -> None:
    (item_id,) = store.add_items([new("a.png", split=Split.TEST, group="subject 13")])
    assert (store.item(item_id).split, store.item(item_id).group) == (Split.TEST, "subject 13")
    store.set_split([item_id], Split.VALID)
    assert store.item(item_id).split is Split.VALID


def test_filters_narrow_the_list_and_combine(store: Store) -> None:
    ids = store.add_items(new(f"{'day' if i % 2 else 'night'}_{i}.png") for i in range(8))
    store.set_split(ids[4:], Split.VALID)
    store.set_left_out(ids[6:], True)
    mask = np.zeros((4, 4), np.uint8)
    mask[0] = 3
    store.save_settings(msgspec.structs.replace(store.settings, classes=()))
    store.import_annotations([(ids[0], mask), (ids[5], np.zeros((4, 4), np.uint8)), (ids[6], mask)])

    assert names(store, ItemFilter(states=[LabelState.LABELLED])) == ["day_5.png", "night_0.png"]
    assert names(store, ItemFilter(states=[LabelState.LEFT_OUT])) == ["day_7.png", "night_6.png"]
    states = (LabelState.UNLABELLED, LabelState.LEFT_OUT)
    assert len(names(store, ItemFilter(states=states))) == 6
    assert names(store, ItemFilter(class_id=3)) == ["night_0.png", "night_6.png"]
    assert names(store, ItemFilter(splits=[Split.VALID], text="DAY")) == ["day_5.png", "day_7.png"]
    assert names(store, ItemFilter(splits=[Split.TRAIN, Split.TEST], text="day_")) == ["day_1.png", "day_3.png"]
    assert names(store, ItemFilter(class_id=3, states=[LabelState.LABELLED])) == ["night_0.png"]


def test_a_search_takes_wildcards_for_plain_letters(store: Store) -> None:
    store.add_items(new(name) for name in ("100%.png", "100x.png", "a_b.png", "acb.png", "c!d.png"))
    assert names(store, ItemFilter(text="100%")) == ["100%.png"]
    assert names(store, ItemFilter(text="a_b")) == ["a_b.png"]
    assert names(store, ItemFilter(text="\\")) == []


def test_counts_have_every_state_and_split(store: Store) -> None:
    assert store.counts().total == 0
    ids = store.add_items(new(f"{i}.png") for i in range(5))
    store.set_left_out(ids[:1], True)
    store.set_split(ids[3:], Split.VALID)
    store.import_annotations([(ids[1], np.zeros((4, 4), np.uint8))])
    counts = store.counts()
    assert counts.by_state == {LabelState.UNLABELLED: 3, LabelState.LABELLED: 1, LabelState.LEFT_OUT: 1}
    assert counts.by_split == {Split.TRAIN: 3, Split.VALID: 2, Split.TEST: 0, Split.PRODUCTION: 0}
    assert counts.total == 5


def test_a_left_out_item_comes_back_as_it_was(store: Store) -> None:
    ids = store.add_items([new("a.png"), new("b.png")])
    store.import_annotations([(ids[0], np.zeros((4, 4), np.uint8))])
    store.set_left_out(ids, True)
    store.set_left_out(ids, False)
    assert [store.item(i).state for i in ids] == [LabelState.LABELLED, LabelState.UNLABELLED]


def test_pictures_can_move_when_the_settings_say_where_to(tmp_path: Path) -> None:
    outer, inner, project = tmp_path / "disk", tmp_path / "disk" / "set", tmp_path / "project"
    settings = ProjectSettings(name="p", task=Task.SEGMENTATION, image_roots=(str(outer), str(inner)))
    with Store.create(project, settings) as store:
        ids = store.add_items(
            [
                NewItem(name="o.png", path=outer / "x" / "o.png"),
                NewItem(name="i.png", path=inner / "i.png"),
                NewItem(name="p.png", path=project / "pictures" / "p.png"),
                NewItem(name="e.png", path=Path("/elsewhere/e.png")),
                NewItem(name="d.png", path=inner / ".." / "d.png"),
            ]
        )
        assert [store.item(i).path for i in ids] == [
            outer / "x" / "o.png",
            inner / "i.png",
            project / "pictures" / "p.png",
            Path("/elsewhere/e.png"),
            outer / "d.png",
        ]
        store.save_settings(msgspec.structs.replace(settings, image_roots=(str(outer), "../moved")))
        assert store.item(ids[1]).path == tmp_path / "moved" / "i.png"

    project.rename(tmp_path / "renamed")
    with Store.open(tmp_path / "renamed") as store:
        assert store.item(ids[1]).path == tmp_path / "moved" / "i.png"
        assert store.item(ids[2]).path == tmp_path / "renamed" / "pictures" / "p.png"
        store.save_settings(msgspec.structs.replace(settings, image_roots=(str(outer),)))
        with pytest.raises(ProjectDamaged, match=r"image_roots\[1\]"):
            store.item(ids[1])


def test_a_second_store_sees_what_the_first_one_did(store: Store) -> None:
    with Store.open(store.root) as other:
        ids = store.add_items([new("a.png")])
        assert other.item_ids() == ids
        other.set_left_out(ids, True)
        assert store.item(ids[0]).state is LabelState.LEFT_OUT
