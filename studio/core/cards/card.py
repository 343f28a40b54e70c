"""A card as its file says it: one TOML file a card in `resources/cards`, whose name is the card's id."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from studio.core.cards.changes import Change
from studio.core.cards.triggers import Trigger
from studio.core.resources import resources
from studio.core.settings import Task


class Card(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`text` is a few plain sentences, `source` names where the trick is told. No `tasks`: it is for all of them.

    `trigger` says after what it is dealt, `change` what its button does to a recipe; both may be missing.
    """

    id: str
    title: str
    text: str
    source: str
    tags: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()
    trigger: Trigger | None = None
    change: Change | None = None

    def __post_init__(self) -> None:
        for name in ("title", "text", "source"):
            if not getattr(self, name).strip():
                raise ValueError(f"its {name} is empty")

    def is_for(self, task: Task) -> bool:
        return not self.tasks or task in self.tasks


@dataclass(frozen=True)
class Deck:
    """`cards` in the order of their ids; `problems` has a sentence for each file that is no card."""

    cards: tuple[Card, ...]
    problems: tuple[str, ...] = ()

    def card(self, card_id: str) -> Card | None:
        return next((card for card in self.cards if card.id == card_id), None)

    def of_task(self, task: Task) -> Deck:
        return Deck(tuple(card for card in self.cards if card.is_for(task)), self.problems)


def load_deck(folder: Path | None = None) -> Deck:
    """The program's own cards, or those of another folder. A broken file is a sentence, the others are loaded."""
    folder = folder if folder is not None else resources() / "cards"
    cards: list[Card] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            cards.append(_read_card(path))
        except (OSError, ValueError, msgspec.ValidationError) as error:
            problems.append(f"{path.name} is left out of the cards ({_first_line(error)}); mend or remove the file.")
    return Deck(tuple(cards), tuple(problems))


def search(cards: Sequence[Card], typed: str) -> list[Card]:
    """Those that have words that begin with each one typed, in title, tags, text or source; titles and tags count
    first."""
    words = [re.compile(rf"(?<!\w){re.escape(word)}") for word in typed.casefold().split()]

    def place(card: Card) -> int | None:
        head = f"{card.title} {' '.join(card.tags)}".casefold()
        whole = f"{head} {card.text} {card.source}".casefold()
        if not all(word.search(whole) for word in words):
            return None
        return sum(word.search(head) is None for word in words)

    found = [(merit, number, card) for number, card in enumerate(cards) if (merit := place(card)) is not None]
    return [card for _merit, _number, card in sorted(found, key=lambda entry: entry[:2])]


def _read_card(path: Path) -> Card:
    """Raises OSError, ValueError (its TOML, its encoding) and msgspec.ValidationError."""
    table = tomllib.loads(path.read_text("utf-8"))
    return msgspec.convert({"id": path.stem, **table}, Card)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].replace(" - at `$.", ", in the field `") if lines else type(error).__name__
