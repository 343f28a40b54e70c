"""A look at a project before it is trained on: what would spoil a run or its numbers, each with what mends it."""

from studio.preflight.check import Checked, check_data
from studio.preflight.estimate import estimate
from studio.preflight.findings import Finding, Fix, FixKind
from studio.preflight.mending import (
    ItemsMended,
    SettingsMended,
    mend_items,
    mend_settings,
    put_items_back,
)

__all__ = [
    "Checked",
    "Finding",
    "Fix",
    "FixKind",
    "ItemsMended",
    "SettingsMended",
    "check_data",
    "estimate",
    "mend_items",
    "mend_settings",
    "put_items_back",
]
