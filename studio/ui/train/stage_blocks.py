"""Where a recipe's stages stand on its timeline, and what dragging one of them asks for. Lengths in pixels. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

GAP: Final = 3
"""Between two blocks."""

MOST_EPOCHS: Final = 10_000

_WIDEST_EPOCH: Final = 22.0
"""An epoch takes at most this, so that a short recipe leaves room to be stretched."""

_SQUEEZED_EPOCH: Final = 6.0
"""What a drag counts as an epoch where every block has the smallest width already."""


@dataclass(frozen=True)
class Block:
    """The place of one stage: its left edge and its width."""

    x: float
    width: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


@dataclass(frozen=True)
class Blocks:
    """One block a stage in their order; `an_epoch` is the width of one epoch where a block is not the smallest."""

    blocks: tuple[Block, ...]
    an_epoch: float

    @property
    def right(self) -> float:
        return self.blocks[-1].right

    def at(self, x: float) -> int | None:
        """Index of the block that covers `x`."""
        return next((i for i, block in enumerate(self.blocks) if block.x <= x < block.right), None)

    def edge_at(self, x: float, reach: float) -> int | None:
        """Index of the block whose right edge is at most `reach` away from `x`; of two, the nearer."""
        distances = [(abs(block.right - x), i) for i, block in enumerate(self.blocks)]
        distance, index = min(distances)
        return index if distance <= reach else None


def placed(epochs: Sequence[int], *, room: float, smallest: float) -> Blocks:
    """Widths in proportion to the epochs, none below `smallest`. They fill `room` unless that makes an epoch very wide,
    and go beyond it where so many stages do not fit."""
    free = room - GAP * (len(epochs) - 1)
    an_epoch = 0.0
    for narrow in range(len(epochs)):  # so many of the shortest stages have the smallest width
        longest = sorted(epochs)[narrow:]
        an_epoch = max(0.0, (free - narrow * smallest) / sum(longest))
        if an_epoch * longest[0] >= smallest:
            break
    else:
        an_epoch = 0.0
    an_epoch = min(an_epoch, _WIDEST_EPOCH)
    return in_row([max(smallest, an_epoch * count) for count in epochs], an_epoch or _SQUEEZED_EPOCH)


def in_row(widths: Sequence[float], an_epoch: float) -> Blocks:
    blocks: list[Block] = []
    x = 0.0
    for width in widths:
        blocks.append(Block(x, width))
        x += width + GAP
    return Blocks(tuple(blocks), an_epoch)


@dataclass(frozen=True)
class Stretch:
    """The right edge of a block is held, gripped at `grip`; the scale stays as it was meanwhile."""

    blocks: Blocks
    index: int
    epochs: int
    grip: float

    def epochs_at(self, x: float) -> int:
        more = round((x - self.grip) / self.blocks.an_epoch)
        return min(max(self.epochs + more, 1), MOST_EPOCHS)

    def row_at(self, x: float, smallest: float) -> Blocks:
        """The blocks while the edge is held at `x`."""
        widths = [block.width for block in self.blocks.blocks]
        widths[self.index] = max(smallest, widths[self.index] + x - self.grip)
        return in_row(widths, self.blocks.an_epoch)


@dataclass(frozen=True)
class Move:
    """A block is held and goes with the mouse, gripped at `grip`."""

    blocks: Blocks
    index: int
    grip: float

    def place_at(self, x: float) -> int:
        """Where the stage would stand among the others."""
        middle = self.blocks.blocks[self.index].middle + x - self.grip
        return sum(block.middle < middle for i, block in enumerate(self.blocks.blocks) if i != self.index)

    def row_at(self, x: float) -> Blocks:
        """The others closed up around the gap that the held block would fill, and the held one under the mouse; in the
        stages' present order."""
        order = [i for i in range(len(self.blocks.blocks)) if i != self.index]
        order.insert(self.place_at(x), self.index)
        row = in_row([self.blocks.blocks[i].width for i in order], self.blocks.an_epoch)
        held = self.blocks.blocks[self.index]
        shown = {i: row.blocks[place] for place, i in enumerate(order)}
        shown[self.index] = Block(held.x + x - self.grip, held.width)
        return Blocks(tuple(shown[i] for i in range(len(order))), self.blocks.an_epoch)
