"""What a network is given: decoded pictures or documents as one batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from studio.ml.data.transforms import normalised
from studio.ml.text.reading import padded


def network_input(decoded: Sequence[np.ndarray], device: torch.device) -> Tensor:
    """Pictures of one size (H, W, 3) uint8 → (N, 3, H, W) float, normalised; documents (L,) of token ids → (N, longest)
    int64."""
    if decoded[0].ndim == 1:
        return padded(decoded).to(device)
    return normalised(torch.from_numpy(np.stack(decoded)).permute(0, 3, 1, 2).to(device))


def lit(picture: np.ndarray, factor: float) -> np.ndarray:
    """(H, W, 3) uint8, darker or brighter by so much."""
    return (picture.astype(np.float32) * factor).clip(0, 255).astype(np.uint8)
