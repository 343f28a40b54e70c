"""The LSTM as a loop over its steps, for exporters: they write `torch.nn.LSTM` out for the number of steps that they
are shown, and a loop (`scan`) for any."""

from __future__ import annotations

import copy

from torch import Tensor, nn
from torch._higher_order_ops.scan import scan
from torch.nn import functional

from studio.ml.text.awd_lstm import State, WeightDropLstm
from studio.ml.text.text_net import TextNet


class StepwiseLstm(nn.Module):
    """Answers as `lstm` does when that is not training, with its weights."""

    def __init__(self, lstm: WeightDropLstm) -> None:
        super().__init__()
        self.width = lstm.hidden_size
        self.from_inputs, self.from_hidden, *biases = lstm.parameters()
        self.bias = nn.Parameter(biases[0].detach() + biases[1].detach(), requires_grad=False)

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """As `WeightDropLstm`, from the beginning of a text: an exported program takes no state."""
        assert state is None
        gates = functional.linear(x, self.from_inputs, self.bias).transpose(0, 1)
        hidden = x.new_zeros(x.shape[0], self.width)
        last, outputs = scan(self._step, (hidden, hidden.clone()), gates, dim=0)
        return outputs.transpose(0, 1), (last[0][None], last[1][None])

    def _step(self, state: State, gates: Tensor) -> tuple[State, Tensor]:
        """One token's: its gates, as its input alone makes them, and the state before it (N, width)."""
        hidden, cell = state
        let_in, forget, new, let_out = (gates + functional.linear(hidden, self.from_hidden)).chunk(4, dim=1)
        cell = forget.sigmoid() * cell + let_in.sigmoid() * new.tanh()
        hidden = let_out.sigmoid() * cell.tanh()
        return (hidden, cell), hidden.clone()  # what is carried on and what is answered may not be one tensor


def with_open_length(network: TextNet) -> TextNet:
    """A copy that exporters can leave the number of tokens open of."""
    made = copy.deepcopy(network)
    made.encoder.layers = nn.ModuleList(
        StepwiseLstm(layer) for layer in made.encoder.layers if isinstance(layer, WeightDropLstm)
    )
    return made
