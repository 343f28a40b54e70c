"""Tags in a project: any sequence of edits and undos equals a plain model, and many items at once are one action."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.defaults import default_spec
from studio.core.document import TagsDocument
from studio.core.edits import TagsEdit
from studio.core.errors import UnknownItem
from studio.core.items import LabelState, NewItem, Split
from studio.core.settings import TAG_TASKS, ProjectSettings, Task
from studio.core.tags import NONE_OF_THEM, Tags, ids_of
from studio.store import ItemFilter, Store


def opened(store: Store, item_id: int) -> TagsDocument:
    document = store.open_document(item_id)
    assert isinstance(document, TagsDocument)
    return document


@pytest.fixture
def tagged(make_store) -> Store:
    return make_store(4, task=Task.MULTI_LABEL)


@given(st.lists(st.integers(0, 254)), st.none() | st.lists(st.integers(0, 254)))
def test_an_edit_comes_back_from_the_journal_as_it_was(old: list[int], new: list[int] | None) -> None:
    edit = TagsEdit("toggle", Tags.of(old), Tags.of(new) if new is not None else None)
    assert TagsEdit.decode(edit.encode(), "toggle") == edit
    assert edit.inverse("back").inverse("toggle") == edit


@given(st.sets(st.integers(0, 20)), st.integers(0, 20))
def test_toggling_twice_changes_nothing_and_once_changes_one_class(ids: set[int], class_id: int) -> None:
    tags = Tags.of(ids)
    assert set(tags.toggled(class_id).ids) == ids ^ {class_id}
    assert tags.toggled(class_id).toggled(class_id) == tags


def test_ids_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="ascending"):
        Tags((2, 1))


class Model:
    """What a project with tags is, in plain lists: for each item its past and its future."""

    def __init__(self, ids: list[int]) -> None:
        self.past: dict[int, list[Tags | None]] = {i: [None] for i in ids}
        self.future: dict[int, list[Tags | None]] = {i: [] for i in ids}

    def now(self, item: int) -> Tags | None:
        return self.past[item][-1]

    def change(self, item: int, tags: Tags | None) -> None:
        if tags != self.now(item):
            self.past[item].append(tags)
            self.future[item] = []

    def check(self, store: Store) -> None:
        for item, past in self.past.items():
            document = opened(store, item)
            assert store.read_tags(item) == document.tags == past[-1]
            assert document.can_undo == (len(past) > 1)
            assert document.can_redo == bool(self.future[item])
            assert (store.item(item).state is LabelState.LABELLED) == (past[-1] is not None)
        for class_id in range(3):
            having = [i for i in self.past if class_id in ids_of(self.now(i))]
            assert store.item_ids(ItemFilter(class_id=class_id)) == having


def edit_one(model: Model, document: TagsDocument, action: str, class_id: int) -> None:
    item = document.item.id
    now = model.now(item) or NONE_OF_THEM
    match action:
        case "toggle":
            document.toggle(class_id)
            model.change(item, now.toggled(class_id))
        case "choose":
            document.choose(class_id)
            model.change(item, Tags((class_id,)))
        case "none":
            document.set_none()
            model.change(item, NONE_OF_THEM)
        case "clear":
            document.clear()
            model.change(item, None)
        case "two":
            document.begin("two at once")
            document.toggle(0)
            document.toggle(1)
            document.commit()
            model.change(item, now.toggled(0).toggled(1))


def step(model: Model, document: TagsDocument, action: str) -> None:
    past, future = model.past[document.item.id], model.future[document.item.id]
    if action == "undo" and len(past) > 1:
        assert document.undo() is not None
        future.append(past.pop())
    elif action == "redo" and future:
        assert document.redo() is not None
        past.append(future.pop())


def test_any_sequence_of_edits_undos_switches_and_restarts_equals_a_plain_model(tagged: Store) -> None:
    store, rng = tagged, random.Random(7)
    model = Model(store.item_ids())
    actions = ["toggle", "toggle", "choose", "none", "clear", "two", "undo", "undo", "redo", "restart", "many"]
    for _ in range(250):
        item, action, class_id = rng.choice(list(model.past)), rng.choice(actions), rng.randrange(3)
        if action == "restart":
            store.close()
            store = Store.open(store.root)
        elif action == "many":
            some = rng.sample(list(model.past), 3)
            store.tags.replace({i: Tags((class_id,)) for i in some}, "choosing")
            for each in some:
                model.change(each, Tags((class_id,)))
        elif action in ("undo", "redo"):
            step(model, opened(store, item), action)
        else:
            edit_one(model, opened(store, item), action, class_id)
        model.check(store)
    store.close()


def test_a_jump_through_the_history_is_one_step(tagged: Store) -> None:
    document = opened(tagged, 1)
    for class_id in (0, 1, 2):
        document.toggle(class_id)
    heads = [step.id for step in tagged.journal.timeline(1)]
    document.go_to(heads[0])
    assert document.tags == Tags((0,))
    document.go_to(0)
    assert document.tags is None
    document.go_to(heads[2])
    assert document.tags == Tags((0, 1, 2))


def test_a_cancelled_edit_leaves_no_trace(tagged: Store) -> None:
    document = opened(tagged, 1)
    document.begin("toggling")
    document.toggle(1)
    document.cancel()
    assert document.tags is None
    assert tagged.journal.timeline(1) == []
    assert not document.choose(1) or document.tags == Tags((1,))
    assert not document.choose(1)


def test_none_of_them_is_a_label_and_nothing_said_is_not(tagged: Store) -> None:
    opened(tagged, 1).set_none()
    opened(tagged, 2).toggle(0)
    opened(tagged, 2).toggle(0)
    assert tagged.item_ids(ItemFilter(states=(LabelState.LABELLED,))) == [1, 2]
    opened(tagged, 1).clear()
    assert tagged.item_ids(ItemFilter(states=(LabelState.LABELLED,))) == [2]


def test_many_items_are_changed_and_taken_back_as_one_action(tagged: Store) -> None:
    opened(tagged, 2).choose(1)
    edits = tagged.tags.replace(dict.fromkeys([1, 2, 3], Tags((1,))), "choosing a class")
    assert set(edits) == {1, 3}  # the second had it already
    assert tagged.tags.of([1, 2, 3, 4, 99]) == {1: Tags((1,)), 2: Tags((1,)), 3: Tags((1,)), 4: None}
    assert sorted(tagged.tags.undo(edits)) == [1, 3]
    assert tagged.tags.of([1, 2, 3]) == {1: None, 2: Tags((1,)), 3: None}
    assert opened(tagged, 1).redo_text == "choosing a class"
    assert sorted(tagged.tags.redo(edits)) == [1, 3]
    assert tagged.tags.of([1, 3]) == {1: Tags((1,)), 3: Tags((1,))}


def test_taking_an_action_back_passes_over_items_that_went_on(tagged: Store) -> None:
    edits = tagged.tags.replace(dict.fromkeys([1, 2], Tags((1,))), "choosing a class")
    opened(tagged, 1).toggle(2)
    assert tagged.tags.undo(edits) == [2]
    assert tagged.tags.redo(edits) == [2]
    assert tagged.read_tags(1) == Tags((1, 2))
    opened(tagged, 1).undo()
    assert sorted(tagged.tags.undo(edits)) == [1, 2]


def test_an_action_on_many_builds_on_what_an_open_document_has_not_closed_yet(tagged: Store) -> None:
    document = opened(tagged, 1)
    document.begin("toggling")
    document.toggle(2)
    tagged.tags.replace({1: Tags((0,))}, "choosing a class")
    assert document.tags == Tags((0,))
    document.undo()
    assert document.tags == Tags((2,))


def test_an_unknown_item_leaves_all_of_them_alone(tagged: Store) -> None:
    with pytest.raises(UnknownItem):
        tagged.tags.replace({1: NONE_OF_THEM, 99: NONE_OF_THEM}, "none of them")
    assert tagged.read_tags(1) is None


def test_imported_tags_are_a_beginning_and_importing_others_is_an_edit(tagged: Store) -> None:
    tagged.import_annotations([(1, Tags((0, 2)))])
    document = opened(tagged, 1)
    assert document.tags == Tags((0, 2)) and not document.can_undo
    tagged.import_annotations([(1, Tags((1,))), (2, NONE_OF_THEM)])
    assert opened(tagged, 1).undo_text == "import"
    assert tagged.read_tags(2) == NONE_OF_THEM


def test_an_item_whose_picture_is_gone_can_be_tagged(tagged: Store) -> None:
    tagged.item(1).path.unlink()
    opened(tagged, 1).choose(0)
    assert tagged.read_tags(1) == Tags((0,))


def test_a_log_torn_anywhere_opens_with_a_beginning_of_the_edits(tagged: Store, tmp_path: Path) -> None:
    document = opened(tagged, 1)
    states: list[Tags | None] = [None]
    for number in range(10):
        document.toggle(number % 3)
        states.append(document.tags)
        shutil.copytree(tagged.root, tmp_path / f"after{number}", ignore=shutil.ignore_patterns("*-shm"))
    log = (tagged.root / "studio.db-wal").read_bytes()
    rng, found = random.Random(3), 0
    for number, length in enumerate([0, *sorted(rng.randrange(len(log)) for _ in range(20)), len(log)]):
        copy = tmp_path / f"torn{number}"
        shutil.copytree(tmp_path / "after9", copy)
        (copy / "studio.db-wal").write_bytes(log[:length])
        try:
            survivor = Store.open(copy)
        except Exception:  # noqa: BLE001 - the log is cut before the project was made
            continue
        with survivor:
            if not survivor.counts().total:
                continue
            survived = opened(survivor, 1)
            undone = 0
            assert survived.tags in states
            while survived.undo():
                undone += 1
            assert survived.tags is None
            assert undone >= found
            found = undone
    assert found == len(states) - 1


def test_a_project_from_before_tags_opens_and_keeps_its_items(tmp_path: Path) -> None:
    settings = ProjectSettings(name="older", task=Task.SEGMENTATION)
    with Store.create(tmp_path, settings) as store:
        store.add_items([NewItem(name="a.png", path=tmp_path / "a.png")])
    connection = sqlite3.connect(tmp_path / "studio.db")
    connection.executescript(
        "ALTER TABLE items DROP COLUMN tags; DROP TABLE acceptances;"
        "ALTER TABLE proposals ADD COLUMN accepted INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 4"
    )
    connection.close()
    with Store.open(tmp_path) as store:
        assert [item.name for item in store.items(store.item_ids())] == ["a.png"]
        assert store.read_tags(1) is None


@pytest.mark.parametrize("task", sorted(TAG_TASKS))
def test_a_run_freezes_the_classes_of_each_item_as_they_are(make_store, task: Task) -> None:
    store = make_store(4, valid=1, task=task)
    store.tags.replace({1: Tags((1,)), 2: NONE_OF_THEM, 4: Tags((0,))}, "by hand")
    run = store.create_run(default_spec(store.settings, n_items=2, image_size=(64, 64)))
    opened(store, 1).choose(0)
    frozen = store.snapshot(run.id)
    assert {item.id: (item.tags, item.revision, item.split) for item in frozen.items} == {
        1: (Tags((1,)), 1, Split.TRAIN),
        2: (NONE_OF_THEM, 1, Split.TRAIN),
        4: (Tags((0,)), 1, Split.VALID),
    }
    assert not list(run.folder.glob("labels/*"))
