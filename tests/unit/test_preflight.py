"""What a look at the data finds before a run, and that each fix mends what it was offered for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from studio.cli.app import run_command
from studio.core.classes import LabelClass, make_classes
from studio.core.errors import BadInput
from studio.core.items import Item, LabelState, NewItem, Split
from studio.core.masks import write_mask
from studio.core.points import Keypoint, Points
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import Tags
from studio.preflight import Finding, Fix, FixKind, check_data, mend_items, mend_settings, put_items_back
from studio.preflight.twins import PictureLook, Twins
from studio.store import Store
from tests.unit.conftest import MakeStore

SKY, ROAD, VOID = 0, 1, 2


def picture(seed: int) -> Image.Image:
    """Soft blobs, so that a smaller or harder compressed copy looks the same; another seed looks different."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((200, 150), Image.Resampling.BICUBIC)


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    """Five pictures, the last two for validation; every mask has sky and road."""
    made = make_store(5, valid=2)
    for item in made.items(made.item_ids()):
        picture(item.id).save(item.path)
        paint(made, item.id, {SKY, ROAD})
    return made


def paint(store: Store, item: int, classes: set[int]) -> None:
    mask = np.full((150, 200), VOID, np.uint8)
    for row, number in enumerate(sorted(classes)):
        mask[30 * row : 30 * row + 30] = number
    write_mask(store.label_path(item), mask, store.settings.classes)
    document = store.open_document(item)
    assert document is not None
    store.flush()


def found(store: Store, word: str, *, files: bool = True) -> Finding:
    (finding,) = [f for f in check_data(store.root, files=files).findings if word in f.sentence]
    return finding


def repaired(store: Store, finding: Finding, kind: FixKind) -> list[str]:
    """The sentences that are left once the finding's fix of a kind was carried out."""
    (fix,) = [fix for fix in finding.fixes if fix.kind is kind]
    if fix.items:
        mend_items(store, fix)
    else:
        store.save_settings(mend_settings(store, fix).settings)
    return [f.sentence for f in check_data(store.root).findings]


def test_a_project_in_order_has_nothing_to_look_at(store: Store) -> None:
    assert check_data(store.root).findings == ()


def test_it_says_what_was_looked_at_and_how_much_has_no_label(make_store: MakeStore) -> None:
    made = make_store(5, valid=2)
    for item in made.items(made.item_ids()):
        picture(item.id).save(item.path)
        if item.id != 2:
            paint(made, item.id, {SKY, ROAD})
    everything = check_data(made.root).looked_at
    assert everything.startswith("Looked at 4 pictures with labels: readable, numbers with a class")
    assert everything.endswith("1 item of train and valid has no label yet.")
    assert "Their files were not read." in check_data(made.root, files=False).looked_at
    stopped: list[int] = []
    part = check_data(made.root, progress=lambda done, _: stopped.append(done), cancelled=lambda: len(stopped) == 3)
    assert part.looked_at.startswith("Looked at 3 pictures")


def test_a_class_that_validation_never_shows_is_told_and_some_of_its_items_can_move(store: Store) -> None:
    for item in (4, 5):
        paint(store, item, {SKY})
    finding = found(store, "road is in no validation item", files=False)
    assert set(finding.items) == {1, 2, 3}
    assert repaired(store, finding, FixKind.TO_VALID) == []
    assert len([i for i in store.items([1, 2, 3]) if i.split is Split.VALID]) == 1


def test_a_class_that_training_never_shows_is_told(store: Store) -> None:
    for item in (1, 2, 3):
        paint(store, item, {SKY})
    finding = found(store, "road is in no training item", files=False)
    assert repaired(store, finding, FixKind.TO_TRAIN) == []


def test_whole_sequences_move(make_store: MakeStore) -> None:
    store = make_store(1, task=Task.SINGLE_LABEL, valid=0)
    folder = store.root.parent / "images"
    for number in range(6):
        picture(number).save(folder / f"g{number}.png")
    groups = ("a", "a", "a", "a", "b", "b")
    store.add_items(NewItem(name=f"g{n}.png", path=folder / f"g{n}.png", group=groups[n]) for n in range(6))
    store.add_items([NewItem(name="v.png", path=folder / "f0.png", split=Split.VALID)])
    ids = store.item_ids()
    names = {item.id: item.name for item in store.items(ids)}
    store.tags.replace({i: Tags((ROAD if names[i].startswith("g") else SKY,)) for i in ids}, "by hand")
    finding = found(store, "road is in no validation item", files=False)
    assert sorted(names[i] for i in finding.fixes[0].items) == ["g4.png", "g5.png"]


