"""Cut-outs at a place that is drawn anew each time: pictures are kept with what a crop may show of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor
from torchvision import tv_tensors

from studio.core.errors import UnreadableImage
from studio.core.resizing import Frame, Resize, Size, frame_of
from studio.core.snapshot import SnapshotItem
from studio.ml.data.decoding import Decoder
from studio.ml.data.threads import Report, each_in_threads
from studio.ml.data.transforms import wrapped

MOST_ROOM: Final = 2
"""So many times the wanted size is kept of a side at most; of a panorama it is the middle."""


@dataclass(frozen=True)
class RoomyDecoder(Decoder):
    """Pictures as large as covers `cut` (width, height), each at the top left of a canvas that has room for the longest
    of them: `height` and `width` are the canvas's."""

    cut: Size = (0, 0)

    @property
    def framing(self) -> str:
        return f"{super().framing} around {self.cut}"

    def frame(self, path: Path) -> Frame:
        original = self.size(path)
        inner = frame_of(Resize.CROP, original, height=self.cut[1], width=self.cut[0]).inner
        left, top = (
            min(0, round((have - side) / 2)) for have, side in zip((self.width, self.height), inner, strict=True)
        )
        return Frame(original=original, inner=inner, width=self.width, height=self.height, left=left, top=top)

    def room(self, path: Path) -> Size:
        """How far a cut-out can be moved to the right and down."""
        frame = self.frame(path)
        return frame.columns.stop - self.cut[0], frame.rows.stop - self.cut[1]


def roomy_decoder(
    decoder: Decoder, items: Sequence[SnapshotItem], *, report: Report, check: Callable[[], None]
) -> RoomyDecoder:
    """For cut-outs of the size that `decoder` reads at. Reads the headers of all pictures once."""
    inners: dict[int, Size] = {}

    def look(row: int) -> None:
        try:
            size = decoder.size(Path(items[row].image))
        except UnreadableImage:
            return  # whoever loads the pictures says so and leaves it out
        inners[row] = frame_of(Resize.CROP, size, height=decoder.height, width=decoder.width).inner

    each_in_threads(look, len(items), report=report, check=check)
    cut = (decoder.width, decoder.height)
    width, height = (
        min(max([side, *(inner[axis] for inner in inners.values())]), MOST_ROOM * side) for axis, side in enumerate(cut)
    )
    return RoomyDecoder(
        decoder.folder, decoder.task, height, width, Resize.CROP, known_sizes=decoder.known_sizes, cut=cut
    )


@dataclass(frozen=True)
class RandomPlace:
    """Cuts `width` × `height` out of each picture of a batch and of its label. `room` (items, 2): of each row of the
    split, how far right and down."""

    width: int
    height: int
    room: Tensor

    def __call__(
        self, pictures: Tensor, label: tv_tensors.TVTensor, rows: Sequence[int], *, seed: int
    ) -> tuple[Tensor, tv_tensors.TVTensor]:
        """(N, 3, canvas height, canvas width) and its label → (N, 3, height, width) and the label moved alike; points
        that were cut off lie outside."""
        generator = torch.Generator().manual_seed(seed)
        room = self.room[torch.as_tensor(rows)]
        corners = (torch.rand(len(rows), 2, generator=generator) * (room + 1)).long().minimum(room)
        if isinstance(label, tv_tensors.KeyPoints):
            moved = label.as_subclass(Tensor) - corners.to(label.device)[:, None]
            return self._cut(pictures, corners), wrapped(moved, label)
        return self._cut(pictures, corners), wrapped(self._cut(label.as_subclass(Tensor), corners), label)

    def _cut(self, pixels: Tensor, corners: Tensor) -> Tensor:
        return torch.stack(
            [
                one[..., top : top + self.height, left : left + self.width]
                for one, (left, top) in zip(pixels, corners.tolist(), strict=True)
            ]
        )


def random_place(decoder: RoomyDecoder, items: Sequence[SnapshotItem]) -> RandomPlace:
    """For rows of `items`, all of which have a header that can be read."""
    room = torch.tensor([decoder.room(Path(item.image)) for item in items], dtype=torch.long).reshape(-1, 2)
    return RandomPlace(*decoder.cut, room)
