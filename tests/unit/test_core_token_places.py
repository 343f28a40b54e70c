"""Where tokens stand in their text, and which parts of a text show them."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.core.excerpts import excerpts
from studio.core.texts import as_read
from studio.core.token_places import token_places
from studio.core.tokens import MARKS, tokenize


def found(text: str) -> list[str | None]:
    """What of the text each of its tokens is."""
    return [None if place is None else text[slice(*place)] for place in token_places(text, tokenize(text))]


def test_a_token_is_found_as_it_is_written_and_a_mark_nowhere() -> None:
    assert tokenize("A GREAT Film.") == ["xxbos", "a", "xxup", "great", "xxmaj", "film", "."]
    assert found("A GREAT Film.") == [None, "A", None, "GREAT", None, "Film", "."]


def test_a_repeated_sign_or_word_is_its_first_and_what_follows_is_still_found() -> None:
    text = "No!!!!!!!! It was so so so so long. 4 stars, 8 of 10."
    words = found(text)
    assert words[tokenize(text).index("stars")] == "stars"
    assert words.count("!") == 1 and words.count("so") == 1
    assert words[-4:] == ["8", "of", "10", "."]


def test_signs_that_become_two_in_lower_case_move_nothing() -> None:
    assert found("İİİİ and İ film")[-1] == "film"


def test_what_is_written_otherwise_loses_no_other_token() -> None:
    assert found("Well... it&#39;s over")[-1] == "over"


def test_nearly_all_words_of_real_reviews_are_found(shared_data: Path) -> None:
    with (shared_data / "imdb_sample" / "texts.csv").open(encoding="utf-8") as file:
        texts = [as_read(row[1]) for row in list(csv.reader(file))[1:60]]
    words = lost = 0
    for text in texts:
        tokens = tokenize(text)
        for token, place in zip(tokens, token_places(text, tokens), strict=True):
            if token.isalpha() and token not in MARKS:
                words += 1
                lost += place is None or text[slice(*place)].lower() != token
    assert words > 5000
    assert lost < 0.01 * words


WORDS = st.lists(st.sampled_from(["a", "film", "that", "nobody", "saw", "extraordinarily"]), min_size=1, max_size=200)


@given(WORDS, st.lists(st.integers(0, 199), min_size=1, max_size=8), st.integers(80, 600))
def test_excerpts_hold_the_first_place_and_stay_in_their_room(words: list[str], picks: list[int], room: int) -> None:
    text = " ".join(words)
    starts = [len(" ".join(words[:n])) + (n > 0) for n in range(len(words))]
    places = [(starts[n], starts[n] + len(words[n])) for n in (pick % len(words) for pick in picks)]
    parts = excerpts(text, places, room=room)
    assert any(start <= places[0][0] and places[0][1] <= end for start, end in parts)
    assert sum(end - start for start, end in parts) <= max(room, 2 * (30 + 15) + len("extraordinarily"))
    for (_, end), (start, _) in itertools.pairwise(parts):
        assert end < start, "in order and apart"


def test_a_text_with_room_for_all_of_its_places_is_shown_from_its_beginning() -> None:
    text = "word " * 100
    assert excerpts(text, [(40, 44)], room=200) == [(0, 200)]
    assert excerpts(text, [], room=5000) == [(0, 500)]


@pytest.mark.parametrize("room", [90, 200])
def test_excerpts_neither_begin_nor_end_within_a_word(room: int) -> None:
    text = "something " * 100
    for start, end in excerpts(text, [(500, 509), (900, 909)], room=room):
        assert start == 0 or text[start - 1] == " "
        assert end == len(text) or text[end] == " "
