"""The data types that every room shares: what they refuse, and that their lines and files survive a round trip."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pytest

from studio.core import commands, errors
from studio.core.classes import (
    UNLABELLED,
    LabelClass,
    distinct_color,
    is_void_name,
    make_classes,
    palette,
    rgb,
    void_ids,
)
from studio.core.events import EpochEnd, Finished, Metric, Samples, decode_event, encode_event
from studio.core.items import Split
from studio.core.outcome import OutcomeKind, RunOutcome
from studio.core.points import Keypoint, Points, Visibility
from studio.core.recipe import FineTune, LearningRate, RunSpec, Stage, decode_spec, encode_spec
from studio.core.review import ItemScore, decode_score, encode_score
from studio.core.settings import Task
from studio.core.signals import Signal
from studio.core.snapshot import Snapshot, SnapshotItem, decode_snapshot, encode_snapshot


def test_classes_get_ids_keys_colours_and_their_void_by_name() -> None:
    classes = make_classes(["road", "Void", *(f"c{i}" for i in range(10))])
    assert [c.id for c in classes] == list(range(12))
    assert [c.key for c in classes[7:]] == ["8", "9", "", "", ""]
    assert len({c.color for c in classes}) == 12
    assert void_ids(classes) == {1}
    assert make_classes(["a"], colors=["#010203"])[0].color == "#010203"


@pytest.mark.parametrize("name", ["Unlabelled", " VOID", "don't care"])
def test_void_is_known_by_many_names(name: str) -> None:
    assert is_void_name(name)
    assert not is_void_name("road")


def test_neighbouring_colours_are_easy_to_tell_apart() -> None:
    colors = [np.array(rgb(distinct_color(i)), float) for i in range(32)]
    assert min(float(np.linalg.norm(a - b)) for a, b in pairwise(colors)) > 60


@pytest.mark.parametrize(("class_id", "color"), [(-1, "#000000"), (255, "#000000"), (0, "red"), (0, "#00000g")])
def test_a_class_with_an_impossible_id_or_colour_is_refused(class_id: int, color: str) -> None:
    with pytest.raises(ValueError):
        LabelClass(id=class_id, name="x", color=color)


def test_a_palette_shows_classes_in_their_colours_and_strangers_in_grey() -> None:
    table = palette([LabelClass(id=3, name="x", color="#102030")])
    assert table[3].tolist() == [16, 32, 48]
    assert table[7].tolist() == [128, 128, 128]
    assert table[UNLABELLED].tolist() == [0, 0, 0]


def test_visibility_goes_round() -> None:
    seen = Visibility.VISIBLE
    assert [seen.next(), seen.next().next(), seen.next().next().next()] == [
        Visibility.HIDDEN,
        Visibility.ABSENT,
        Visibility.VISIBLE,
    ]


def test_points_hold_one_for_each_index_and_instance_in_order() -> None:
    points = Points().with_point(Keypoint(index=2, x=1, y=1)).with_point(Keypoint(index=0, x=2, y=2))
    points = points.with_point(Keypoint(index=2, x=3, y=3)).with_point(Keypoint(index=2, x=4, y=4, instance=1))
    assert [(p.instance, p.index, p.x) for p in points.placed] == [(0, 0, 2), (0, 2, 3), (1, 2, 4)]
    assert points.get(2) == Keypoint(index=2, x=3, y=3)
    assert points.get(9) is None
    assert points.without(2).get(2, 1) is not None
    assert points.without(2).get(2) is None


def test_a_recipe_survives_its_file() -> None:
    spec = RunSpec(
        task=Task.SEGMENTATION,
        stages=(Stage(epochs=2, height=96, width=128, lr=LearningRate(high=1e-3, low=1e-5), frozen=True),),
        parent="0003",
        fine_tune=FineTune(corrections=(4, 9)),
    )
    assert decode_spec(encode_spec(spec)) == spec


@pytest.mark.parametrize(
    "spoilt",
    [
        '{"task":"segmentation"}',
        '{"task":"segmentation","stages":[{"epochs":0,"height":96,"width":96}]}',
        '{"task":"segmentation","stages":[{"epochs":1,"height":8,"width":96}]}',
        '{"task":"segmentation","stages":[{"epochs":1,"height":96,"width":96,"lr":{"high":0}}]}',
        '{"task":"segmentation","stages":[{"epochs":1,"height":96,"width":96,"lr":{"high":1,"low":2}}]}',
        '{"task":"segmentation","stages":[],"colour":"red"}',
        '{"task":"knitting","stages":[]}',
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(spoilt: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        decode_spec(spoilt)


def test_every_kind_of_line_survives_the_wire() -> None:
    event = EpochEnd(
        epoch=1, step=8, train_loss=0.5, valid_loss=0.6, metrics=[Metric("accuracy", 0.7)], seconds=2.5, time=12.0
    )
    for said in (event, Finished(outcome=OutcomeKind.STOPPED, seconds=3.0), Samples(epoch=1, predictions=[])):
        line = encode_event(said)
        assert line.count(b"\n") == 1 and line.endswith(b"\n")
        assert decode_event(line) == said
    for command in (
        commands.StartRun(folder="runs/0001", resume=True),
        commands.Stop(),
        commands.Pause(),
        commands.Continue(),
    ):
        assert commands.decode_command(commands.encode_command(command)) == command
    score = ItemScore(item=3, name="f", split=Split.VALID, revision=2, loss=0.5, error=0.1, confusion=((0, 1, 9),))
    assert decode_score(encode_score(score)) == score


def test_a_line_that_says_nothing_known_is_refused() -> None:
    for line in (b'{"event":"dancing"}', b'{"event":"fini', b"[]"):
        with pytest.raises(msgspec.DecodeError):
            decode_event(line)


def test_a_snapshot_survives_its_file_and_counts_only_what_is_trained_or_validated_on() -> None:
    def item(number: int, split: Split, score_only: bool = False) -> SnapshotItem:
        return SnapshotItem(id=number, name=f"f{number}", image="/f", split=split, revision=1, score_only=score_only)

    snapshot = Snapshot(
        task=Task.SEGMENTATION,
        classes=tuple(make_classes(["a"])),
        items=(item(1, Split.TRAIN), item(2, Split.VALID), item(3, Split.VALID, score_only=True)),
    )
    assert decode_snapshot(encode_snapshot(snapshot)) == snapshot
    assert [i.id for i in snapshot.of(Split.VALID)] == [2]


def test_finished_and_stopped_runs_have_learnt_something() -> None:
    learnt = {k for k in OutcomeKind if RunOutcome(kind=k, sentence="…").learnt_something}
    assert learnt == {OutcomeKind.FINISHED, OutcomeKind.STOPPED}


def test_listeners_are_called_in_order_until_they_leave() -> None:
    signal: Signal[int] = Signal()
    heard: list[str] = []

    def first(number: int) -> None:
        heard.append(f"first {number}")

    signal.connect(first)
    signal.connect(lambda number: heard.append(f"second {number}"))
    signal.emit(1)
    signal.disconnect(first)
    signal.emit(2)
    assert heard == ["first 1", "second 1", "second 2"]


PLACE = Path("/data/thing")


@pytest.mark.parametrize(
    ("error", "named", "remedy", "exit_code"),
    [
        (errors.UnreadableImage(PLACE, "the file is empty"), "/data/thing", "leave it out", 2),
        (errors.BadMask(PLACE, "it is no picture", "replace it"), "/data/thing", "replace it", 2),
        (errors.BadTable(PLACE, "line 3 is blank", "remove the line"), "/data/thing", "remove the line", 2),
        (errors.UnknownLayout(PLACE, "camvid, biwi"), "/data/thing", "--format", 2),
        (errors.NotAProject(PLACE), "/data/thing", "studio import", 2),
        (errors.ProjectTooNew(PLACE, 9, 1), "/data/thing", "update Relearn Studio", 2),
        (errors.ProjectDamaged(PLACE, "no table"), "/data/thing", "backup", 2),
        (errors.ProjectExists(PLACE), "/data/thing", "choose another folder", 2),
        (errors.CannotWrite(PLACE, "no space left"), "/data/thing", "free space", 1),
        (errors.NotACheckpoint(PLACE, "it is empty"), "/data/thing", "model.safetensors", 2),
        (errors.NothingToTrainOn("valid"), "valid", "label some", 2),
        (errors.UnknownItem("f.png", PLACE), "f.png", "show the names", 2),
        (errors.UnknownRun("0009", PLACE), "0009", "runs folder", 2),
        (errors.NoPrediction("0009", "f.png"), "f.png", "scores it", 2),
        (errors.BadName("../x"), "../x", "must be a path", 2),
        (errors.ChangedElsewhere("f.png"), "f.png", "open it again", 1),
    ],
)
def test_every_error_names_the_thing_and_the_remedy_in_one_sentence(
    error: errors.StudioError, named: str, remedy: str, exit_code: int
) -> None:
    assert named in error.sentence
    assert remedy in error.sentence
    assert error.sentence.endswith(".")
    assert error.exit_code == exit_code
    assert str(error) == error.sentence
