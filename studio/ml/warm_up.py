"""Doing once what is slow the first time, so that a waiting worker starts a run at once."""

from __future__ import annotations

import torch
from PIL import Image
from torch import nn

from studio.core.recipe import Encoder
from studio.ml.device import trim_heap
from studio.ml.models.encoders import make_encoder
from studio.ml.models.unet import UNet
from studio.ml.random_state import preserved_random_state


def warm_up() -> None:
    """One training step of a tiny batch: loads what PyTorch imports late (its optimizers bring in the compiler) and the
    convolution library, and finds what the default encoder's stages give; on a machine with CUDA it also makes the
    context. Pillow loads the readers of the usual files."""
    Image.preinit()
    with preserved_random_state():
        network = UNet(make_encoder(Encoder.RESNET18), 2)
        optimizer = torch.optim.AdamW(network.parameters(), fused=True)
        loss = nn.functional.cross_entropy(network(torch.zeros(2, 3, 64, 64)), torch.zeros(2, 64, 64, dtype=torch.long))
        loss.backward()
        optimizer.step()
        if torch.cuda.is_available():
            torch.zeros(1, device="cuda")
    del network, optimizer, loss
    trim_heap()
