"""Losses and metrics under fastai's names."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchmetrics.functional.classification import multilabel_fbeta_score


class MSELossFlat(nn.MSELoss):
    """The mean over all coordinates, both axes alike."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002 - PyTorch's name
        return super().forward(input.flatten(), target.flatten())


class CrossEntropyFlat(nn.CrossEntropyLoss):
    """(…, C) logits and (…) positions of classes, or (…, C) shares of them."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002 - PyTorch's name
        wanted = target.reshape(-1, target.shape[-1]) if target.is_floating_point() else target.flatten()
        return super().forward(input.reshape(-1, input.shape[-1]), wanted)


class LabelSmoothingCrossEntropy(CrossEntropyFlat):
    """The same with labels of which `eps` is shared out among all classes evenly; as in fastai it is the loss of the
    validation set too."""

    def __init__(self, eps: float = 0.1) -> None:
        super().__init__(label_smoothing=eps)


class BCEWithLogitsFlat(nn.BCEWithLogitsLoss):
    """Logits and 0 or 1 of each tag."""

    def forward(self, input: Tensor, target: Tensor) -> Tensor:  # noqa: A002 - PyTorch's name
        return super().forward(input.flatten(), target.flatten().float())


def accuracy(input: Tensor, targs: Tensor) -> Tensor:  # noqa: A002 - fastai's name
    """The share of items whose class has the largest output."""
    return (input.argmax(-1) == targs.view(-1)).float().mean()


def error_rate(input: Tensor, targs: Tensor) -> Tensor:  # noqa: A002 - fastai's name
    return 1 - accuracy(input, targs)


def accuracy_thresh(y_pred: Tensor, y_true: Tensor, thresh: float = 0.5, sigmoid: bool = True) -> Tensor:
    """The share of all tags of all items that are rightly above or below `thresh`."""
    shares = y_pred.sigmoid() if sigmoid else y_pred
    return ((shares > thresh) == (y_true > 0.5)).float().mean()


def fbeta(y_pred: Tensor, y_true: Tensor, thresh: float = 0.2, beta: float = 2, sigmoid: bool = True) -> Tensor:
    """F-beta of each item's tags at `thresh`, averaged over the items; 0 for an item without any, predicted or not."""
    shares = y_pred.sigmoid() if sigmoid else y_pred
    by_item = multilabel_fbeta_score(
        shares[..., None],
        y_true[..., None].int(),
        beta=float(beta),
        num_labels=shares.shape[1],
        threshold=thresh,
        average="micro",
        multidim_average="samplewise",
    )
    return torch.as_tensor(by_item).mean()
