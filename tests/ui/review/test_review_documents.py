"""Tiles of documents: the words that weighed most are coloured, and there where they stand far behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage

from studio.core.errors import UnreadableText
from studio.core.tokens import tokenize
from studio.ui.review.document_tile import AWAY, TOWARDS, weighed_document, weighed_places
from studio.ui.theme import theme
from tests.ui.review.test_review_grid import pixels

pytestmark = pytest.mark.usefixtures("qapp")


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
