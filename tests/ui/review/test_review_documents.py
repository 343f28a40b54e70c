"""Tiles of documents: the words that weighed most are coloured, and there where they stand far behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QTextLayout

from studio.core.errors import UnreadableText
from studio.core.tokens import tokenize
from studio.ui.review import document_tile
from studio.ui.review.document_tile import AWAY, TOWARDS, weighed_document, weighed_places
from studio.ui.theme import theme
from tests.ui.review.test_review_grid import pixels

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def drawn_texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was laid out to be drawn, the last of it at the end."""
    texts: list[str] = []

    class Layout(QTextLayout):
        def draw(self, *args: object, **options: object) -> None:
            texts.append(self.text())
            super().draw(*args, **options)  # pyright: ignore[reportArgumentType, reportCallIssue]

    monkeypatch.setattr(document_tile, "QTextLayout", Layout)
    return texts


def tinted(image: QImage, role: str) -> int:
    """How many pixels of the picture have a colour between paper and this role's, by its hue."""
    hue = theme().color(role).hue()
    rows = pixels(image)
    colored = rows[np.ptp(rows.astype(int), axis=-1) > 30]
    return sum(abs(QColor(*(int(c) for c in color)).hue() - hue) < 20 for color in colored)


def place_of(text: str, word: str) -> int:
    return tokenize(text).index(word)


def test_words_towards_the_class_and_away_from_it_have_colours_of_their_own(tmp_path: Path) -> None:
    text = "A lovely film, they said. It was dull."
    (tmp_path / "one.txt").write_text(text)

    def drawn(*words: tuple[int, float]) -> QImage:
        return weighed_document(tmp_path / "one.txt", words, width=360, height=200)

    plain, towards = drawn(), drawn((place_of(text, "dull"), 0.5))
    assert tinted(plain, TOWARDS) == tinted(plain, AWAY) == 0
    assert tinted(towards, TOWARDS) > 100 and tinted(towards, AWAY) == 0
    both = drawn((place_of(text, "dull"), 0.5), (place_of(text, "lovely"), -0.4))
    assert tinted(both, TOWARDS) == tinted(towards, TOWARDS)
    assert tinted(both, AWAY) > 100


def test_a_word_far_behind_the_beginning_is_shown_with_what_is_around_it(tmp_path: Path) -> None:
    text = "It goes on. " * 300 + "The end is dull, though. " + "And on. " * 100
    (tmp_path / "long.txt").write_text(text)
    picture = weighed_document(tmp_path / "long.txt", [(place_of(text, "dull"), 0.9)], width=300, height=150)
    assert tinted(picture, TOWARDS) > 50


def test_the_place_of_a_word_goes_by_the_text_as_it_is_read() -> None:
    text = "A lovely film.\nDull, though."
    ((start, end), share), *_ = weighed_places(text, [(place_of(text, "dull"), -0.3)])
    assert (text[start:end], share) == ("Dull", -0.3)


def test_a_document_shorter_than_when_it_was_scored_is_shown_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("Gone.")
    assert not weighed_document(tmp_path / "short.txt", [(400, 0.5)], width=200, height=100).isNull()


def test_a_document_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableText, match=r"gone\.txt"):
        weighed_document(tmp_path / "gone.txt", [], width=200, height=100)


@pytest.mark.parametrize("size", [(60, 30), (120, 90), (900, 600)])
def test_no_line_of_a_document_is_cut_off_at_the_foot(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "long.txt").write_text("word " * 2000)
    width, height = size
    image = pixels(weighed_document(tmp_path / "long.txt", [], width=width, height=height))
    paper = image[0, 0]
    assert (image[-8:] == paper).all()
    assert (image[:, -8:] == paper).all()


def test_words_that_have_no_room_are_not_drawn_over_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("iii iii iii iii")
    (tmp_path / "more.txt").write_text("iii iii iii iii " + "MMMMM " * 300)
    for width in range(100, 160, 4):
        alone, more = (
            pixels(weighed_document(tmp_path / name, [], width=width, height=62)) for name in ("one.txt", "more.txt")
        )
        inked = (alone != alone[0, 0]).any(axis=-1)
        first_line = inked.any(axis=1).nonzero()[0]
        beside = inked[first_line].any(axis=0).nonzero()[0].max()
        rows = slice(first_line.min(), first_line.max() + 1)
        assert (alone[rows, : beside + 1] == more[rows, : beside + 1]).all(), width


@pytest.mark.parametrize("width", range(90, 200, 10))
def test_a_document_that_goes_on_ends_with_a_whole_word_and_a_sign_for_that(
    tmp_path: Path, width: int, drawn_texts: list[str]
) -> None:
    text = "I had heard some not too good things about this movie during Brian's birthday. " * 20
    (tmp_path / "long.txt").write_text(text)
    weighed_document(tmp_path / "long.txt", [], width=width, height=110)
    shown = drawn_texts[-1]
    assert shown.endswith(" …")
    assert shown.removesuffix(" …").split() == text.split()[: len(shown.split()) - 1]


def test_a_document_that_has_room_ends_without_a_sign(tmp_path: Path, drawn_texts: list[str]) -> None:
    (tmp_path / "short.txt").write_text("All of it.")
    weighed_document(tmp_path / "short.txt", [], width=200, height=110)
    assert drawn_texts[-1] == "All of it."


@pytest.mark.parametrize("size", [(30, 22), (60, 30), (120, 90)])
@pytest.mark.parametrize("text", ["電影很好看" * 400, "a" * 3000, "a " * 2000])
def test_a_text_without_spaces_or_without_room_is_drawn_all_the_same(
    tmp_path: Path, size: tuple[int, int], text: str
) -> None:
    (tmp_path / "long.txt").write_text(text)
    assert not weighed_document(tmp_path / "long.txt", [], width=size[0], height=size[1]).isNull()
