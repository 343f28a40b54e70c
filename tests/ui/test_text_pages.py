"""Train and Review with documents: the recipe's stages in words, and tiles that show how a document begins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.defaults import default_spec
from studio.core.events import EpochEnd, Metric, SamplePrediction, encode_event
from studio.core.items import NewItem, Split
from studio.core.review import ItemScore, encode_score
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.engine import FakeEngine
from studio.store import Store
from studio.ui.review import ReviewPage
from studio.ui.review.tiles import key_of
from studio.ui.run_control import RunControl
from studio.ui.session import Session
from studio.ui.train import TrainPage
from studio.ui.train.sample_pictures import load_sample
from studio.ui.widgets.document_picture import document_picture

TEXTS = ("A lovely film.<br />I liked it. ", "Dull, dull, dull. ", "The best of the year. ", "Never again. ")


@pytest.fixture
def session(tmp_path: Path, qapp: object) -> Iterator[Session]:
    """Two training and two validation documents; the run takes the last one, a bad film, for a good one."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path / "settings"))
    settings = ProjectSettings(name="films", task=Task.TEXT, classes=tuple(make_classes(["bad", "good"])))
    with Store.create(tmp_path / "project", settings) as store:
        for number, text in enumerate(TEXTS):
            (tmp_path / f"{number}.txt").write_text(text * 40, encoding="utf-8")
        ids = store.add_items(
            NewItem(name=f"{n}.txt", path=tmp_path / f"{n}.txt", split=Split.TRAIN if n < 2 else Split.VALID)
            for n in range(4)
        )
        store.tags.replace({i: Tags(((n + 1) % 2,)) for n, i in enumerate(ids)}, "by hand")
        record = store.create_run(default_spec(settings, n_items=2, image_size=(0, 0)))
        (record.folder / "events.jsonl").write_bytes(
            encode_event(
                EpochEnd(epoch=1, step=1, train_loss=1, valid_loss=1, metrics=[Metric("accuracy", 0.5)], seconds=1.0)
            )
        )
        lines = [score(item, n, wrong=n == 3) for n, item in enumerate(ids)]
        (record.folder / "scores.jsonl").write_bytes(b"".join(encode_score(line) for line in lines))
        yield Session(store)


def score(item: int, number: int, *, wrong: bool) -> ItemScore:
    label, said = (number + 1) % 2, (number + 1 + wrong) % 2
    return ItemScore(
        item=item,
        name=f"{number}.txt",
        split=Split.TRAIN if number < 2 else Split.VALID,
        revision=1,
        loss=2.0 if wrong else 0.1,
        error=float(wrong),
        tags=PredictedTags(tags=Tags((said,)), shares=((said, 0.9), (1 - said, 0.1))),
        label=Tags((label,)),
        confusion=((label, said, 1),) if wrong else (),
    )


def test_review_shows_how_the_worst_documents_begin_and_one_key_takes_over_the_class(
    session: Session, qtbot: QtBot
) -> None:
    page = ReviewPage(session)
    qtbot.addWidget(page)
    page.resize(1100, 700)
    page.show()
    try:
        model = page.gallery.model
        qtbot.waitUntil(lambda: model.rowCount() == 4, timeout=20_000)
        worst = session.store.item_named("3.txt").id
        review = page.gallery.current()
        assert review is not None and review.score.item == worst
        qtbot.waitUntil(lambda: page.gallery.tiles.pictures(key_of(review)) is not None, timeout=20_000)
        pictures = page.gallery.tiles.pictures(key_of(review))
        assert pictures is not None and not pictures.trouble
        assert [(a.name, a.share, a.in_label, a.predicted) for a in pictures.answers] == [
            ("good", 0.9, False, True),
            ("bad", 0.1, True, False),
        ]
        assert ink(pictures.panes[0]) > 0.01
        QTest.keyClick(page.gallery.grid, Qt.Key.Key_A)
        assert session.store.read_tags(worst) == Tags((1,))
    finally:
        page.shut_down()


def test_the_picture_of_a_document_has_its_first_words_and_no_html(session: Session, tmp_path: Path) -> None:
    first, second = (document_picture(tmp_path / f"{n}.txt", width=300, height=200) for n in (0, 1))
    assert first != second
    (tmp_path / "again.txt").write_text("A lovely film.\nI liked it. " * 40)
    assert document_picture(tmp_path / "again.txt", width=300, height=200) == first


def test_a_watched_document_is_shown_with_what_the_model_says(session: Session) -> None:
    (record,) = session.store.runs()
    item = session.store.item_named("2.txt")
    said = PredictedTags(tags=Tags((1,)), shares=((1, 0.8), (0, 0.2)))
    sample = load_sample(record.folder, SamplePrediction(item=item.id, name=item.name, tags=said), [item.id])
    assert sample.words is not None and sample.words.agree and ink(sample.picture) > 0.01


def test_the_recipe_of_texts_says_what_each_stage_learns_and_asks_for_no_picture(
    session: Session, qtbot: QtBot
) -> None:
    engine = FakeEngine()
    control = RunControl(session, engine)
    page = TrainPage(session, control)
    qtbot.addWidget(page)
    page.resize(1280, 760)
    page.show()
    try:
        form = page.recipe.form
        titles = [card._title.text() for card in form.stages.cards]
        assert titles == ["Stage 1 · language model", "Stage 2", "Stage 3 · last 2 groups", "Stage 4"]
        language, head, *_ = form.stages.cards
        assert not language.frozen.isVisible() and head.frozen.isVisible() and head.frozen.isChecked()
        for absent in (form.model.encoder, form.flip, form.zoom, language.height_field, form.stages.double):
            assert not absent.isVisible()
        assert language.width_field.value() == 600
        form.stages.cards[2].frozen.click()
        assert page.draft.stages[2].frozen and page.draft.stages[2].unfrozen is None
        assert page.check.problem == ""
        samples = next(action for action in page.actions() if action.objectName() == "train_augmented")
        assert not samples.isEnabled()
        assert samples.toolTip() == "Texts are read as they stand; there is nothing to augment"
    finally:
        page.shut_down()
        control.close()
        engine.close()


def ink(picture: QImage) -> float:
    """The share of pixels, of every third one, that are not paper."""
    paper = picture.pixel(1, 1)
    places = [(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)]
    return sum(picture.pixel(x, y) != paper for x, y in places) / len(places)