def test_a_class_without_any_item_can_be_removed_and_comes_back(store: Store) -> None:
    classes = (*store.settings.classes, LabelClass(id=7, name="kite", color="#00ff00"))
    store.save_settings(replace(store.settings, classes=classes))
    assert repaired(store, found(store, "kite", files=False), FixKind.REMOVE_CLASSES) == []
    assert [c.name for c in store.settings.retired] == ["kite"]


def test_a_class_that_is_void_by_its_name_can_be_made_void(store: Store) -> None:
    classes = tuple(LabelClass(id=c.id, name=c.name, color=c.color) for c in store.settings.classes)
    store.save_settings(replace(store.settings, classes=classes))
    assert repaired(store, found(store, "void is learnt", files=False), FixKind.MARK_VOID) == []
    assert [c.name for c in store.settings.classes if c.void] == ["void"]


def test_a_picture_that_cannot_be_read_can_be_left_out(store: Store) -> None:
    item = store.item(2)
    item.path.write_bytes(item.path.read_bytes()[:200])
    finding = found(store, item.path.name)
    assert finding.items == (2,)
    assert repaired(store, finding, FixKind.LEAVE_OUT) == []
    assert store.item(2).state is LabelState.LEFT_OUT


def test_pixels_without_a_class_can_get_one(store: Store) -> None:
    mask = np.zeros((150, 200), np.uint8)
    mask[40:60] = 9
    write_mask(store.label_path(3), mask, make_classes([str(n) for n in range(10)]))
    finding = found(store, "number 9")
    assert finding.items == (3,)
    left = repaired(store, finding, FixKind.ADD_CLASS)
    assert not [sentence for sentence in left if "number 9" in sentence]
    assert store.settings.classes[-1].id == 9


def test_a_mask_of_another_size_is_named(store: Store) -> None:
    write_mask(store.label_path(3), np.zeros((20, 30), np.uint8), store.settings.classes)
    assert store.label_path(3).name in found(store, "30×20").sentence


def test_a_validation_picture_that_is_a_copy_of_a_training_one_is_found(store: Store) -> None:
    """Also when it was made smaller and compressed harder; fixes move it or leave it out."""
    item = store.item(5)
    picture(2).resize((140, 105)).save(item.path.with_suffix(".jpg"), quality=60)
    shutil.copy(item.path.with_suffix(".jpg"), item.path)
    write_mask(store.label_path(5), np.eye(105, 140, dtype=np.uint8), store.settings.classes)
    finding = found(store, "nearly the same")
    assert "f4.png and f1.png" in finding.sentence
    assert finding.items == (5, 2)
    fix = next(fix for fix in finding.fixes if fix.kind is FixKind.TO_TRAIN)
    mended = mend_items(store, fix)
    assert store.item(5).split is Split.TRAIN
    put_items_back(store, mended)
    assert store.item(5).split is Split.VALID
    assert repaired(store, finding, FixKind.LEAVE_OUT) == []


def test_copies_on_the_same_side_are_left_in_peace(store: Store) -> None:
    shutil.copy(store.item(1).path, store.item(2).path)
    assert check_data(store.root).findings == ()


def test_the_same_words_on_both_sides_are_found(tmp_path: Path) -> None:
    settings = ProjectSettings(name="texts", task=Task.TEXT, classes=tuple(make_classes(["bad", "good"])))
    with Store.create(tmp_path / "project", settings) as store:
        words = ["so good", "so bad", "So  good", "never again"]
        for number, text in enumerate(words):
            (tmp_path / f"{number}.txt").write_text(text)
        splits = (Split.TRAIN, Split.TRAIN, Split.VALID, Split.VALID)
        store.add_items(
            NewItem(name=f"{n}.txt", path=tmp_path / f"{n}.txt", split=split) for n, split in enumerate(splits)
        )
        store.tags.replace({1: Tags((1,)), 2: Tags((0,)), 3: Tags((1,)), 4: Tags((0,))}, "by hand")
        assert "2.txt and 0.txt" in found(store, "nearly the same").sentence


def test_a_keypoint_that_one_side_never_shows_is_told(make_store: MakeStore) -> None:
    store = make_store(3, task=Task.KEYPOINTS)
    for item in store.items(store.item_ids()):
        picture(item.id).save(item.path)
        names = (0, 1) if item.split is Split.TRAIN else (0,)
        points = Points(tuple(Keypoint(index=i, x=5.0, y=5.0) for i in names))
        store.replace_points({item.id: points}, "by hand")
    sentences = [f.sentence for f in check_data(store.root).findings]
    assert sentences == [
        "right eye is placed in no validation item, so no metric counts it.",
        "nose is placed in no training item and is not learnt.",
    ]


def test_a_look_that_is_stopped_says_so(store: Store) -> None:
    store.item(1).path.write_bytes(b"")
    assert check_data(store.root, cancelled=lambda: True).cancelled
    seen: list[int] = []
    checked = check_data(store.root, progress=lambda done, _: seen.append(done), cancelled=lambda: len(seen) == 1)
    assert checked.cancelled
    assert len(checked.findings) == 1


