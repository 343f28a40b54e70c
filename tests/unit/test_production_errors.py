"""What a model got wrong out there: read from whatever tells it, scored by that model, fixed and learnt."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.cli.app import run_command
from studio.core.classes import make_classes
from studio.core.errors import BadInput, NotACheckpoint
from studio.core.fine_tuning import fine_tune_spec, lessons, proposed_rate
from studio.core.items import LabelState, NewItem, Split
from studio.core.masks import read_mask, write_mask
from studio.core.outcome import OutcomeKind
from studio.core.points import Keypoint, KeypointName, Points
from studio.core.recipe import Purpose, Stage
from studio.core.report import Verdict
from studio.core.review import Decision
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import Tags
from studio.formats.production import read_reported
from studio.formats.told_labels import told_label
from studio.production import answers_otherwise, begin_scoring, bring_in, open_model, pre_label
from studio.reports import read_report
from studio.store import ItemFilter, Store
from tests.unit.ml_runs import CLASSES, recipe, run, square_picture

TRAIN, VALID = 16, 6


def drawn(folder: Path, numbers: range, *, seed: int = 0) -> dict[str, np.ndarray]:
    """Pictures `NN.png` with their masks; every second one has no square."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    masks: dict[str, np.ndarray] = {}
    for number in numbers:
        picture, mask, _ = square_picture(random, width=40, height=36)
        if number % 2 == 0:
            picture, mask = np.broadcast_to(picture[:1], picture.shape), np.zeros_like(mask)
        Image.fromarray(np.ascontiguousarray(picture)).save(folder / f"{number:02}.png")
        masks[f"{number:02}.png"] = mask
    return masks


