"""`studio review` of texts: which words weighed most."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli.app import run_command
from studio.core.classes import make_classes
from studio.core.defaults import default_spec
from studio.core.items import NewItem, Split
from studio.core.review import SCORES_FILE, ItemScore, encode_score
from studio.core.settings import ProjectSettings, Task
from studio.core.tags import PredictedTags, Tags
from studio.core.tokens import tokenize
from studio.store import Store

TEXT = "A lovely film, though it was a bit dull."


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A document that is taken for a bad one because of one word, and one to train on whose file is gone since."""
    settings = ProjectSettings(name="films", task=Task.TEXT, classes=tuple(make_classes(["bad", "good"])))
    with Store.create(tmp_path / "project", settings) as store:
        for number in range(2):
            (tmp_path / f"{number}.txt").write_text(TEXT)
        ids = store.add_items(
            NewItem(name=f"{n}.txt", path=tmp_path / f"{n}.txt", split=Split.VALID if n == 0 else Split.TRAIN)
            for n in range(2)
        )
        store.tags.replace({i: Tags((1,)) for i in ids}, "by hand")
        record = store.create_run(default_spec(settings, n_items=2, image_size=(0, 0)))
        tokens = tokenize(TEXT)
        words = ((tokens.index("dull"), 0.41), (tokens.index("lovely"), -0.2))
        lines = [
            ItemScore(
                item=item,
                name=f"{number}.txt",
                split=Split.VALID,
                revision=1,
                loss=1.0 - number,
                error=1.0,
                tags=PredictedTags(tags=Tags((0,)), shares=((0, 0.8), (1, 0.2))),
                label=Tags((1,)),
                confusion=((1, 0, 1),),
                words=words,
            )
            for number, item in enumerate(ids)
        ]
        (record.folder / SCORES_FILE).write_bytes(b"".join(map(encode_score, lines)))
    (tmp_path / "1.txt").unlink()
    return tmp_path / "project"


def test_review_names_the_words_that_weighed_most(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["review", str(project), "--run", "0001", "--json"]) == 0
    first, second, *_ = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert first["words"] == [["dull", 0.41], ["lovely", -0.2]]
    assert "words" not in second, "its document is gone"
    assert run_command(["review", str(project), "--run", "0001"]) == 0
    assert "dull +41 %, lovely -20 %" in " ".join(capsys.readouterr().out.split())
