"""What every change of a recipe has that a card's button makes."""

from __future__ import annotations

import msgspec

from studio.core.recipe import RunSpec


class CardChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="do"):
    def apply(self, spec: RunSpec) -> RunSpec:
        """The changed recipe, or the same one where it is so already. Raises ValueError, which says why, where the
        recipe has no place for the change."""
        raise NotImplementedError

    def button(self) -> str:
        """What the button says."""
        raise NotImplementedError
