"""Joint transforms of pictures and labels, a batch at a time with its own draw for each picture, on tv_tensors.

Coordinates are those of the whole program: (0, 0) is the top left corner, a pixel's centre lies at +0.5. (torchvision's
own horizontal flip of keypoints counts from pixel centres and would put points one pixel off.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn import functional
from torchvision import tv_tensors
from torchvision.transforms import v2

from studio.core.classes import UNLABELLED
from studio.core.recipe import Augment
from studio.ml.models.encoders import image_statistics

_OUTSIDE: Final = 3.0
"""A place outside of every picture, in halves of its sides from the centre."""


class Drawing(v2.Transform):
    """A transform that draws from its own generator, set for each batch, and so depends on nothing drawn elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = torch.Generator()

    def uniform(self, count: int, low: float, high: float) -> Tensor:
        return torch.rand(count, generator=self.generator) * (high - low) + low


class JointMove(Drawing):
    """Flip, rotate, zoom, tilt and, within what the zoom leaves free, shift: each picture by its own matrix.

    Pixels that come from outside the picture are 0 in an Image (mid-grey once normalised) and `UNLABELLED` in a Mask.
    Takes Image (N, 3, H, W) float, Mask (N, H, W) uint8, KeyPoints (N, K, 2) float. In a mirrored picture keypoint i is
    what `mirror[i]` was before: its left eye is what was the right one.
    """

    def __init__(self, augment: Augment, mirror: Sequence[int] | None = None) -> None:
        super().__init__()
        self._augment = augment
        self._mirror = None if mirror is None or list(mirror) == sorted(mirror) else torch.tensor(list(mirror))

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        image = next(value for value in flat_inputs if isinstance(value, tv_tensors.Image))
        count, _, height, width = image.shape
        flips = self.uniform(count, 0, 1) < (0.5 if self._augment.flip else 0.0)
        upside_down = self._upside_down(count)
        size = {"height": height, "width": width}
        if not (self._augment.rotate or self._augment.zoom or self._augment.warp):
            return {"flips": flips, "upside_down": upside_down, "linear": None, **size}
        angle = self.uniform(count, -1, 1) * math.radians(self._augment.rotate)
        zoom = torch.exp(self.uniform(count, -1, 1) * math.log1p(self._augment.zoom))
        linear = _linear_part(angle, zoom, flips, upside_down)
        free = (zoom - 1).abs()[:, None] * torch.tensor([width / 2, height / 2])
        shift = torch.stack([self.uniform(count, -1, 1), self.uniform(count, -1, 1)], dim=1) * free
        tilt = self._tilt(count)
        return {"flips": flips, "upside_down": upside_down, "linear": linear, "shift": shift, "tilt": tilt, **size}

    def _upside_down(self, count: int) -> Tensor:
        """Drawn only where it is asked for, so that recipes without it draw the rest as they always did."""
        if not self._augment.flip_vertical:
            return torch.zeros(count, dtype=torch.bool)
        return self.uniform(count, 0, 1) < 0.5

    def _tilt(self, count: int) -> Tensor | None:
        """(N, 2): by how much the right and the lower edge go away from the eye, in shares of the distance."""
        if not self._augment.warp:
            return None
        warp = self._augment.warp / 2  # both directions together stay below the most
        return torch.stack([self.uniform(count, -warp, warp), self.uniform(count, -warp, warp)], dim=1)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        moved = _flip(inpt, params) if params["linear"] is None else _move(inpt, params)
        if isinstance(inpt, tv_tensors.KeyPoints) and self._mirror is not None:
            flips = (params["flips"] ^ params["upside_down"]).to(moved.device)[:, None, None]
            moved = torch.where(flips, moved[:, self._mirror.to(moved.device)], moved)
        return wrapped(moved, inpt) if isinstance(inpt, tv_tensors.TVTensor) else moved


class Lighting(Drawing):
    """Brightness and contrast of an Image in [0, 1], each picture by its own factors within ± `amount`."""

    def __init__(self, amount: float) -> None:
        super().__init__()
        self._amount = amount

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        image = next(value for value in flat_inputs if isinstance(value, tv_tensors.Image))
        contrast = torch.exp(self.uniform(len(image), -1, 1) * math.log1p(self._amount))
        return {"contrast": contrast, "brightness": self.uniform(len(image), -0.5, 0.5) * self._amount}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if not isinstance(inpt, tv_tensors.Image):
            return inpt
        pixels = inpt.as_subclass(Tensor)
        contrast = params["contrast"].to(pixels).view(-1, 1, 1, 1)
        brightness = params["brightness"].to(pixels).view(-1, 1, 1, 1)
        mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
        lit = ((pixels - mean) * contrast + mean + brightness).clamp_(0, 1)
        return tv_tensors.Image(lit)


class Normalise(v2.Transform):
    """Image in [0, 1] → the mean and deviation that the encoders expect."""

    def __init__(self) -> None:
        super().__init__()
        mean, deviation = image_statistics()
        self._factor, self._offset = 1 / deviation, -mean / deviation

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        if not isinstance(inpt, tv_tensors.Image):
            return inpt
        pixels = inpt.as_subclass(Tensor)
        normal = pixels * self._factor.to(pixels) + self._offset.to(pixels)
        return tv_tensors.Image(normal)


