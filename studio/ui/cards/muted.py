"""Cards that a person wants dealt no more, kept between sessions and projects."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSettings

_KEY: Final = "cards/muted"


def muted_cards() -> frozenset[str]:
    stored = QSettings().value(_KEY)  # one entry comes back as a plain string
    names = stored if isinstance(stored, list) else [stored] if isinstance(stored, str) and stored else []
    return frozenset(map(str, names))


def remember_muted(card_id: str, *, muted: bool) -> None:
    """Deal this card no more, or again."""
    now = muted_cards() | {card_id} if muted else muted_cards() - {card_id}
    QSettings().setValue(_KEY, sorted(now))
