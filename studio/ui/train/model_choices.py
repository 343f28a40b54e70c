"""Which network a recipe trains: two fields, the model and the encoder it stands on, which offer what goes together."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QWidget

from studio.core.architectures import Architecture, offered_architectures, offered_encoders
from studio.core.settings import Task
from studio.ui.train.fields import Choice
from studio.ui.train.recipe_draft import RecipeDraft

_SMP: Final = "segmentation-models-pytorch: "

_ARCHITECTURES: Final = {
    Architecture.UNET: ("U-Net", "Light and fast"),
    Architecture.DYNAMIC_UNET: ("U-Net, wide", "fastai's DynamicUnet: several times as slow as the light U-Net"),
    Architecture.DEEPLABV3: ("DeepLabV3", "Sees far by dilation; answers at 1/8 or 1/16 of the size"),
    Architecture.LRASPP: ("LR-ASPP", "The smallest and fastest; coarse outlines"),
    Architecture.SMP_UNET: ("smp · U-Net", f"{_SMP}the decoder of the original U-Net"),
    Architecture.SMP_UNET_PLUS_PLUS: (
        "smp · U-Net++",
        f"{_SMP}nested skips; slow, fine outlines",
    ),
    Architecture.SMP_MANET: ("smp · MA-Net", f"{_SMP}attention over places and channels"),
    Architecture.SMP_LINKNET: ("smp · LinkNet", f"{_SMP}adds its skips; light"),
    Architecture.SMP_FPN: (
        "smp · FPN",
        f"{_SMP}one pyramid of features; answers at 1/4 of the size",
    ),
    Architecture.SMP_PAN: ("smp · PAN", f"{_SMP}pyramid attention; wants 256 pixels and more"),
    Architecture.SMP_PSPNET: ("smp · PSPNet", f"{_SMP}pools the whole picture; answers at 1/8"),
    Architecture.SMP_UPERNET: (
        "smp · UPerNet",
        f"{_SMP}pyramid pooling on a pyramid of features",
    ),
    Architecture.SMP_SEGFORMER: (
        "smp · SegFormer",
        f"{_SMP}SegFormer's decoder of 1×1 convolutions",
    ),
    Architecture.SOFT_ARGMAX: ("Soft arg-max", "The middle of a map that says where; from scratch in few epochs"),
    Architecture.HEATMAP: ("Heat maps", "A hill for each point, learnt as a picture; exact where points are sharp"),
    Architecture.REGRESSION: ("Regression", "fastai's head on what is left of the whole image; wants ImageNet weights"),
}
"""Name and tip."""

_ENCODERS: Final = {
    "resnet18": "ResNet-18",
    "resnet34": "ResNet-34",
    "resnet50": "ResNet-50",
    "mobilenet_v3_large": "MobileNetV3",
}
"""The usual ones; the others go by torchvision's name, or by timm's behind `timm/`."""


_ENCODER_TIP: Final = "The part of the network that looks at the image; the larger, the slower"


class ModelChoices:
    """`rows`: caption and field each, for the form. A task with one kind of network has no field for it, and
    texts have no encoder of images. A run that
    starts from another has that one's model, so nothing can be chosen then."""

    def __init__(self, draft: RecipeDraft) -> None:
        self._draft = draft
        self.encoder = Choice("encoder", tip=_ENCODER_TIP)
        self.encoder.setMaxVisibleItems(20)
        self.encoder.edited.connect(draft.set_encoder)
        self.rows: list[tuple[str, QWidget]] = [] if draft.spec.task is Task.TEXT else [("Encoder", self.encoder)]
        known = list(offered_architectures(draft.spec.task))
        if draft.spec.model.architecture not in (None, *known):
            known.append(draft.spec.model.architecture)
        self.architecture = Choice("architecture", [(_ARCHITECTURES[one][0], one) for one in known])
        self.architecture.edited.connect(draft.set_architecture)
        if len(known) > 1:
            self.rows.insert(0, ("Model", self.architecture))

    def refresh(self) -> None:
        """Show the draft's model."""
        spec = self._draft.spec
        fitting = list(offered_encoders(spec.architecture))
        if spec.model.encoder not in fitting:
            fitting.append(spec.model.encoder)
        if self.encoder.values != fitting:
            self.encoder.offer([(_ENCODERS.get(name, name), name) for name in fitting])
        self.encoder.show_value(spec.model.encoder)
        self.encoder.setToolTip(f"{self.encoder.currentText()}. {_ENCODER_TIP}")
        if spec.architecture is not None:
            self.architecture.show_value(spec.architecture)
            self.architecture.setToolTip(_ARCHITECTURES[spec.architecture][1])
        for field in (self.architecture, self.encoder):
            field.setEnabled(spec.parent is None)