class TrainingTransform:
    """Pictures uint8 → normalised floats, transformed together with their labels as `augment` says. `mirror`: for each
    keypoint the one it becomes in a mirrored picture."""

    def __init__(self, augment: Augment | None, mirror: Sequence[int] | None = None) -> None:
        moves = augment is not None and bool(
            augment.flip or augment.flip_vertical or augment.rotate or augment.zoom or augment.warp
        )
        self._drawing: list[Drawing] = []
        if augment is not None and augment.lighting:
            self._drawing.append(Lighting(augment.lighting))
        steps: list[v2.Transform] = [*self._drawing, Normalise()]
        if augment is not None and moves:
            move = JointMove(augment, mirror)
            self._drawing.append(move)
            steps.append(move)
        self._steps = v2.Compose(steps)

    def __call__(self, pictures: Tensor, label: tv_tensors.TVTensor, *, seed: int) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) uint8 and the label → floats in channels-last layout, and the label moved alike."""
        for offset, step in enumerate(self._drawing):
            step.generator.manual_seed(seed + offset)
        image = tv_tensors.Image(pictures.float().div_(255))
        image, moved = self._steps(image, label)
        pixels = image.as_subclass(Tensor).contiguous(memory_format=torch.channels_last)
        return pixels, moved.as_subclass(Tensor)


def normalised(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) uint8 → normalised floats in channels-last layout, untransformed."""
    image = Normalise()(tv_tensors.Image(pictures.float().div_(255)))
    return image.as_subclass(Tensor).contiguous(memory_format=torch.channels_last)


def pictures_of(images: Tensor) -> Tensor:
    """The inverse of `normalised`: (N, 3, H, W) floats → uint8, rounded."""
    mean, deviation = image_statistics()
    pixels = images.float() * deviation.to(images.device) + mean.to(images.device)
    return (pixels.clamp(0, 1) * 255).round().to(torch.uint8)


def wrapped(value: Tensor, like: tv_tensors.TVTensor) -> tv_tensors.TVTensor:
    """A tv_tensor of the same kind."""
    return tv_tensors.wrap(value, like=like)  # pyright: ignore[reportCallIssue] - torchvision's decorator hides it


def _linear_part(angle: Tensor, zoom: Tensor, flips: Tensor, upside_down: Tensor) -> Tensor:
    """(N, 2, 2): mirror, then rotate and zoom, about the picture's centre, in pixels."""
    cos, sin = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    across, down = torch.where(flips, -1.0, 1.0), torch.where(upside_down, -1.0, 1.0)
    return torch.stack([torch.stack([cos * across, -sin * down], -1), torch.stack([sin * across, cos * down], -1)], -2)


def _flip(value: Any, params: dict[str, Any]) -> Any:
    """Exact mirror images, without resampling, for recipes that only flip."""
    flips, upside_down = params["flips"], params["upside_down"]
    if isinstance(value, tv_tensors.KeyPoints):
        points = value.as_subclass(Tensor).clone()
        flips, upside_down = flips.to(points.device), upside_down.to(points.device)
        points[flips, :, 0] = params["width"] - points[flips, :, 0]
        points[upside_down, :, 1] = params["height"] - points[upside_down, :, 1]
        return points
    if not isinstance(value, (tv_tensors.Image, tv_tensors.Mask)):
        return value
    pixels = value.as_subclass(Tensor).clone()
    flips, upside_down = flips.to(pixels.device), upside_down.to(pixels.device)
    pixels[flips] = pixels[flips].flip(-1)
    if upside_down.any():
        pixels[upside_down] = pixels[upside_down].flip(-2)
    return pixels


def _move(value: Any, params: dict[str, Any]) -> Any:
    linear, shift, tilt = params["linear"], params["shift"], params["tilt"]
    if isinstance(value, tv_tensors.KeyPoints):
        points = value.as_subclass(Tensor)
        centre = points.new_tensor([params["width"] / 2, params["height"] / 2])
        around = points - centre
        if tilt is not None:
            around = around / (1 + (around / centre) @ tilt.to(points)[:, :, None])
        return around @ linear.to(points).mT + centre + shift.to(points)[:, None]
    if not isinstance(value, (tv_tensors.Image, tv_tensors.Mask)):
        return value
    grid = _sampling_grid(linear, shift, tilt, height=params["height"], width=params["width"]).to(value.device)
    pixels = value.as_subclass(Tensor)
    if isinstance(value, tv_tensors.Image):
        return functional.grid_sample(
            pixels, grid.to(pixels), mode="bilinear", padding_mode="zeros", align_corners=False
        )
    shifted = pixels[:, None].float() - UNLABELLED
    sampled = functional.grid_sample(shifted, grid, mode="nearest", padding_mode="zeros", align_corners=False)
    return (sampled[:, 0] + UNLABELLED).to(pixels.dtype)


def _sampling_grid(linear: Tensor, shift: Tensor, tilt: Tensor | None, *, height: int, width: int) -> Tensor:
    """Where each output pixel comes from, in [-1, 1]: the inverse of what moves the points."""
    half = torch.tensor([width / 2, height / 2])
    inverse = torch.linalg.inv(linear)
    scaled = inverse * half[None, None, :] / half[None, :, None]
    offset = -(inverse @ shift[:, :, None]) / half[None, :, None]
    theta = torch.cat([scaled, offset], dim=2)
    grid = functional.affine_grid(theta, [len(linear), 1, height, width], align_corners=False)
    return grid if tilt is None else _untilted(grid, tilt)


def _untilted(grid: Tensor, tilt: Tensor) -> Tensor:
    """(N, H, W, 2) places u after a tilt p / (1 + tilt · p) → p; what lies beyond the horizon comes from outside."""
    depth = 1 - (grid * tilt[:, None, None]).sum(-1, keepdim=True)
    return torch.where(depth > 0.05, grid / depth.clamp(min=0.05), _OUTSIDE)
