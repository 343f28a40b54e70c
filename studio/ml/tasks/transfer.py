"""Taking over a parent's weights by name, with the rows of its last layer in the order of the child's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from studio.core.errors import BadInput


def load_matching(
    network: nn.Module, state: Mapping[str, Tensor], *, head: str, rows: Sequence[tuple[int, int]]
) -> None:
    """Copy `state` into `network`; of the layer called `head` only the (child row, parent row) pairs of `rows`.

    Raises BadInput where the rest does not fit, which means that the parent is another network.
    """
    own = network.state_dict()
    taken = {name: value for name, value in state.items() if not name.startswith(f"{head}.")}
    strangers = [name for name, value in taken.items() if name not in own or own[name].shape != value.shape]
    missing = [name for name in own if name not in state]
    if strangers or missing:
        raise BadInput(
            f"The parent run's network is another one ({(strangers + missing)[0]} does not fit); "
            "choose its model and encoder in the recipe, or train from scratch."
        )
    for name in (name for name in own if name.startswith(f"{head}.")):
        taken[name] = _with_rows(own[name], state[name], rows)
    network.load_state_dict(taken)


def _with_rows(own: Tensor, parent: Tensor, rows: Sequence[tuple[int, int]]) -> Tensor:
    merged = own.clone()
    with torch.no_grad():
        for child_row, parent_row in rows:
            merged[child_row] = parent[parent_row]
    return merged
