"""Classes of whole items in words: which of many are shown where few have room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from studio.core.tag_words import Answer, answers_of, most_telling
from studio.core.tags import PredictedTags, Tags

NAMES = {0: "ant", 1: "bee", 2: "wasp", 3: "void"}

SAID = PredictedTags(tags=Tags((0, 2)), shares=((0, 0.9), (2, 0.4), (1, 0.1)))


def test_each_class_has_what_label_and_model_say_about_it() -> None:
    ant, wasp, bee, void = answers_of(Tags((0, 1, 3)), SAID, NAMES)
    assert (ant.name, ant.share, ant.in_label, ant.predicted, ant.is_wrong) == ("ant", 0.9, True, True, False)
    assert (wasp.name, wasp.in_label, wasp.predicted, wasp.is_wrong) == ("wasp", False, True, True)
    assert (bee.name, bee.in_label, bee.predicted, bee.is_wrong) == ("bee", True, False, True)
    assert (void.name, void.share, void.is_wrong) == ("void", None, False), "no model can know it"


def test_nothing_is_wrong_about_an_item_that_nobody_labelled() -> None:
    assert [(a.in_label, a.is_wrong) for a in answers_of(None, SAID, NAMES)] == [(None, False)] * 3


_answers = st.builds(
    Answer,
    name=st.text(max_size=3),
    share=st.floats(0, 1),
    in_label=st.sampled_from([True, False, None]),
    predicted=st.booleans(),
)


@given(st.lists(_answers, max_size=8), st.integers(-1, 9))
def test_where_few_have_room_nothing_wrong_gives_way_to_something_right(answers: list[Answer], room: int) -> None:
    shown = most_telling(answers, room)
    assert len(shown) == min(len(answers), max(0, room))
    left = iter(answers)
    assert all(any(answer is other for other in left) for answer in shown), "in their order"
    hidden = [answer for answer in answers if not any(answer is other for other in shown)]
    if any(answer.is_wrong for answer in hidden):
        assert all(answer.is_wrong for answer in shown)
