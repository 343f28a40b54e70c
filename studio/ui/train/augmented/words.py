"""What a look shows, in words."""

from __future__ import annotations

from typing import Final

from studio.core.counting import counted
from studio.core.recipe import Augment, RunSpec
from studio.core.resizing import Resize

_RESIZED: Final = {
    Resize.SQUISH: "squished",
    Resize.CROP: "cut out anew each time",
    Resize.PAD: "padded",
}


def look_words(spec: RunSpec, count: int) -> str:
    """`12 training items as they are drawn at 96×128, squished: mirrored every other time, turned by up to 10°.`"""
    stage = spec.stages[0]
    items = counted(count, "training item")
    as_drawn = f"{items} as {'it is' if count == 1 else 'they are'} drawn at {stage.height}×{stage.width}"
    transforms = _transforms(spec.augment)
    if spec.mixup:
        transforms.append("mixed with each other")
    return f"{as_drawn}, {_RESIZED[spec.resize]}: {', '.join(transforms) or 'no transform is on'}."


def _transforms(augment: Augment) -> list[str]:
    said: list[str] = []
    if augment.flip:
        said.append("mirrored every other time")
    if augment.flip_vertical:
        said.append("upside down every other time")
    if augment.rotate:
        said.append(f"turned by up to {augment.rotate:g}°")
    for share, word in ((augment.zoom, "zoomed"), (augment.warp, "tilted"), (augment.lighting, "lighter or darker")):
        if share:
            said.append(f"{word} by up to {100 * share:.0f}\u00a0%")
    return said
