"""Text projects from the labels to a recipe: what a run freezes, what is proposed, what the command line changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.cli.recipes import RecipeOptions, make_spec
from studio.core.classes import make_classes
from studio.core.defaults import default_spec
from studio.core.errors import BadInput
from studio.core.items import NewItem, Split
from studio.core.recipe import Purpose, Stage, decode_spec, encode_spec
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import Tags
from studio.store import Store

SETTINGS = ProjectSettings(name="films", task=Task.TEXT, classes=tuple(make_classes(["bad", "good"])))
SPLITS = (Split.TRAIN, Split.TRAIN, Split.VALID, Split.TRAIN, Split.VALID, Split.TEST, Split.TRAIN)


@pytest.fixture
def store(tmp_path: Path):
    """Documents 0–2 have a class; 3–6 have none, of which 5 is a test item and 6 is left out."""
    for number in range(len(SPLITS)):
        (tmp_path / f"{number}.txt").write_text(f"text {number}", encoding="utf-8")
    with Store.create(tmp_path / "project", SETTINGS) as store:
        ids = store.add_items(
            NewItem(name=f"{n}.txt", path=tmp_path / f"{n}.txt", split=split) for n, split in enumerate(SPLITS)
        )
        store.tags.replace({ids[n]: Tags((n % 2,)) for n in range(3)}, "by hand")
        store.set_left_out([ids[6]], True)
        yield store


def test_a_run_freezes_the_classes_and_names_the_unlabelled_texts_that_a_language_model_may_read(
    store: Store, tmp_path: Path
) -> None:
    record = store.create_run(default_spec(SETTINGS, n_items=2, image_size=(0, 0)))
    frozen = store.snapshot(record.id)
    assert [(item.name, item.tags) for item in frozen.items] == [
        ("0.txt", Tags((0,))),
        ("1.txt", Tags((1,))),
        ("2.txt", Tags((0,))),
    ]
    assert frozen.further == (str(tmp_path / "3.txt"), str(tmp_path / "4.txt"))


@given(st.integers(0, 1_000_000), st.sampled_from(["cpu", "cuda", "mps"]))
def test_any_number_of_texts_gets_lesson_3s_stages(n_items: int, device: str) -> None:
    spec = default_spec(SETTINGS, n_items=n_items, image_size=(0, 0), device_kind=device)
    assert decode_spec(encode_spec(spec)) == spec
    assert [(stage.language, stage.frozen, stage.unfrozen) for stage in spec.stages] == [
        (True, False, None),
        (False, True, None),
        (False, False, 2),
        (False, False, None),
    ]
    assert all(stage.size_in_words == "texts of up to 600 tokens" for stage in spec.stages)
    assert 2 <= spec.stages[-1].batch_size <= 16


def test_on_the_command_line_a_size_is_tokens_and_epochs_are_the_last_stages(store: Store) -> None:
    options = RecipeOptions(size="50", epochs=7, batch="4")
    spec = make_spec(store, options, purpose=Purpose.TRAIN, device="cpu")
    assert [(stage.height, stage.width, stage.batch_size) for stage in spec.stages] == [(1, 50, 4)] * 4
    assert [stage.epochs for stage in spec.stages] == [1, 1, 1, 7]
    assert spec.stages[0].language and spec.stages[1].frozen
    with pytest.raises(BadInput, match="'96x128' is no number of tokens, such as 600"):
        make_spec(store, RecipeOptions(size="96x128"), purpose=Purpose.TRAIN, device="cpu")


def test_a_stage_that_cannot_be_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="7 tokens of a document are too few"):
        Stage(epochs=1, height=1, width=7)
    with pytest.raises(ValueError, match="at least one parameter group"):
        Stage(epochs=1, height=1, width=50, frozen=True, unfrozen=2)
