"""The demo projects: exact labels, what is missing and wrong as the notes say, and made once."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from studio.core.errors import BadInput
from studio.core.items import LabelState, Split
from studio.core.points import Visibility
from studio.core.settings import Task
from studio.core.tags import ids_of
from studio.demo import DemoNotes, default_demo_folder, faces, make_demo, read_notes, street_picture
from studio.demo import project as drawing
from studio.demo.canvas import Canvas
from studio.demo.project import FRAMES, SITTERS, STREETS, TAGGED_FRAMES, TAGGED_STREETS
from studio.demo.spoiling import SMALLEST_SHARE, spoil_mask, spoil_points
from studio.demo.street_tags import SEEN, plain_street
from studio.demo.street_world import WEATHERS, make_street
from studio.store import Store


@pytest.fixture(scope="module")
def streets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "streets")


@pytest.fixture(
    scope="module",
    params=[
        (Task.SINGLE_LABEL, TAGGED_FRAMES // 2),
        pytest.param((Task.SINGLE_LABEL, TAGGED_FRAMES), marks=pytest.mark.slow),
        (Task.MULTI_LABEL, TAGGED_FRAMES),
    ],
    ids=lambda param: f"{param[0]}, {param[1]} scenes a street",
)
def tagged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A project, and how many scenes of each street it has: for the weathers half of the demo's tell as much."""
    task, frames = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "TAGGED_FRAMES", frames)
        return make_demo(tmp_path_factory.mktemp("demo") / "tags", task), frames


@pytest.fixture(scope="module")
def portraits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "faces", Task.KEYPOINTS)


def street_truth(name: str, *, plain: bool = False) -> np.ndarray:
    """`plain` as the scenes with tags are drawn."""
    number, frame = int(name[7:9]) - 1, int(name[10:13]) - 1
    street, seed = make_street(100 + number, WEATHERS[number % len(WEATHERS)]), 1000 * number + frame
    mask = street_picture.draw_scene(street, frame, seed=seed).mask
    if not plain:
        return mask
    return street_picture.draw_scene(plain_street(street, mask, random.Random(seed)), frame, seed=seed).mask


def test_a_shape_covers_the_same_pixels_in_the_picture_and_in_the_mask() -> None:
    canvas = Canvas(40, 30)
    canvas.polygon([(5, 5), (35, 5), (35, 25), (5, 25)], (255, 255, 255), 1)
    canvas.ellipse((20, 15), (6, 6), (0, 0, 0), 2)
    canvas.polygon([(6, 6), (9, 6), (9, 9), (6, 9)], (255, 0, 0))
    picture, mask = canvas.picture(), canvas.mask()
    expected = np.zeros((30, 40), np.uint8)
    expected[5:25, 5:35] = 1
    rows, columns = np.mgrid[:30, :40] + 0.5
    distance = np.hypot(columns - 20, rows - 15)
    inside, outside = distance < 5.5, distance > 6.5
    assert (mask[inside] == 2).all()
    assert (mask[outside] == expected[outside]).all()
    assert (picture[mask == 0] < 128).all(), "less than half of a pixel outside of the shape is covered by it"
    assert (picture[inside] == 0).all()
    assert tuple(picture[7, 7]) == (255, 0, 0)
    assert mask[7, 7] == 1


def test_the_streets_have_eight_classes_and_each_occurs_in_most_scenes(streets: Path) -> None:
    with Store.open(streets) as store:
        assert [c.name for c in store.settings.classes] == [name for name, _ in street_picture.CLASSES]
        assert not any(c.void for c in store.settings.classes)
        items = store.items(store.item_ids())
        assert len(items) == STREETS * FRAMES
        wrong = {label.name for label in read_notes(streets).wrong}
        right = [i for i in items if i.state is LabelState.LABELLED and i.name not in wrong]
        seen = np.zeros(8, int)
        for item in right[::5]:
            mask = store.read_mask(item.id)
            assert mask is not None
            assert mask.max() < 8
            seen += np.bincount(mask.ravel(), minlength=8) > 0
    assert (seen > 0.5 * len(right[::5])).all()


def test_a_whole_street_is_on_one_side_of_the_split(streets: Path) -> None:
    with Store.open(streets) as store:
        items = store.items(store.item_ids())
    groups = {split: {i.group for i in items if i.split is split} for split in (Split.TRAIN, Split.VALID)}
    assert (len(groups[Split.TRAIN]), len(groups[Split.VALID])) == (8, 2)
    assert not groups[Split.TRAIN] & groups[Split.VALID]


def check_missing(project: Path, notes: DemoNotes) -> None:
    with Store.open(project) as store:
        unlabelled = {i.name for i in store.items(store.item_ids()) if i.state is LabelState.UNLABELLED}
    assert unlabelled == set(notes.missing)
    assert 24 <= len(unlabelled) <= 40


def test_the_notes_say_which_street_labels_are_missing_and_wrong_and_the_rest_is_exact(streets: Path) -> None:
    notes = read_notes(streets)
    check_missing(streets, notes)
    wrong = {label.name: label for label in notes.wrong}
    with Store.open(streets) as store:
        names = [i.name for i in store.items(store.item_ids()) if i.name not in notes.missing]
        right = [name for name in names if name not in wrong]
        for name in [*wrong, *right[::15]]:
            label = store.read_mask(store.item_named(name).id)
            differing = float(np.mean(label != street_truth(name)))
            assert differing == 0 if name in right else differing >= SMALLEST_SHARE
        assert {store.item_named(name).split for name in wrong} == {Split.TRAIN, Split.VALID}


