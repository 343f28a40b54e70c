"""Documents on the Label page: reading, class keys, going on, long texts and the list's first words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.core.classes import make_classes
from studio.core.items import NewItem, Split
from studio.core.label_queue import Queued
from studio.core.recipe import RunSpec, Stage
from studio.core.review import SCORES_FILE, Decision, ItemScore, encode_score
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.core.tokens import MARKS
from studio.core.vocabulary import Vocabulary, save_vocabulary
from studio.store import Store
from studio.ui.label import LabelPage
from studio.ui.label.document_pane import DocumentPane
from studio.ui.session import Overlay, Page, Session

Key, Ctrl, Shift = Qt.Key, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@dataclass
class Reader:
    store: Store
    page: LabelPage
    session: Session
    pane: DocumentPane
    ids: list[int]
    qtbot: QtBot

    def key(self, key: Qt.Key, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.pane.page, key, keys)

    def wait_for(self, text: str) -> None:
        self.qtbot.waitUntil(lambda: self.pane.page.toPlainText().startswith(text), timeout=5000)


@pytest.fixture
def make_reader(tmp_path: Path, qtbot: QtBot) -> Iterator[object]:
    made: list[Reader] = []

    def make(*texts: str) -> Reader:
        settings = ProjectSettings(name="texts", task=Task.TEXT, classes=tuple(make_classes(["bad", "good"])))
        store = Store.create(tmp_path / "project", settings)
        folder = tmp_path / "texts"
        folder.mkdir()
        for number, text in enumerate(texts):
            (folder / f"{number}.txt").write_text(text, encoding="utf-8", newline="")
        ids = store.add_items(NewItem(name=f"{n}.txt", path=folder / f"{n}.txt") for n in range(len(texts)))
        session = Session(store)
        page = LabelPage(session)
        qtbot.addWidget(page)
        page.resize(1200, 760)
        page.show()
        page.apply_window_args()
        assert page.document is not None
        reader = Reader(store, page, session, page.document, ids, qtbot)
        made.append(reader)
        page.setFocus()
        return reader

    yield make
    for reader in made:
        reader.page.shut_down()
        reader.page.close()
        reader.store.close()


def test_a_document_is_read_with_its_breaks_and_stays_as_it_is(make_reader) -> None:
    reader = make_reader("One line.<br /><br />Another\r\none.", "b")
    reader.wait_for("One line.\n\nAnother\none.")
    item = reader.store.item(reader.ids[0])
    assert item.path.read_bytes() == b"One line.<br /><br />Another\r\none."
    QTest.keyClicks(reader.pane.page, "typed")
    assert reader.pane.page.toPlainText().startswith("One line.")


def test_class_keys_choose_and_go_on_and_undo_comes_back(make_reader) -> None:
    reader = make_reader("first", "second", "third")
    reader.wait_for("first")
    reader.key(Key.Key_2)
    reader.wait_for("second")
    reader.key(Key.Key_1)
    reader.wait_for("third")
    assert [reader.store.read_tags(i) for i in reader.ids] == [Tags((1,)), Tags((0,)), None]
    reader.key(Key.Key_Z, Ctrl)
    reader.wait_for("second")
    assert reader.store.read_tags(reader.ids[1]) is None
    reader.key(Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    reader.wait_for("first")


def test_a_long_text_is_laid_out_piece_by_piece_and_all_of_it_can_be_reached(make_reader) -> None:
    long = "word and word again " * 100_000
    reader = make_reader(long)
    reader.wait_for("word")
    QApplication.processEvents()
    assert reader.pane.text == long
    assert len(reader.pane.page.toPlainText()) < len(long) / 10
    before = len(reader.pane.page.toPlainText())
    bar = reader.pane.page.verticalScrollBar()
    bar.setValue(bar.maximum())
    reader.qtbot.waitUntil(lambda: len(reader.pane.page.toPlainText()) > before)
    assert long.startswith(reader.pane.page.toPlainText().replace("\n", ""))


def test_the_end_key_goes_to_the_very_end(make_reader) -> None:
    reader = make_reader("\n".join(f"line {n}" for n in range(8000)))
    reader.wait_for("line 0")
    reader.key(Key.Key_End)
    reader.qtbot.waitUntil(lambda: reader.pane.page.toPlainText().endswith("line 7999"))
    bar = reader.pane.page.verticalScrollBar()
    reader.qtbot.waitUntil(lambda: bar.value() == bar.maximum())
    reader.key(Key.Key_Home)
    assert reader.pane.page.verticalScrollBar().value() == 0


def test_the_column_is_never_much_wider_than_a_book(make_reader) -> None:
    reader = make_reader("x " * 2000)
    reader.wait_for("x")
    reader.page.resize(2400, 900)
    QApplication.processEvents()
    assert reader.pane.page.viewport().width() < 100 * reader.pane.page.fontMetrics().averageCharWidth()


def test_a_short_document_has_no_scroll_bar_and_its_lines_are_as_long_as_those_of_a_long_one(make_reader) -> None:
    reader = make_reader("word and word again " * 500, "a few words")
    bar = reader.pane.page.verticalScrollBar()
    reader.wait_for("word")
    reader.qtbot.waitUntil(bar.isVisible)
    wide = reader.pane.page.document().textWidth()
    reader.session.open_item(reader.ids[1])
    reader.wait_for("a few")
    reader.qtbot.waitUntil(lambda: not bar.isVisible())
    assert reader.pane.page.document().textWidth() == wide > 300


def test_ctrl_and_the_wheel_change_the_letters_and_that_is_kept(make_reader) -> None:
    reader = make_reader("text")
    reader.wait_for("text")
    view = reader.pane.page.viewport()
    place = QPointF(view.rect().center())
    event = QWheelEvent(place, view.mapToGlobal(place), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton, Ctrl,
                        Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(view, event)
    assert reader.pane.percent == 120
    assert reader.page.status.zoom.text() == "120 %"
    reader.key(Key.Key_Minus, Ctrl)
    assert DocumentPane().percent == 110
    reader.key(Key.Key_0, Ctrl)
    assert reader.pane.percent == 100


def test_a_document_that_is_gone_is_told_and_can_still_be_labelled(make_reader) -> None:
    reader = make_reader("a", "b", "c", "d", "e", "f", "g")
    reader.store.item(reader.ids[6]).path.unlink()
    reader.session.open_item(reader.ids[6])
    reader.qtbot.waitUntil(lambda: "cannot be read" in reader.pane.sentence.text(), timeout=5000)
    QTest.keyClick(reader.page.items.list, Key.Key_2)
    assert reader.store.read_tags(reader.ids[6]) == Tags((1,))


def test_the_list_shows_first_words_and_finds_names(make_reader) -> None:
    reader = make_reader("The beginning of it", "Something else")
    words = reader.page.items.words
    path = reader.store.item(reader.ids[1]).path
    reader.qtbot.waitUntil(lambda: words.get(reader.ids[1], path) == "Something else", timeout=5000)
    reader.page.items.filter_bar.search.setText("1.t")
    reader.qtbot.waitUntil(lambda: list(reader.page.items.model.ids) == [reader.ids[1]])


def test_only_what_means_something_to_a_document_is_offered(make_reader) -> None:
    reader = make_reader("a")
    names = {action.objectName() for action in reader.page.actions()}
    assert {"text_larger", "tag_find", "tag_clear", "next_item"} <= names
    assert not {"fit", "overlay", "tool_hand", "propose_here"} & names
    assert not reader.page.canvas.isVisible()


def show_tokens(reader: Reader) -> str:
    """Press the key for tokens; returns them as they are read on the screen once the ids are there."""
    reader.key(Key.Key_T, Ctrl)
    view = reader.pane.tokens
    reader.qtbot.waitUntil(lambda: view.isVisible() and " of them not among " in view.heading.text(), timeout=10_000)
    return " ".join(view.page.toPlainText().replace("\u2060", ":").split())


def test_a_key_shows_the_tokens_of_a_document_with_their_ids(make_reader) -> None:
    reader = make_reader("Good good GOOD film", "not shown", "good film or film")
    reader.wait_for("Good")
    assert show_tokens(reader) == "xxbos:2 xxmaj:6 good:7 good:7 xxup:5 good:7 film:8"
    assert "7 tokens, 0 of them not among the 9 that a run would learn" in reader.pane.tokens.heading.text()
    QTest.keyClick(reader.pane.tokens.page, Key.Key_T, Ctrl)
    assert reader.pane.page.isVisible() and not reader.pane.tokens.isVisible()


def test_the_tokens_follow_the_document_and_class_keys_still_label(make_reader) -> None:
    reader = make_reader("first", "second never", "third")
    reader.wait_for("first")
    assert show_tokens(reader) == "xxbos:2 first:0"
    QTest.keyClick(reader.pane.tokens.page, Key.Key_2)
    reader.qtbot.waitUntil(lambda: "second" in reader.pane.tokens.page.toPlainText(), timeout=5000)
    assert reader.store.read_tags(reader.ids[0]) == Tags((1,))
    assert "3 tokens, 2 of them not among the 7" in reader.pane.tokens.heading.text()


def test_after_a_run_the_ids_are_those_of_its_model(make_reader, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = make_reader("Good film")
    reader.wait_for("Good")
    folder = reader.store.root / "runs" / "0001"
    folder.mkdir(parents=True)
    save_vocabulary(folder, Vocabulary((*MARKS, "film", "bad", "good")))
    monkeypatch.setattr(reader.store, "runs", lambda: [SimpleNamespace(folder=folder)])
    assert show_tokens(reader) == "xxbos:2 xxmaj:6 good:9 film:7"
    assert "of run 0001" in reader.pane.tokens.heading.text()


def test_a_very_long_document_shows_its_first_tokens_and_counts_the_rest(make_reader) -> None:
    reader = make_reader("word and " * 3000)
    reader.wait_for("word")
    shown = show_tokens(reader)
    assert shown.endswith("… and 4,001 tokens more")


def propose_first_in_queue(reader: Reader, item: int) -> None:
    """The second class is proposed for the item, which is the only one to label next; the person goes there."""
    said = PredictedTags(tags=Tags((1,)), shares=((1, 0.71), (0, 0.29)))
    reader.store.proposals.put(item, "0001", tags=said, uncertainty=0.5)
    reader.store.queue.replace("0001", [Queued(item=item, uncertainty=0.5)])
    reader.session.queue_changed.emit()
    reader.key(Key.Key_J, Ctrl)
    reader.qtbot.waitUntil(reader.page.queue.proposed.isVisible, timeout=5000)
    assert reader.page.queue.proposed.text() == "Proposed: good 71\N{NO-BREAK SPACE}%"


def test_the_class_proposed_for_a_document_is_accepted_by_its_key_and_offered_again_on_undo(make_reader) -> None:
    reader = make_reader("first", "second", "third")
    reader.wait_for("first")
    item = reader.ids[1]
    propose_first_in_queue(reader, item)
    reader.key(Key.Key_A, Shift)
    assert reader.store.read_tags(item) == Tags((1,))
    assert not reader.store.proposals.is_open(item)
    assert reader.page.queue.note == "0 of 1"
    reader.key(Key.Key_Z, Ctrl)
    assert reader.store.read_tags(item) is None
    reader.qtbot.waitUntil(reader.page.queue.proposed.isVisible, timeout=5000)


def test_the_buttons_accept_and_discard_what_is_proposed_for_a_document(make_reader) -> None:
    reader = make_reader("first", "second", "third")
    reader.wait_for("first")
    first, second, _ = reader.ids
    propose_first_in_queue(reader, second)
    QTest.mouseClick(reader.page.queue.discard_button, Qt.MouseButton.LeftButton)
    assert not reader.page.queue.proposed.isVisible()
    assert not reader.store.proposals.is_open(second)
    assert reader.store.read_tags(second) is None
    propose_first_in_queue(reader, first)
    QTest.mouseClick(reader.page.queue.accept_button, Qt.MouseButton.LeftButton)
    assert reader.store.read_tags(first) == Tags((1,))


def test_a_document_that_is_relabelled_from_review_stays_and_counts_as_corrected_and_esc_goes_back(make_reader) -> None:
    reader = make_reader("first", "second")
    reader.wait_for("first")
    store, item = reader.store, reader.ids[0]
    store.tags.replace(dict.fromkeys(reader.ids, Tags((0,))), "by hand")
    store.set_split([reader.ids[1]], Split.VALID)
    record = store.create_run(RunSpec(task=Task.TEXT, stages=(Stage(epochs=1, height=32, width=32),)))
    said = PredictedTags(tags=Tags((1,)), shares=((1, 0.9), (0, 0.1)))
    score = ItemScore(
        item=item, name="0.txt", split=Split.TRAIN, revision=1, loss=1.0, error=1.0, tags=said, label=Tags((0,))
    )
    (record.folder / SCORES_FILE).write_bytes(encode_score(score))
    store.review.load_scores(record.id)
    reader.session.open_item(item, Overlay(run=record.id, item=item, came_from=Page.REVIEW))
    reader.qtbot.waitUntil(lambda: reader.page.showing.prediction is not None, timeout=5000)
    reader.key(Key.Key_2)
    assert reader.session.current_item == item
    assert [(c.item, c.decision) for c in store.review.corrections(record.id)] == [(item, Decision.EDITED)]
    with reader.qtbot.waitSignal(reader.session.page_requested) as asked:
        reader.key(Key.Key_Escape)
    assert asked.args == [Page.REVIEW]