# -- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["image,predicted,true", "Image_Name;Prediction;Ground Truth", "file\tpred\tlabel", "PATH,Model Output,Actual"],
)
def test_columns_are_found_by_what_people_call_them(tmp_path: Path, header: str) -> None:
    drawn(tmp_path / "shots", range(1, 3))
    between = max(",;\t", key=header.count)
    rows = [between.join(("shots/01.png", "cat", "dog")), between.join(("shots/02.png", "dog", ""))]
    (tmp_path / "errors.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    told = read_reported(tmp_path / "errors.csv")
    assert [(e.name, e.predicted, e.true) for e in told.errors] == [
        ("shots/01.png", "cat", "dog"),
        ("shots/02.png", "dog", ""),
    ]
    assert told.problems == []


def test_files_are_found_by_name_and_each_that_is_not_costs_a_sentence(tmp_path: Path) -> None:
    drawn(tmp_path / "here" / "deep", range(1, 4))
    absolute = tmp_path / "here" / "deep" / "03.png"
    lines = ["image,true", "C:\\camera\\01.png,dog", "02,cat", f"{absolute},cat", "04.png,cat", ",cat", "01.png,cat"]
    (tmp_path / "here" / "errors.csv").write_text("\n".join(lines), encoding="utf-8")
    told = read_reported(tmp_path / "here" / "errors.csv")
    assert [e.path.name for e in told.errors] == ["01.png", "02.png", "03.png"]
    assert len(told.problems) == 3
    assert "line 5: 04.png is not there" in told.problems[0]
    assert "line 6: no file is named" in told.problems[1]
    assert "line 7: 01.png was named before" in told.problems[2]


def test_a_file_that_is_gone_does_not_take_the_place_of_its_namesake(tmp_path: Path) -> None:
    drawn(tmp_path / "monday", range(1, 2))
    lines = ["image,true", "sunday/01.png,dog", "monday/01.png,cat"]
    (tmp_path / "errors.csv").write_text("\n".join(lines), encoding="utf-8")
    told = read_reported(tmp_path / "errors.csv")
    assert [(error.name, error.true) for error in told.errors] == [("monday/01.png", "cat")]
    assert [problem.partition(" is not there")[0] for problem in told.problems] == ["errors.csv, line 2: sunday/01.png"]


def test_true_labels_are_in_the_project_while_others_are_still_read(tmp_path: Path) -> None:
    """Masks of thousands of pictures do not fit into memory together."""
    many = 70
    drawn(tmp_path / "seen", range(1, many + 1))
    lines = ["image,true", *(f"{number:02}.png,square" for number in range(1, many + 1))]
    (tmp_path / "seen" / "errors.csv").write_text("\n".join(lines), encoding="utf-8")
    settings = ProjectSettings(name="p", task=Task.SINGLE_LABEL, classes=tuple(make_classes(["ground", "square"])))
    labelled: list[int] = []
    have_labels = ItemFilter(states=(LabelState.LABELLED,))
    with Store.create(tmp_path / "project", settings) as store:
        brought = bring_in(
            store,
            tmp_path / "seen",
            progress=lambda _done, _total: labelled.append(store.item_count(have_labels)),
            cancelled=lambda: len(labelled) == many - 1,
        )
        assert brought.labelled == store.item_count(have_labels) == many - 1
    assert 0 < labelled[-1] < many - 1


def test_pictures_that_are_called_alike_become_items_of_their_own(tmp_path: Path) -> None:
    """Of two days, in tables that are called alike, and of two folders elsewhere that one table names."""
    settings = ProjectSettings(name="p", task=Task.SINGLE_LABEL, classes=tuple(make_classes(["ground", "square"])))
    lines: dict[str, list[str]] = {}
    for day, said in (("monday", "ground"), ("sunday", "square")):
        drawn(tmp_path / day / "shots", range(1, 2), seed=len(day))
        lines[day] = ["image,true", f"shots/01.png,{said}"]
        (tmp_path / day / "errors.csv").write_text("\n".join(lines[day]), encoding="utf-8")
        drawn(tmp_path / "far" / day, range(1, 2))
    far = [f"{tmp_path / 'far' / day / '01.png'},{said}" for day, said in (("monday", "square"), ("sunday", "ground"))]
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / "far.csv").write_text("\n".join(["image,true", *far]), encoding="utf-8")
    sources = [tmp_path / "monday" / "errors.csv", tmp_path / "sunday" / "errors.csv", tmp_path / "both" / "far.csv"]
    with Store.create(tmp_path / "project", settings) as store:
        for _twice in range(2):
            brought = [bring_in(store, source) for source in sources]
        assert [each.new for each in brought] == [0, 0, 0], "the same files are the same items"
        items = store.items([item for each in brought for item in each.items])
        assert [(item.path.relative_to(tmp_path).as_posix(), store.read_tags(item.id)) for item in items] == [
            ("monday/shots/01.png", Tags((0,))),
            ("sunday/shots/01.png", Tags((1,))),
            ("far/monday/01.png", Tags((1,))),
            ("far/sunday/01.png", Tags((0,))),
        ]


def test_a_table_without_a_header_has_image_prediction_and_truth_in_this_order(tmp_path: Path) -> None:
    drawn(tmp_path, range(1, 2))
    (tmp_path / "errors.csv").write_text("01.png,cat,dog\n", encoding="utf-8")
    (error,) = read_reported(tmp_path).errors
    assert (error.predicted, error.true) == ("cat", "dog")


