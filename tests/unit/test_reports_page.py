"""A report as one page: whole, escaped, with pictures of what changed most, and from no other place."""

from __future__ import annotations

import base64
import datetime as dt
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from studio.core.classes import make_classes
from studio.core.errors import BadInput, BadTable, CannotWrite
from studio.core.events import EpochEnd, Warned, encode_event, last_epoch
from studio.core.items import Split
from studio.core.metric_change import MetricChange, metric_figures
from studio.core.model_choices import Kept, ModelChoice, choice_in_words
from studio.core.report import before_after
from studio.core.review import ItemScore
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.reports import read_report, save_report
from studio.reports.page import LISTED_ITEMS, Page, write_page
from studio.reports.reading import FrozenItems, RunReport
from studio.reports.saving import most_changed
from studio.store import Store
from tests.unit.fine_tuned_projects import (
    HEIGHT,
    WIDTH,
    car_of,
    fine_tuned,
    first_run,
    make_store,
    mask_answer,
    mask_store,
    point_answer,
    point_store,
    scored,
)

HOSTILE = "<img src=x onerror=alert(1)> & 'q' \"d\".png"


class Reading(HTMLParser):
    """What a browser makes of a page: its tags with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "meta", "!doctype"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def pictures(self, name: str = "") -> list[np.ndarray]:
        """Those of one item, or all, decoded and in the order of the page."""
        found = []
        for tag, attributes in self.tags:
            if tag == "img" and str(attributes["alt"]).startswith(name):
                head, data = str(attributes["src"]).split(",")
                assert head == "data:image/jpeg;base64"
                found.append(np.array(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int))
        return found


@pytest.fixture
def masks(tmp_path: Path) -> Iterator[Store]:
    """Of five validation items the first run takes ten rows for car; the next has one of them right, one worse, and one
    as it was but for its label, which a person had accepted."""
    names = (HOSTILE, "worse.png", "same.png", "same2.png", "accepted.png", "train.png")
    with mask_store(tmp_path, names) as store:
        first_run(store, mask_answer(car_of(10)))
        ids = {item.name: item.id for item in store.items(store.item_ids())}
        rows = {HOSTILE: 0, "worse.png": 20}
        fine_tuned(store, [ids["accepted.png"]], mask_answer(lambda item: car_of(rows.get(item.name, 10))(item)))
        yield store


def saved(store: Store, tmp_path: Path, **options: int) -> str:
    save_report(store, "0002", tmp_path / "out" / "report.html", **options)
    return (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_the_page_is_whole_and_comes_from_no_other_place(masks: Store, tmp_path: Path) -> None:
    page = saved(masks, tmp_path)
    read = Reading(page)
    assert read.open == []
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in read.tags}
    page = re.sub(r"base64,[^\"]*", "", page)
    assert re.findall(r"https?:|//[a-z]|@import|url\(", page) == []
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_names_are_shown_as_they_are_and_never_become_tags(masks: Store, tmp_path: Path) -> None:
    read = Reading(saved(masks, tmp_path))
    assert HOSTILE in read.text
    assert "<b>car</b>" in read.text
    assert "Roads & <more>" in read.text
    assert all("onerror" not in attributes for _tag, attributes in read.tags)
    alternatives = [attributes["alt"] for tag, attributes in read.tags if tag == "img"]
    assert {f"{HOSTILE}: {what}" for what in ("label", "before", "after")} <= set(alternatives)


def test_the_page_says_what_the_report_says(masks: Store, tmp_path: Path) -> None:
    masks.models.keep("0002", Kept.NEW, who="Anna", note="fewer cars")
    text = Reading(saved(masks, tmp_path)).text
    assert "run 0001 before, run 0002 after fine-tuning on 1 correction" in text
    assert "pixel accuracy 0.750 → 0.900" in text
    assert "On the 5 frozen validation items; 1 with a corrected label" in text
    assert "Run 0002 kept by Anna" in text
    assert "fewer cars" in text
    told = read_report(masks, "0002").report
    assert (told.untouched.fixed, told.untouched.broken, told.untouched.unchanged) == (1, 1, 2)
    assert "1 fixed · 1 broken · 2 unchanged" in text


def test_label_before_and_after_are_drawn_with_the_mistakes_edged_in_red(masks: Store, tmp_path: Path) -> None:
    """Grey 100 under 55 % of blue, or of green where a model says car; the edge of ten rows of mistakes is red."""
    label, before, after = Reading(saved(masks, tmp_path)).pictures(HOSTILE)
    assert label.shape == (HEIGHT, WIDTH, 3)
    sky, car, edge = (45, 45, 185), (45, 185, 45), (255, 40, 40)
    np.testing.assert_allclose(label[5, 40], sky, atol=25)
    np.testing.assert_allclose(before[5, 40], car, atol=45)
    np.testing.assert_allclose(before[30, 40], sky, atol=25)
    assert np.abs(before[9, 20:50].mean(axis=0) - edge).max() < 60
    assert np.abs(before[9, 1:4].mean(axis=0) - edge).max() > 60, "void is nobody's mistake"
    np.testing.assert_allclose(after[5, 40], sky, atol=25)


def test_what_got_worse_comes_first(masks: Store, tmp_path: Path) -> None:
    text = Reading(saved(masks, tmp_path)).text
    assert text.index("Got worse") < text.index("worse.png broken") < text.index("Got better") < text.index(HOSTILE)


def test_only_the_items_that_changed_most_have_pictures_and_a_sentence_says_so(masks: Store, tmp_path: Path) -> None:
    read = Reading(saved(masks, tmp_path, pictured=1))
    assert len(read.pictures()) == 3
    assert "Of 3 items that changed, the 1 that changed most." in read.text
    none = Reading(saved(masks, tmp_path, pictured=0))
    assert none.pictures() == []
    assert "worse.png" in none.text


def test_a_picture_that_is_gone_is_told_and_the_rest_is_there(masks: Store, tmp_path: Path) -> None:
    masks.item_named("worse.png").path.unlink()
    read = Reading(saved(masks, tmp_path))
    assert "cannot be read as an image" in read.text
    assert len(read.pictures()) == 6


def test_a_page_that_cannot_be_written_leaves_the_old_one(masks: Store, tmp_path: Path) -> None:
    before = saved(masks, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite):
        save_report(masks, "0002", tmp_path / "file" / "report.html")
    (masks.run("0001").folder / "scores.jsonl").unlink()
    with pytest.raises(BadTable, match="has no scores"):
        saved(masks, tmp_path)
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == before
    (tmp_path / "file").touch()


def test_a_run_from_scratch_has_no_report(masks: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="not fine-tuned"):
        save_report(masks, "0001", tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_points_are_drawn_with_the_distance_to_their_label(tmp_path: Path) -> None:
    with point_store(tmp_path, ("a.png", "b.png", "train.png")) as store:
        first_run(store, point_answer(30))
        fine_tuned(store, [store.item_named("train.png").id], point_answer(2))
        _label, before, after = Reading(saved(store, tmp_path)).pictures("a.png")
    white, grey = (255, 255, 255), (100, 100, 100)
    np.testing.assert_allclose(before[19, 33:38].mean(axis=0), white, atol=60)  # between label and prediction
    np.testing.assert_allclose(after[19, 48:52].mean(axis=0), grey, atol=30)
    assert before[19, 50][1] > before[19, 50][0] + 60, "a dot in the point's green"


def test_classes_are_told_in_words_with_their_probabilities(tmp_path: Path) -> None:
    classes = tuple(make_classes(["ants", "bees"]))
    settings = ProjectSettings(name="p", task=Task.SINGLE_LABEL, classes=classes)
    with make_store(tmp_path, settings, ("a.png", "train.png")) as store:
        store.import_annotations((item, Tags((0,))) for item in store.item_ids())

        def says(said: int, share: float):
            tags = PredictedTags(tags=Tags((said,)), shares=((said, share), (1 - said, 1 - share)))
            return lambda _record, item: scored(item, float(said != 0), tags=tags, label=item.tags)

        first_run(store, says(1, 0.75))
        fine_tuned(store, [store.item_named("train.png").id], says(0, 0.625))
        read = Reading(saved(store, tmp_path))
    assert "Label ants Before bees 0.75 After ants 0.62" in read.text
    assert "1 of 1 item better, 0 worse: could be chance (p = 1)." in read.text
    assert len(read.pictures()) >= 1


def report_of(changes: list[float]) -> RunReport:
    """Untouched validation items whose errors change by these."""

    def score(item: int, error: float) -> ItemScore:
        return ItemScore(item=item, name=f"{item}", split=Split.VALID, revision=1, loss=error, error=error)

    before = [score(item, 100.0) for item in range(len(changes))]
    after = [score(item, 100.0 + change) for item, change in enumerate(changes)]
    report = before_after(before, after, (), task=Task.KEYPOINTS)
    frozen = FrozenItems(items=len(changes), corrected=0, left_out=0)
    return RunReport(run="0002", parent="0001", learnt=1, report=report, metrics=(), frozen=frozen)


@pytest.mark.parametrize(
    ("changes", "count", "expected"),
    [
        ([-1, -2, -3, -4, 5, 6, 0], 4, [6, 5, -4, -3]),
        ([-1, -2, -3, -4, 5, 0], 4, [5, -4, -3, -2]),
        ([1, 2, 3, -4], 4, [3, 2, 1, -4]),
        ([-1, -2, 3], 60, [3, -2, -1]),
        ([0, 0], 4, []),
    ],
)
def test_each_side_has_half_of_the_pictures_and_what_the_other_leaves(
    changes: list[float], count: int, expected: list[float]
) -> None:
    rows = most_changed(report_of(changes).report, count)
    assert [(row.after or 0) - (row.before or 0) for row in rows] == expected


def test_small_changes_have_pictures_only_where_nothing_was_fixed_or_broken() -> None:
    rows = most_changed(report_of([-90.0, -1.0, 3.0]).report, 60)
    assert [(row.after or 0) - (row.before or 0) for row in rows] == [-90]


def test_a_long_table_ends_with_what_changed_most() -> None:
    told = report_of([float(change + 30) for change in range(LISTED_ITEMS + 500)])
    page = Page(project="p", told=told, choice=None, classes=(), changed=LISTED_ITEMS + 500, pictured=0)
    file = io.BytesIO()
    write_page(file, page, [])
    read = Reading(file.getvalue().decode())
    assert sum(tag == "tr" for tag, _ in read.tags) == LISTED_ITEMS + 1
    assert "The 1,000 of 1,500 that changed most" in read.text


@pytest.mark.parametrize(
    ("before", "after", "figures"),
    [
        (0.881, 0.9034, "0.881 → 0.903"),
        (0.88112, 0.88141, "0.8811 → 0.8814"),
        (0.5, 0.5, "0.500 → 0.500"),
        (0.5, 0.5000001, "0.5 → 0.5"),
    ],
)
def test_metrics_have_as_many_decimals_as_tell_them_apart(before: float, after: float, figures: str) -> None:
    assert metric_figures(MetricChange(name="m", before=before, after=after, better=1)) == figures


def test_a_decision_is_told_with_who_and_when_as_far_as_that_is_known() -> None:
    noon = dt.datetime(2026, 11, 3, 12, 5).timestamp()

    def choice(kept: Kept, who: str) -> ModelChoice:
        return ModelChoice(run="0002", parent="0001", kept=kept, who=who, time=noon)

    assert choice_in_words(None) == "Not decided yet"
    assert choice_in_words(choice(Kept.NEW, "Anna")) == "Run 0002 kept by Anna, 3 Nov 2026 12:05"
    assert choice_in_words(choice(Kept.OLD, "")) == "Run 0001 kept, 3 Nov 2026 12:05"
    assert choice_in_words(choice(Kept.UNDECIDED, "Ben")) == "Decision taken back by Ben, 3 Nov 2026 12:05"


def test_the_last_epoch_is_found_behind_torn_lines_and_none_where_there_is_none(tmp_path: Path) -> None:
    def epoch(number: int) -> EpochEnd:
        return EpochEnd(epoch=number, step=1, train_loss=1, valid_loss=1, metrics=[], seconds=1)

    path = tmp_path / "events.jsonl"
    assert last_epoch(path) is None
    path.write_bytes(b"")
    assert last_epoch(path) is None
    many = b"".join(encode_event(Warned(sentence=f"the epoch {number}")) for number in range(3000))
    path.write_bytes(encode_event(epoch(1)) + encode_event(epoch(2)) + b'{"event":"epoch","ep')
    assert last_epoch(path) == epoch(2)
    path.write_bytes(many + encode_event(epoch(3)) + encode_event(Warned(sentence='an "epoch"')))
    assert last_epoch(path) == epoch(3)


def test_what_answering_one_class_alone_gives_stands_beside_a_metric_before_and_after() -> None:
    metric = MetricChange(
        name="accuracy",
        before=0.471,
        after=0.706,
        better=1,
        detail="valid, 17 items; answering the commonest class alone: 0.706",
        detail_before="valid, 17 items; answering the commonest class alone: 0.647",
    )
    told = replace(report_of([-1]), metrics=(metric,))
    file = io.BytesIO()
    write_page(file, Page(project="p", told=told, choice=None, classes=(), changed=1, pictured=0), [])
    page = file.getvalue().decode()
    assert "valid, 17 items; answering the commonest class alone: 0.647 → 0.706" in page
    assert "<td class='number ok'>0.471 → 0.706</td>" in page
