"""A look at augmented samples before training: a grid of pictures and labels as the recipe draws them."""

from studio.ui.train.augmented.look import AugmentedLook
from studio.ui.train.augmented.panel import AugmentedPanel

__all__ = ["AugmentedLook", "AugmentedPanel"]
