"""What counts as a command, so that the way to the window can be told apart without loading any of them."""

from __future__ import annotations

from typing import Final

COMMANDS: Final = (
    "demo",
    "import",
    "export",
    "check",
    "lr-find",
    "train",
    "steer",
    "review",
    "label-errors",
    "decide",
    "decisions",
    "production-errors",
    "fine-tune",
    "report",
    "history",
    "keep",
    "predict",
    "queue",
    "export-model",
    "tensorboard",
    "cards",
    "doctor",
    "worker",
)
GLOBAL_OPTIONS: Final = ("--help", "-h", "--version", "--install-completion", "--show-completion")
