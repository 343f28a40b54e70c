"""Mirror partners: said, guessed from names, and applied."""

from __future__ import annotations

import tomllib

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from studio.core.errors import ProjectDamaged
from studio.core.keypoint_pairs import guessed_pairs, mirror_order, mirrored, paired, renamed, swapped_sides
from studio.core.points import Keypoint, KeypointName, Points, Visibility
from studio.core.settings import ProjectSettings, Task
from studio.store import Store

places = st.floats(0, 100, allow_nan=False, width=32)


def names_of(*names: str) -> tuple[KeypointName, ...]:
    return tuple(KeypointName(name=name, color="#ff0000") for name in names)


@st.composite
def paired_names(draw: st.DrawFn) -> tuple[KeypointName, ...]:
    """Up to eight keypoints, some of them paired at random."""
    number = draw(st.integers(1, 8))
    names = names_of(*(f"k{i}" for i in range(number)))
    for index, partner in draw(st.lists(st.tuples(*[st.integers(0, number - 1)] * 2), max_size=6)):
        names = paired(names, index, partner)
    return names


@st.composite
def points_of(draw: st.DrawFn, number: int) -> Points:
    keys = draw(st.sets(st.tuples(st.integers(0, 2), st.integers(0, number - 1)), max_size=12))
    return Points().updated(
        Keypoint(index=i, instance=n, x=draw(places), y=draw(places), visibility=draw(st.sampled_from(Visibility)))
        for n, i in keys
    )


@given(paired_names())
def test_mirroring_names_twice_changes_nothing(names: tuple[KeypointName, ...]) -> None:
    order = mirror_order(names)
    assert [order[partner] for partner in order] == list(range(len(names)))


@given(st.data())
def test_a_picture_mirrored_twice_has_its_points_back(data: st.DataObject) -> None:
    names = data.draw(paired_names())
    points = data.draw(points_of(len(names)))
    order = mirror_order(names)
    back = mirrored(mirrored(points, order, width=128), order, width=128)
    assert [(p.instance, p.index, p.visibility) for p in back.placed] == [
        (p.instance, p.index, p.visibility) for p in points.placed
    ]
    assert [p.x for p in back.placed] == pytest.approx([p.x for p in points.placed])
    assert all(swapped_sides(swapped_sides(points, n, order), n, order) == points for n in range(3))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("left eye", "right eye"),
        ("Left Eye", "Right Eye"),
        ("LEFT_EYE", "RIGHT_EYE"),
        ("LeftEye", "RightEye"),
        ("eye_left", "eye_right"),
        ("l_hip", "r_hip"),
        ("hip_L", "hip_R"),
        ("LEar", "REar"),
        ("earL", "earR"),
        ("eye (l)", "eye (r)"),
        ("l. knee", "r. knee"),
    ],
)
def test_partners_are_guessed_from_their_names(left: str, right: str) -> None:
    assert mirror_order(guessed_pairs(names_of("nose", left, "tail", right))) == (0, 3, 2, 1)


def test_what_only_looks_like_a_side_gets_no_partner() -> None:
    names = guessed_pairs(names_of("lip", "rip", "tail", "ear", "left arm", "forelock", "ball", "bar"))
    assert mirror_order(names) == tuple(range(8))


def test_a_guess_leaves_said_partners_alone() -> None:
    said = paired(names_of("left", "right", "nose"), 0, 2)
    assert mirror_order(guessed_pairs(said)) == (2, 1, 0)


def test_a_new_partner_releases_the_old_one() -> None:
    names = paired(paired(names_of("a", "b", "c"), 0, 1), 0, 2)
    assert [k.mirror for k in names] == ["c", "", "a"]
    assert [k.mirror for k in paired(names, 0, None)] == ["", "", ""]


def test_renaming_keeps_the_pair() -> None:
    names = renamed(guessed_pairs(names_of("left", "right")), 0, "near side")
    assert mirror_order(names) == (1, 0)


def test_one_of_a_pair_is_enough_to_name_it() -> None:
    one_sided = (KeypointName(name="a", color="#ff0000", mirror="b"), KeypointName(name="b", color="#ff0000"))
    assert mirror_order(one_sided) == (1, 0)


@pytest.mark.parametrize("mirror", ["nobody", "b"])
def test_a_settings_file_with_wrong_partners_says_which(tmp_path, mirror: str) -> None:
    Store.create(tmp_path, ProjectSettings(name="t", task=Task.KEYPOINTS, keypoints=names_of("a", "b", "c"))).close()
    path = tmp_path / "studio.toml"
    table = tomllib.loads(path.read_text())
    table["keypoints"][0]["mirror"] = "b"
    table["keypoints"][2]["mirror"] = mirror
    path.write_text(tomli_w.dumps(table))
    with pytest.raises(ProjectDamaged, match=mirror):
        Store.open(tmp_path)