def test_a_folder_of_pictures_is_a_source_and_an_empty_one_says_what_to_name(tmp_path: Path) -> None:
    drawn(tmp_path / "out there", range(1, 4))
    assert [e.name for e in read_reported(tmp_path / "out there").errors] == ["01.png", "02.png", "03.png"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no picture and no table"):
        read_reported(tmp_path / "empty")
    with pytest.raises(BadInput, match="does not exist"):
        read_reported(tmp_path / "nowhere")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(BadInput, match="no column image"):
        read_reported(tmp_path / "other.csv")


def test_a_cell_says_a_class_tags_points_or_the_path_of_a_mask(tmp_path: Path) -> None:
    masks = drawn(tmp_path, range(1, 2))
    picture = tmp_path / "01.png"
    named = tuple(make_classes(["ground", "red car", "void"]))

    def told(cell: str, task: Task) -> object:
        keypoints = (
            (KeypointName(name="a", color="#ff0000"), KeypointName(name="b", color="#00ff00"))
            if task is Task.KEYPOINTS
            else ()
        )
        settings = ProjectSettings(name="p", task=task, classes=named, keypoints=keypoints)
        return told_label(cell, settings, picture=picture, folder=tmp_path)

    assert told("Red Car", Task.SINGLE_LABEL) == Tags((1,))
    assert told("red car; ground", Task.MULTI_LABEL) == Tags((0, 1))
    assert told("(3.5, 4) (10, 11)", Task.KEYPOINTS) == Points(
        (Keypoint(index=0, x=3.5, y=4), Keypoint(index=1, x=10, y=11))
    )
    write_mask(tmp_path / "mask.png", masks["01.png"], CLASSES)
    assert np.array_equal(told("mask.png", Task.SEGMENTATION), masks["01.png"])  # pyright: ignore[reportArgumentType]
    for cell, task in (("bus", Task.SINGLE_LABEL), ("1 2 3", Task.KEYPOINTS), ("no.png", Task.SEGMENTATION)):
        with pytest.raises(ValueError):
            told(cell, task)


# -- the whole way --------------------------------------------------------------------------------------------------


def carried_out(store: Store, folder: Path) -> None:
    outcome, _ = run(folder)
    assert outcome is OutcomeKind.FINISHED
    store.review.load_scores(folder.name)


def trained_project(folder: Path, task: Task) -> Store:
    """With a trained run 0001."""
    masks = drawn(folder / "pictures", range(1, TRAIN + VALID + 1))
    classes = CLASSES if task is Task.SEGMENTATION else tuple(make_classes(["ground", "square"]))
    store = Store.create(folder / "project", ProjectSettings(name="p", task=task, classes=classes))
    names = sorted(masks)
    ids = store.add_items(
        NewItem(name=n, path=folder / "pictures" / n, split=Split.TRAIN if i < TRAIN else Split.VALID)
        for i, n in enumerate(names)
    )
    if task is Task.SEGMENTATION:
        store.import_annotations((item, masks[name]) for item, name in zip(ids, names, strict=True))
    else:
        store.tags.replace({i: Tags((int(name[1]) % 2,)) for i, name in zip(ids, names, strict=True)}, "by hand")
    stages = (Stage(epochs=2, height=32, width=32, batch_size=8),)
    record = store.create_run(recipe(task, stages=stages))
    carried_out(store, record.folder)
    return store


@pytest.fixture(scope="module", params=[Task.SINGLE_LABEL, Task.SEGMENTATION])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    trained_project(folder, request.param).close()
    return folder


@pytest.fixture
def store(trained: Path, tmp_path: Path) -> Iterator[Store]:
    """A copy of the trained project, for this test alone."""
    shutil.copytree(trained / "project", tmp_path / "project")
    with Store.open(tmp_path / "project") as store:
        yield store


def told_errors(store: Store, folder: Path) -> Path:
    """Four pictures from out there; of the first two it is known what is true."""
    masks = drawn(folder, range(1, 5), seed=7)
    truth = ["square", "ground", "", ""]
    if store.settings.task is Task.SEGMENTATION:
        for name in ("01.png", "02.png"):
            write_mask(folder / "true" / name, masks[name], CLASSES)
        truth = ["true/01.png", "true/02.png", "", ""]
    rows = [f"{number:02}.png,{true}" for number, true in enumerate(truth, start=1)]
    (folder / "errors.csv").write_text("\n".join(["image,true", *rows, "lost.png,"]), encoding="utf-8")
    return folder / "errors.csv"


def scored(store: Store, source: Path, model: str = "0001") -> str:
    brought = bring_in(store, source)
    record = begin_scoring(store, open_model(store, model), brought.items, source)
    carried_out(store, record.folder)
    return record.id


def test_errors_come_in_with_their_labels_and_the_models_own_answers(store: Store, tmp_path: Path) -> None:
    source = told_errors(store, tmp_path / "seen")
    brought = bring_in(store, source)
    assert (len(brought.items), brought.new, brought.labelled) == (4, 4, 2)
    assert "lost.png is not there" in brought.problems[0]
    items = store.items(brought.items)
    assert {item.split for item in items} == {Split.PRODUCTION}
    assert [item.name for item in items] == [f"production/errors/{n:02}.png" for n in range(1, 5)]
    assert [item.state for item in items] == [LabelState.LABELLED] * 2 + [LabelState.UNLABELLED] * 2
    again = bring_in(store, source)
    assert (again.items, again.new, again.labelled) == (brought.items, 0, 0)

    record = begin_scoring(store, open_model(store, "0001"), brought.items, source)
    assert (record.spec.purpose, record.spec.parent) == (Purpose.SCORE, "0001")
    carried_out(store, record.folder)
    reviews = {r.score.item: r.score for r in store.review.items(record.id, store.review.ids(record.id))}
    assert sum(score.split is Split.VALID for score in reviews.values()) == VALID
    seen = [reviews[item] for item in brought.items]
    assert [score.split for score in seen] == [Split.PRODUCTION] * 4
    assert [score.labelled for score in seen] == [True, True, False, False]
    assert all(score.loss > 0 for score in seen[:2])
    proposed = pre_label(store, record.id)
    assert proposed == brought.items[2:]
    if store.settings.task is Task.SEGMENTATION:
        for item in proposed:
            told, _ = read_mask(store.proposals.mask_path(item))
            answered, _ = read_mask(record.folder / str(reviews[item].mask))
            assert np.array_equal(told, answered)
    assert pre_label(store, record.id) == (), "what was proposed once is not proposed again"


def test_the_validation_items_are_answered_as_by_the_run_itself(store: Store, tmp_path: Path) -> None:
    run_id = scored(store, told_errors(store, tmp_path / "seen"))
    own, again = (
        {r.score.item: r.score for r in store.review.items(each, store.review.ids(each))} for each in ("0001", run_id)
    )
    valid = [item for item, score in own.items() if score.split is Split.VALID]
    assert [again[i].loss for i in valid] == pytest.approx([own[i].loss for i in valid], rel=1e-4)
    assert [again[i].error for i in valid] == pytest.approx([own[i].error for i in valid], abs=1e-6)


def test_fixed_errors_are_learnt_beside_the_runs_own_items_and_reported_as_what_they_are(
    store: Store, tmp_path: Path
) -> None:
    run_id = scored(store, told_errors(store, tmp_path / "seen"))
    items = store.production.scored(run_id)
    store.review.decide(run_id, items[2], Decision.ACCEPTED)
    learnt = lessons(store.review.corrections(run_id), store.production.learnable(run_id))
    assert set(learnt) == set(items[:3])
    counts = store.production.counts(run_id)
    assert (counts.items, counts.labelled, counts.decided, counts.learnable) == (4, 3, 1, 3)

    spec = fine_tune_spec(store.run(run_id).spec, run_id, learnt, epochs=1, replay=0.5)
    assert (spec.purpose, spec.parent) == (Purpose.TRAIN, run_id)
    assert spec.stages[0].lr.high == proposed_rate(store.run("0001").spec)
    record = store.create_run(spec)
    snapshot = store.snapshot(record.id)
    trained_on = {item.id for item in snapshot.of(Split.TRAIN)}
    assert set(learnt) < trained_on
    assert len(trained_on) == 3 + TRAIN // 2
    assert len(snapshot.of(Split.VALID)) == VALID
    carried_out(store, record.folder)
    report = read_report(store, record.id)
    rows = {row.item: row for row in report.report.rows}
    assert all(rows[item].corrected for item in learnt)
    accepted = rows[items[2]]
    assert accepted.before == 0, "an answer that was accepted was right"
    assert rows[items[0]].verdict in (Verdict.FIXED, Verdict.BROKEN, Verdict.UNCHANGED)
    assert report.report.untouched.compared == VALID
    assert report.parent == run_id
    assert proposed_rate(begin_scoring(store, open_model(store, record.id), items[:1], tmp_path).spec) == pytest.approx(
        spec.stages[0].lr.high
    ), "the rate is not divided once more"
    assert [change.name for change in report.metrics], "the model's own metrics are those before"


def test_a_model_from_elsewhere_is_opened_by_its_folder_and_can_be_fine_tuned(store: Store, tmp_path: Path) -> None:
    shutil.copytree(store.run("0001").folder, tmp_path / "exported")
    for name in ("recipe.json", "snapshot.json", "events.jsonl"):
        (tmp_path / "exported" / name).unlink()
    run_id = scored(store, told_errors(store, tmp_path / "seen"), str(tmp_path / "exported"))
    spec = store.run(run_id).spec
    assert (spec.parent, spec.stages[-1].height, spec.stages[-1].width) == (None, 32, 32)
    learnt = store.production.learnable(run_id)
    record = store.create_run(fine_tune_spec(spec, run_id, learnt, epochs=1))
    assert len(store.snapshot(record.id).of(Split.VALID)) == VALID
    outcome, _ = run(record.folder)
    assert outcome is OutcomeKind.FINISHED


def test_a_model_that_does_not_fit_costs_one_sentence_and_no_item(store: Store, tmp_path: Path) -> None:
    (tmp_path / "no model").mkdir()
    with pytest.raises(NotACheckpoint, match="no such file"):
        open_model(store, str(tmp_path / "no model"))
    with pytest.raises(BadInput, match="neither a run nor a folder"):
        open_model(store, "0099")
    (tmp_path / "model.safetensors").write_bytes(b"\x80\x02this is a pickle")
    with pytest.raises(NotACheckpoint, match="no safetensors file"):
        open_model(store, str(tmp_path / "model.safetensors"))
    classes = (*store.settings.classes, *make_classes(["sea", "bus", "ship", "tree"])[-1:])
    store.save_settings(
        ProjectSettings(
            name="p",
            task=store.settings.task,
            classes=tuple(c for n, c in enumerate(classes) if c.id not in [o.id for o in classes[:n]]),
        )
    )
    with pytest.raises(BadInput, match="does not know tree"):
        open_model(store, "0001")


def test_what_was_reported_is_compared_with_what_the_model_answers_here(tmp_path: Path, trained: Path) -> None:
    with Store.open(trained / "project") as first:
        if first.settings.task is not Task.SINGLE_LABEL:
            pytest.skip("of masks nobody writes the answer into a cell")
    shutil.copytree(trained / "project", tmp_path / "project")
    with Store.open(tmp_path / "project") as store:
        drawn(tmp_path / "seen", range(1, 4), seed=7)
        rows = ["image,predicted", "01.png,square", "02.png,square", "03.png,ground"]
        (tmp_path / "seen" / "errors.csv").write_text("\n".join(rows), encoding="utf-8")
        run_id = scored(store, tmp_path / "seen")
        answered = [r.score.tags for r in store.review.items(run_id, store.production.scored(run_id))]
        said = [Tags((1,)), Tags((1,)), Tags((0,))]
        expected = sum(a is not None and a.tags != s for a, s in zip(answered, said, strict=True))
        assert answers_otherwise(store, run_id) == (expected, 3)
        proposed = pre_label(store, run_id)
        tags = [store.proposals.of(item) for item in proposed]
        assert [p.tags.tags for p in tags if p is not None and p.tags is not None] == said


def test_the_command_line_does_it_all_in_one_go(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if store.settings.task is not Task.SINGLE_LABEL:
        pytest.skip("once is enough")
    source = told_errors(store, tmp_path / "seen")
    capsys.readouterr()
    assert run_command(["production-errors", str(store.root), str(source), "--model", "0001", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (last,) = [event for event in events if event["event"] == "scored" and "learnable" in event]
    assert (last["run"], last["items"], last["learnable"], last["proposed"]) == ("0002", 4, 2, 2)
    assert any("lost.png" in event["sentence"] for event in events if event["event"] == "problem")
