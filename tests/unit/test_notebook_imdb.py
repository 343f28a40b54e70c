"""Lesson 3's IMDB notebook, cell by cell, on a few of its reviews: only lengths and batches are smaller."""

from __future__ import annotations

import csv
import gc
from pathlib import Path

import pytest
import torch

from studio.core.errors import BadInput
from tests.unit.lessons import run_cells

LANGUAGE = """
data_lm = TextLMDataBunch.from_csv(path, 'texts.csv', valid_col='is_valid', bs=4)
learn = language_model_learner(data_lm)
learn.model_dir = models_folder
before = learn.validate()
learn.fit_one_cycle(2, 1e-2, moms=(0.8,0.7))
after = learn.validate()
learn.save_encoder('fine_tuned_enc')
language = {name: value.clone() for name, value in learn.model.state_dict().items()}
"""

CLASSIFIER = """
data_clas = TextClasDataBunch.from_csv(path, 'texts.csv', valid_col='is_valid', vocab=data_lm.vocab, bs=4, max_len=40)
learn = text_classifier_learner(data_clas, metrics=accuracy)
learn.model_dir = models_folder
learn.load_encoder('fine_tuned_enc')
learn.freeze()
learn.fit_one_cycle(1, 2e-2, moms=(0.8,0.7))
frozen = {name: value.clone() for name, value in learn.model.state_dict().items()}
learn.freeze_to(-2)
learn.fit_one_cycle(1, slice(1e-2/(2.6**4),1e-2), moms=(0.8,0.7))
half = {name: value.clone() for name, value in learn.model.state_dict().items()}
learn.unfreeze()
learn.fit_one_cycle(1, slice(1e-3/(2.6**4),1e-3), moms=(0.8,0.7))
interp = Interpretation.from_learner(learn)
preds, labels = learn.get_preds()
"""


@pytest.fixture
def imdb(shared_data: Path, tmp_path: Path) -> Path:
    """Twelve reviews for training and six for validation."""
    table = shared_data / "imdb_sample" / "texts.csv"
    if not table.is_file():
        pytest.skip("imdb_sample is not among the real data sets")
    pytest.importorskip("sacremoses", reason="texts are divided into words by sacremoses")
    with table.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    few = [*[row for row in rows if row[2] == "False"][:12], *[row for row in rows if row[2] == "True"][:6]]
    with (tmp_path / "texts.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *few])
    return tmp_path


def test_the_language_models_and_the_classifiers_cells_run(imdb: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    seen = run_cells(LANGUAGE, CLASSIFIER, path=imdb, models_folder=tmp_path / "models")
    assert seen.after[0] < seen.before[0], "it predicts the next word better"
    assert (len(seen.data_clas.train_ds), len(seen.data_clas.valid_ds)) == (12, 6)
    assert seen.data_clas.classes == ["negative", "positive"]
    embedding, lstm = "encoder.embedding.weight", next(n for n in seen.language if n.startswith("encoder.layers."))
    assert torch.equal(seen.frozen[embedding], seen.language[embedding]), "the language model's, frozen"
    assert torch.equal(seen.half[embedding], seen.language[embedding])
    assert not torch.equal(seen.half[lstm], seen.frozen[lstm])
    assert not torch.equal(seen.learn.model.state_dict()[embedding], seen.half[embedding])
    assert seen.interp.confusion_matrix().sum() == 6
    right = (seen.preds.argmax(1) == seen.labels).float().mean()
    assert float(right) == pytest.approx(seen.learn.validate()[1])
    said = [label for _, label in seen.data_clas.valid_ds]
    assert [seen.data_clas.classes[i] for i in seen.labels.tolist()] == said, "answers are in the split's order"


def test_an_encoder_of_another_vocabulary_is_refused(imdb: Path, tmp_path: Path) -> None:
    cells = LANGUAGE.replace("fit_one_cycle(2", "fit_one_cycle(1").replace("valid_col='is_valid'", "valid_pct=0.5")
    with pytest.raises(BadInput, match=r"vocab=data_lm\.vocab"):
        run_cells(cells, CLASSIFIER.replace("vocab=data_lm.vocab, ", ""), path=imdb, models_folder=tmp_path / "models")


def test_texts_and_classes_are_the_tables(imdb: Path) -> None:
    seen = run_cells("data = TextClasDataBunch.from_csv(path, 'texts.csv', valid_col='is_valid', bs=4)", path=imdb)
    with (imdb / "texts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    shown = seen.data.show_batch(rows=2)
    assert [label for _, label in shown] == [row["label"] for row in rows[:2]]
    assert shown[0][0][:40] == rows[0]["text"][:40]
    assert "xxmaj" in seen.data.vocab.tokens
    folder = Path(seen.data.train_ds.items[0].image).parent
    assert folder.is_dir()
    del seen
    gc.collect()
    assert not folder.exists(), "the files go with the data"
