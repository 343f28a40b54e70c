"""Randomness that can be repeated: seeds derived from a place in the run, and the generators' state as plain data."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch


def derived_seed(*parts: int) -> int:
    """A seed for one place of a run, such as (seed, stage, epoch, batch).

    What is drawn there depends on the place alone, so a resumed run draws what the uninterrupted one would have drawn.
    """
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> np.uint64(1))


def seed_everything(seed: int) -> None:
    """Seed the global generators of Python, NumPy and PyTorch (all devices)."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def random_state() -> dict[str, Any]:
    """The global generators as tensors, numbers and tuples, which `torch.load(weights_only=True)` gives back."""
    name, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (str(name), torch.from_numpy(np.asarray(keys, np.int64)), int(position), int(has_gauss), float(gauss)),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: dict[str, Any]) -> None:
    """Put the generators back. A state saved on more CUDA devices than there are now restores those that exist."""
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, *rest = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"].cpu())
    for device, cuda_state in zip(range(torch.cuda.device_count()), state["cuda"], strict=False):
        torch.cuda.set_rng_state(cuda_state.cpu(), device)


@contextmanager
def preserved_random_state() -> Iterator[None]:
    """Whatever is drawn inside, the generators stand afterwards where they stood before; also after an error."""
    state = random_state()
    try:
        yield
    finally:
        restore_random_state(state)