def test_the_command_line_says_the_same(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for item in (4, 5):
        paint(store, item, {SKY})
    assert run_command(["check", str(store.root), "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (finding,) = [event for event in events if event["event"] == "finding"]
    assert finding["items"] == [1, 2, 3]
    assert finding["remedies"] == ["Move 1 of them to valid"]
    assert events[-1]["findings"] == 1
    assert run_command(["check", str(store.root)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Looked at 5 pictures with labels" in told
    assert " ".join(events[-1]["estimate"].split()) in told
    assert "of memory, an estimate by the network's size" in told


def test_nothing_is_changed_by_looking(store: Store) -> None:
    def files() -> dict[str, bytes]:
        return {str(p): p.read_bytes() for p in sorted((store.root / "labels").rglob("*")) if p.is_file()}

    before, items = files(), store.items(store.item_ids())
    check_data(store.root)
    assert (files(), store.items(store.item_ids())) == (before, items)


def test_classes_without_items_are_one_finding_and_those_in_use_elsewhere_stay(store: Store) -> None:
    """Kite is in a test item, so that removing it would leave a label with a class that is not there."""
    more = tuple(LabelClass(id=7 + n, name=name, color="#00ff00") for n, name in enumerate(("kite", "boat", "sign")))
    store.save_settings(replace(store.settings, classes=(*store.settings.classes, *more)))
    store.set_split([1], Split.TEST)
    paint(store, 1, {SKY, 7})
    finding = found(store, "kite, boat, sign", files=False)
    assert [fix.classes for fix in finding.fixes] == [(8, 9)]


def test_taking_a_change_of_settings_back_leaves_what_was_changed_since(store: Store) -> None:
    plain = tuple(LabelClass(id=c.id, name=c.name, color=c.color) for c in store.settings.classes)
    store.save_settings(replace(store.settings, classes=plain))
    mended = mend_settings(store, Fix(kind=FixKind.MARK_VOID, words="", classes=(VOID,)))
    later = replace(
        mended.settings, classes=(*mended.settings.classes, LabelClass(id=5, name="bridge", color="#112233"))
    )
    assert [(c.name, c.void) for c in mended.put_back(later).classes] == [
        ("sky", False),
        ("road", False),
        ("void", False),
        ("bridge", False),
    ]
    added = mend_settings(store, Fix(kind=FixKind.ADD_CLASS, words="", classes=(9,)))
    assert added.put_back(added.settings) == store.settings


def test_a_fix_that_the_project_has_overtaken_is_refused_with_a_sentence(store: Store) -> None:
    gone, used, known = (
        Fix(kind=FixKind.MARK_VOID, words="", classes=(9,)),
        Fix(kind=FixKind.REMOVE_CLASSES, words="", classes=(ROAD,)),
        Fix(kind=FixKind.ADD_CLASS, words="", classes=(ROAD,)),
    )
    for fix in (gone, used, known):
        with pytest.raises(BadInput, match="check the data again"):
            mend_settings(store, fix)


def test_a_fixed_camera_is_looked_through_in_a_moment_and_can_be_stopped(tmp_path: Path) -> None:
    """Every pair is alike: the first of each is enough, and nobody waits for the rest."""
    looked = 0

    class Same(PictureLook):
        def fingerprint(self, item: Item) -> NDArray[np.uint8]:
            return np.zeros(264, np.uint8)

    def stop() -> bool:
        nonlocal looked
        looked += 1
        return looked > 10

    twins = Twins(Same())
    for number in range(3000):
        split = Split.VALID if number % 3 == 0 else Split.TRAIN
        twins.add(Item(id=number, name=str(number), path=tmp_path, split=split, state=LabelState.LABELLED))
    (finding,) = twins.findings(stop)
    assert len(finding.items) == 2 * 10


@pytest.mark.parametrize("seed", range(5))
def test_twins_are_those_that_comparing_all_with_all_finds(seed: int) -> None:
    random = np.random.default_rng(seed)
    train = random.integers(0, 256, (40, 264), dtype=np.uint8)
    valid = train[random.integers(0, 40, 30)].copy()
    valid[:, 0] ^= random.integers(0, 256, 30, dtype=np.uint8)
    valid[:, 8:] = np.clip(valid[:, 8:].astype(int) + random.integers(-6, 7, (30, 256)), 0, 255)
    find = PictureLook().twin_in(train)
    for one in valid:
        bits = [int(np.unpackbits(one[:8] ^ other[:8]).sum()) for other in train]
        grey = [float(np.abs(one[8:].astype(int) - other[8:]).mean()) for other in train]
        alike = [place for place in range(40) if bits[place] <= 4 and grey[place] <= 3]
        assert find(one) == (alike[0] if alike else None)
