"""AWD-LSTM, the language model and the classifier: dropouts as the papers have them, tied weights, padding that is not
seen."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from studio.core.vocabulary import PADDING_ID
from studio.ml.text.awd_lstm import AwdLstm, Dropouts, SequenceDropout, WeightDropLstm, WordEmbedding
from studio.ml.text.text_net import ConcatPoolingClassifier, NetworkSize, TextNet

NOTHING_DROPPED = Dropouts(words=0, inputs=0, hidden=0, weights=0, output=0)


def net(**others: object) -> TextNet:
    torch.manual_seed(0)
    return TextNet(tokens=30, classes=2, size=NetworkSize(width=6, hidden=8, layers=2), **others)  # pyright: ignore[reportArgumentType]


def documents(*lengths: int) -> torch.Tensor:
    """A batch of documents of these lengths, padded behind."""
    ids = torch.randint(7, 30, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(1))
    for row, length in enumerate(lengths):
        ids[row, length:] = PADDING_ID
    return ids


def test_a_sequence_has_one_dropout_mask_for_all_its_steps() -> None:
    torch.manual_seed(0)
    dropped = SequenceDropout(0.5).train()(torch.ones(4, 9, 100))
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert set(dropped.unique().tolist()) == {0.0, 2.0}
    assert not torch.equal(dropped[0], dropped[1])


def test_a_dropped_word_is_gone_everywhere_in_the_batch_and_the_others_are_scaled() -> None:
    torch.manual_seed(0)
    embedding = WordEmbedding(40, 5, p=0.5).train()
    ids = torch.arange(2, 40).repeat(3, 1)
    words = embedding(ids)
    assert torch.equal(words[0], words[1]) and torch.equal(words[0], words[2])
    plain = embedding.eval()(ids)[0]
    gone = words[0].abs().sum(1) == 0
    assert 0 < gone.sum() < 38
    torch.testing.assert_close(words[0][~gone], 2 * plain[~gone])


def test_without_weight_drop_the_layer_is_the_ordinary_lstm_of_pytorch() -> None:
    torch.manual_seed(0)
    layer, plain = WeightDropLstm(5, 7, p=0.5).eval(), nn.LSTM(5, 7, batch_first=True)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(3, 4, 5)
    torch.testing.assert_close(layer(x)[0], plain(x)[0])
    layer.train().p = 1e-9  # goes the way of a training and drops nothing
    torch.testing.assert_close(layer(x)[0], plain(x)[0])


def test_weight_drop_takes_recurrent_weights_only_and_anew_each_time() -> None:
    torch.manual_seed(0)
    layer = WeightDropLstm(5, 7, p=0.5).train()
    x = torch.randn(3, 4, 5)
    first, second = layer(x)[0], layer(x)[0]
    assert torch.equal(first[:, 0], second[:, 0])  # the first step has no past
    assert not torch.equal(first[:, 1:], second[:, 1:])
    first.sum().backward()
    gradient = layer.weight_hh_l0.grad
    assert isinstance(gradient, torch.Tensor) and (gradient == 0).any() and (gradient != 0).any()


def test_the_encoder_goes_on_where_it_stopped() -> None:
    encoder = AwdLstm(tokens=30, width=6, hidden=8, layers=2, dropouts=NOTHING_DROPPED).eval()
    ids = documents(10, 10)
    whole, _ = encoder(ids)
    first, states = encoder(ids[:, :4])
    second, _ = encoder(ids[:, 4:], states)
    torch.testing.assert_close(torch.cat([first, second], 1), whole)


def test_the_next_token_is_read_off_the_weights_of_the_embedding() -> None:
    model = net(dropouts=NOTHING_DROPPED).eval()
    model.predicts_tokens = True
    ids = documents(5, 5)
    logits = model(ids)
    assert logits.shape == (2, 5, 30)
    before = logits[0, 0, 9].item()
    with torch.no_grad():
        model.encoder.embedding.weight[9] += 1
        model.states = None
    assert 9 not in ids[:, :1]
    assert model(ids)[0, 0, 9].item() != before
    assert sum(p.numel() == 30 * 6 for p in model.parameters()) == 1


def test_batches_of_a_text_continue_it_and_validation_begins_anew() -> None:
    model = net(dropouts=NOTHING_DROPPED).train()
    model.predicts_tokens = True
    ids = documents(8, 8)
    whole = model(ids)
    model.states = None
    torch.testing.assert_close(torch.cat([model(ids[:, :3]), model(ids[:, 3:])], 1), whole)
    model.eval()
    torch.testing.assert_close(model(ids), whole)


def test_a_document_is_classified_alike_whatever_it_is_padded_to() -> None:
    model = net().eval()
    ids = documents(4, 9, 1)
    together = model(ids)
    alone = torch.cat([model(ids[:1, :4]), model(ids[1:2]), model(ids[2:, :1])])
    torch.testing.assert_close(together, alone)


def test_pooling_takes_the_last_the_greatest_and_the_mean_of_a_document() -> None:
    classifier = ConcatPoolingClassifier(2, 3)
    classifier.layers = nn.Sequential()
    outputs = torch.tensor([[[1.0, 5.0], [3.0, 1.0], [9.0, 9.0]]])
    pooled = classifier(outputs, torch.tensor([[True, True, False]]))
    assert pooled.tolist() == [[3.0, 1.0, 3.0, 5.0, 2.0, 3.0]]


def test_parameter_groups_have_each_parameter_once_from_the_first_layer_to_the_last() -> None:
    model = net()
    groups = model.parameter_groups()
    assert [id(p) for p in groups[0]] == [id(model.encoder.embedding.weight)]
    assert sorted(id(p) for group in groups for p in group) == sorted(id(p) for p in model.parameters())


@pytest.mark.parametrize("predicts_tokens", [True, False])
def test_training_changes_the_weights_that_its_loss_depends_on(predicts_tokens: bool) -> None:
    model = net().train()
    model.predicts_tokens = predicts_tokens
    model(documents(6, 5, 4)).square().sum().backward()
    assert all((p.grad is not None) is predicts_tokens for p in [model.token_bias])
    assert all((p.grad is None) is predicts_tokens for p in model.classifier.parameters())
    assert all(p.grad is not None for p in model.encoder.parameters())
