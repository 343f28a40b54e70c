"""Documents as tokens and ids: the lesson's marks, contractions, punctuation, and the vocabulary."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from studio.core.errors import MissingPackage
from studio.core.tokens import MARKS, marked, moses, tokenize
from studio.core.vocabulary import PADDING_ID, UNKNOWN_ID, Vocabulary, make_vocabulary


def said(text: str) -> str:
    """The tokens behind `xxbos`, with a space between."""
    first, *tokens = tokenize(text)
    assert first == "xxbos"
    return " ".join(tokens)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It isn't John's.", "xxmaj it isn 't xxmaj john 's ."),
        ("We've seen (all) of it, haven't we?", "xxmaj we 've seen ( all ) of it , haven 't we ?"),
        ('She said "no"; he: yes', 'xxmaj she said " no " ; he : yes'),
        ("a well-made film", "a well - made film"),
        ("8/10", "8 / 10"),
        ("I saw Mr. Smith in the U.S. today", "i saw xxmaj mr. xxmaj smith in the xxup u.s. today"),
        ("it was bad. it was long. very.", "it was bad . it was long . very ."),
        ("So bad.It ends!Really?Yes", "xxmaj so bad . xxmaj it ends ! xxmaj really ? xxmaj yes"),
    ],
)
def test_contractions_and_punctuation_are_tokens_of_their_own(text: str, tokens: str) -> None:
    assert said(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("GREAT film", "xxup great film"),
        ("Great film", "xxmaj great film"),
        ("I like A film by eBay and McCoy", "i like a film by ebay and mccoy"),
        ("WW2 GREAT!", "xxup ww2 xxup great !"),
        ("so goooood!!!!", "so g xxrep 5 o d xxrep 4 !"),
        ("a very very very good film", "a xxwrep 3 very good film"),
        ("very very good", "very very good"),
        ("no no no", "xxwrep 3 no"),
    ],
)
def test_case_and_repetition_become_the_marks_of_fastai(text: str, tokens: str) -> None:
    """What fastai 2.8's rules (replace_rep, replace_wrep, replace_all_caps, replace_maj) make of the same texts."""
    assert said(text) == tokens


def test_html_in_a_text_is_read_as_what_it_stands_for() -> None:
    assert said("Good.<br /><br />Bad &amp; ugly &quot;x&quot; it&#39;s amp; ... camp; caf&eacute;") == (
        'xxmaj good . xxmaj bad & ugly " x " it \'s & … camp ; café'
    )


def test_a_text_that_has_a_mark_in_capitals_in_it_stays_one_word_each() -> None:
    assert said("XXMAJ XXUNK") == "xxmaj xxunk"


def test_an_empty_text_is_its_beginning_alone() -> None:
    assert tokenize("") == tokenize(" \n ") == ["xxbos"]


def test_a_line_of_the_text_stays_a_line_while_it_is_marked() -> None:
    assert marked("One\ntwo").split("\n") == ["XXMAJ One", "two"]


def test_a_vocabulary_has_the_marks_first_and_then_what_is_frequent() -> None:
    documents = [["xxbos", "b", "a", "a", "c"], ["xxbos", "a", "b", "xxmaj", "c", "d"]]
    vocabulary = make_vocabulary(documents, min_frequency=2)
    assert vocabulary.tokens == (*MARKS, "a", "b", "c")
    assert vocabulary.tokens[UNKNOWN_ID] == "xxunk" and vocabulary.tokens[PADDING_ID] == "xxpad"
    assert vocabulary.ids_of(["xxbos", "a", "d", "c"]) == [2, len(MARKS), UNKNOWN_ID, len(MARKS) + 2]


def test_a_vocabulary_is_no_larger_than_asked_and_the_same_for_documents_in_any_order() -> None:
    documents = [["a"] * 3, ["c"] * 4, ["b"] * 3]
    vocabulary = make_vocabulary(documents, max_tokens=len(MARKS) + 2)
    assert vocabulary.tokens == (*MARKS, "c", "a")
    assert make_vocabulary(documents[::-1], max_tokens=len(MARKS) + 2) == vocabulary


def test_an_extended_vocabulary_keeps_the_ids_it_had() -> None:
    old, new = Vocabulary((*MARKS, "a", "b")), Vocabulary((*MARKS, "c", "b"))
    assert old.extended(new).tokens == (*MARKS, "a", "b", "c")


def test_a_vocabulary_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="xxunk"):
        Vocabulary(("a", "b"))


def test_without_the_tokenizer_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, package: str | None = None) -> object:
        raise ImportError(name)

    moses.cache_clear()
    monkeypatch.setattr(importlib, "import_module", missing)
    try:
        with pytest.raises(MissingPackage, match="pip install sacremoses"):
            tokenize("a")
    finally:
        moses.cache_clear()


def test_tokenizing_loads_neither_torch_nor_qt() -> None:
    code = (
        "import sys; from studio.core.tokens import tokenize; tokenize('A b.');"
        "print([m for m in ('torch', 'PySide6', 'spacy') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True, cwd=root
    )
    assert done.stdout == "[]\n", done.stderr