@pytest.mark.slow
def test_the_notes_say_which_face_points_are_wrong(portraits: Path) -> None:
    notes = read_notes(portraits)
    check_missing(portraits, notes)
    wrong = {label.name for label in notes.wrong}
    hidden = 0
    with Store.open(portraits) as store:
        items = store.items(store.item_ids())
        assert len(items) == SITTERS * faces.FRAMES
        for item in items:
            points = store.read_points(item.id)
            if points is None:
                continue
            truth = faces.draw_portrait(faces.make_sitter(int(item.name[7:9]) - 1), int(item.name[10:13]) - 1).points
            furthest = max(np.hypot(a.x - b.x, a.y - b.y) for a, b in zip(points.placed, truth.placed, strict=True))
            assert furthest == (pytest.approx(60) if item.name in wrong else 0)
            hidden += any(p.visibility is Visibility.HIDDEN for p in points.placed)
    assert hidden > 5


def test_the_notes_say_which_tags_are_wrong_and_the_rest_is_what_the_scene_shows(tagged: tuple[Path, int]) -> None:
    project, frames = tagged
    notes = read_notes(project)
    check_missing(project, notes)
    wrong = {label.name for label in notes.wrong}
    with Store.open(project) as store:
        names = [c.name for c in store.settings.classes]
        items = store.items(store.item_ids())
        assert len(items) == TAGGED_STREETS * frames
        valid = {i.name: ids_of(store.read_tags(i.id)) for i in items if i.split is Split.VALID}
        assert {names[i] for ids in valid.values() for i in ids} == set(names), "each class can be judged"
        for item in items[::7]:
            tags = store.read_tags(item.id)
            if tags is None:
                continue
            mask = street_truth(item.name, plain=set(SEEN) <= set(names))
            truth = {WEATHERS[(int(item.name[7:9]) - 1) % len(WEATHERS)].name}
            truth |= {name for name, (i, least) in SEEN.items() if name in names and (mask == i).mean() >= least}
            assert ({names[i] for i in tags.ids} == truth) == (item.name not in wrong)


def test_a_scene_with_tags_shows_a_thing_plainly_or_not_at_all() -> None:
    having = dict.fromkeys(SEEN, 0)
    scenes = [f"street-{street:02d}_{frame:03d}.jpg" for street in range(1, 16) for frame in (1, 9, 17)]
    for scene in scenes:
        mask = street_truth(scene, plain=True)
        for name, (class_id, least) in SEEN.items():
            share = (mask == class_id).mean()
            assert share == 0 or share >= least
            having[name] += share > 0
    assert all(0.25 < count / len(scenes) < 0.75 for count in having.values()), "as many with it as without, about"


def test_the_points_of_a_face_lie_in_the_picture_and_on_the_face() -> None:
    for number in range(SITTERS):
        sitter = faces.make_sitter(number)
        for frame in range(0, faces.FRAMES, 3):
            for point in faces.draw_portrait(sitter, frame).points.placed:
                assert 0 <= point.x < faces.WIDTH
                assert 0 <= point.y < faces.HEIGHT


def test_the_same_number_is_always_the_same_picture() -> None:
    street = make_street(100, WEATHERS[0])
    first, second = (street_picture.draw_scene(street, 3, seed=5) for _ in range(2))
    assert (first.picture == second.picture).all()
    assert (first.mask == second.mask).all()
    other = street_picture.draw_scene(make_street(101, WEATHERS[0]), 3, seed=5)
    assert (other.mask != first.mask).mean() > 0.05


@pytest.mark.parametrize("seed", range(8))
def test_a_spoilt_mask_differs_where_its_sentence_says(seed: int) -> None:
    mask = street_picture.draw_scene(make_street(100 + seed, WEATHERS[0]), 4, seed=0).mask
    spoilt = spoil_mask(mask, random.Random(seed))
    changed = spoilt.mask != mask
    assert changed.mean() >= SMALLEST_SHARE
    named = {i for i, (name, _) in enumerate(street_picture.CLASSES) if name in spoilt.what}
    assert set(np.unique(mask[changed])) | set(np.unique(spoilt.mask[changed])) <= named


@pytest.mark.parametrize("seed", range(12))
def test_spoilt_points_stay_in_the_picture(seed: int) -> None:
    portrait = faces.draw_portrait(faces.make_sitter(seed), 2)
    size = (faces.WIDTH, faces.HEIGHT)
    spoilt = spoil_points(portrait.points, [n for n, _ in faces.KEYPOINTS], size, random.Random(seed))
    moved = [a != b for a, b in zip(portrait.points.placed, spoilt.points.placed, strict=True)]
    assert any(moved)
    first = spoilt.points.placed[moved.index(True)]
    assert 0 <= first.x <= faces.WIDTH
    assert 0 <= first.y <= faces.HEIGHT


def test_a_demo_that_is_there_stays_as_a_person_left_it(streets: Path) -> None:
    with Store.open(streets) as store:
        item = store.item_ids()[0]
        store.set_left_out([item], True)
    assert make_demo(streets) == streets
    with Store.open(streets) as store:
        assert store.item(item).state is LabelState.LEFT_OUT
        store.set_left_out([item], False)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BadInput, match="holds something else"):
        make_demo(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_demo_that_is_interrupted_leaves_nothing_behind_and_can_be_made_again(tmp_path: Path) -> None:
    def die(done: int, total: int) -> None:
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_demo(tmp_path / "demo", Task.KEYPOINTS, progress=die)
    assert list(tmp_path.iterdir()) == []


def test_each_task_has_a_demo_folder_of_its_own() -> None:
    folders = {default_demo_folder(task) for task in Task if task is not Task.TEXT}
    assert {folder.name for folder in folders} == {"demo-streets", "demo-faces", "demo-weathers", "demo-tags"}
    with pytest.raises(BadInput, match="no demo for text; there are some for segmentation, keypoints, single-label"):
        default_demo_folder(Task.TEXT)
