"""Makes the tokens that the pane shows, and finds the vocabulary that numbers them, off the GUI thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, cast

from PySide6.QtCore import QObject

from studio.core.errors import StudioError, UnreadableText
from studio.core.items import Split
from studio.core.texts import read_document
from studio.core.tokens import tokenize
from studio.core.vocabulary import Vocabulary, kept_vocabulary, make_vocabulary
from studio.store import ItemFilter
from studio.ui.label.document_pane import DocumentPane
from studio.ui.session import Session
from studio.ui.widgets.background import Background

MOST_COUNTED: Final = 2000
"""Documents whose words are counted for a vocabulary before there is a run; more would keep the window busy."""

_COUNTED: Final = "the vocabulary"
_WAITING: Final = "Their ids come as soon as the project's words are counted."


@dataclass(frozen=True)
class Numbering:
    """A vocabulary and where it comes from, or why there is none."""

    vocabulary: Vocabulary | None
    source: str


class TokenReading(QObject):
    def __init__(self, session: Session, pane: DocumentPane, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._pane = pane
        self._text = ""
        self._tokens: list[str] = []
        self._numbering: Numbering | None = None
        self._runs: list[Path] = []
        self._background = Background("tokens", parent=self)
        self._background.done.connect(self._arrived)
        self._background.failed.connect(self._broke)
        pane.tokens_wanted.connect(self.show_text)

    def show_text(self, text: str) -> None:
        """Show this text's tokens on the pane: at once without ids, with them when the vocabulary is known."""
        self._text = text
        self._tokens = []
        self._pane.tokens.wait()
        runs = [record.folder for record in self._session.store.runs()]
        if self._numbering is None or runs != self._runs:
            self._runs = runs
            self._background.ask(_COUNTED, partial(find_vocabulary, runs, self._training_texts()))
        self._background.ask(("text", text), partial(tokenize, text))

    def close(self) -> None:
        """End the thread; nothing arrives any more."""
        self._background.close()

    def _training_texts(self) -> list[Path]:
        """Those that a first run would count; none where they are too many."""
        store = self._session.store
        ids = store.item_ids(ItemFilter(splits=(Split.TRAIN,)))
        return [item.path for item in store.items(ids)] if len(ids) <= MOST_COUNTED else []

    def _arrived(self, key: object, result: object) -> None:
        if key == _COUNTED:
            self._numbering = cast(Numbering, result)
        elif key == ("text", self._text):
            self._tokens = cast("list[str]", result)
        if self._tokens:
            known = self._numbering or Numbering(None, _WAITING)
            self._pane.tokens.show_tokens(self._tokens, known.vocabulary, known.source)

    def _broke(self, _key: object, error: object) -> None:
        if not isinstance(error, StudioError):
            raise cast(Exception, error)
        self._pane.tokens.show_sentence(error.sentence)


def find_vocabulary(runs: Sequence[Path], texts: Sequence[Path]) -> Numbering:
    """The newest run's, or the one that a first run would make of these texts. Raises BadInput, MissingPackage."""
    for run in reversed(runs):
        vocabulary = kept_vocabulary(run)
        if vocabulary is not None:
            return Numbering(vocabulary, f"of run {run.name}")
    if not texts:
        return Numbering(None, "Their ids come with the first run, which counts the words of all texts.")
    return Numbering(make_vocabulary(_tokens_of(path) for path in texts), "that a run would learn from the texts")


def _tokens_of(path: Path) -> list[str]:
    try:
        return tokenize(read_document(path))
    except UnreadableText:
        return []
