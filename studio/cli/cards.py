"""`studio cards`: the tricks of lesson 3 and after, to search and to read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec
import typer

from studio.cli.options import JsonOption
from studio.cli.output import Output
from studio.core.cards import Card, Dealer, Deck, load_deck
from studio.core.cards.card import search
from studio.core.cards.words import WHEN
from studio.core.counting import counted
from studio.core.errors import BadInput
from studio.core.events import RunEvent
from studio.core.recipe import RunSpec
from studio.core.settings import Task

WordsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[WORDS]…", help="Words to look for, or a card's id.", show_default=False),
]
TaskOption = Annotated[Task | None, typer.Option("--task", help="Only cards for this task.", show_default=False)]


def cards(words: WordsArgument = None, task: TaskOption = None, as_json: JsonOption = False) -> None:
    """List the cards that have these words, or read the only one that has them."""
    output = Output(as_json=as_json)
    deck = load_deck() if task is None else load_deck().of_task(task)
    output.problems(deck.problems)
    found = _found(deck, words or [])
    if not found:
        raise BadInput(f"No card has the words {' '.join(words or [])}; `studio cards` lists all of them.")
    for card in found:
        output.event("card", **msgspec.to_builtins(card))
    if len(found) == 1:
        _tell(found[0], output)
    else:
        output.table(("id", "card", "tags"), [(card.id, card.title, ", ".join(card.tags)) for card in found])
        output.say(f"{counted(len(found), 'card')}; `studio cards ID` reads one.")


def listening(events: Iterable[RunEvent], spec: RunSpec, dealt: list[tuple[Card, str]]) -> Iterator[RunEvent]:
    """Passes the events on, and collects in `dealt` the cards that fit what the run does, each with what for."""
    dealer = Dealer(load_deck().cards, spec)
    for event in events:
        yield event
        dealt += [(card, dealer.detail(card)) for card in dealer.see(event)]


def tell_dealt(dealt: Iterable[tuple[Card, str]], output: Output) -> None:
    """A line for each card that a run was dealt."""
    for card, detail in dealt:
        output.event("card", id=card.id, title=card.title, detail=detail)
        title = f"{card.title}: {detail}" if detail else card.title
        output.say(f"Card: {title} (studio cards {card.id})")


def _found(deck: Deck, words: list[str]) -> list[Card]:
    named = deck.card(words[0]) if len(words) == 1 else None
    return [named] if named is not None else search(deck.cards, " ".join(words))


def _tell(card: Card, output: Output) -> None:
    output.say(card.title, style="bold")
    output.say(card.text)
    output.say(f"From: {card.source}.")
    if card.trigger is not None:
        output.say(f"Dealt when {WHEN[card.trigger]}.")
    if card.change is not None:
        output.say(f"In the window its button says: {card.change.button()}.")
