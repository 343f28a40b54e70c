"""What a person decided about a model's mistakes, each decision undoable, each correction kept with its run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from studio.core.arrays import Mask
from studio.core.classes import UNLABELLED, LabelClass, void_ids
from studio.core.document import Document, History, MaskDocument, PointsDocument, TagsDocument
from studio.core.edits import Edit, MaskEdit, PointsEdit, TagsEdit
from studio.core.errors import BadMask, NoPrediction
from studio.core.items import LabelState
from studio.core.mask_document import kept
from studio.core.masks import read_mask
from studio.core.points import Points
from studio.core.proposals import without_strangers
from studio.core.review import Correction, Decision, ItemScore
from studio.core.tags import Tags, ids_of
from studio.store.database import Database
from studio.store.items import Items
from studio.store.journal import Journal
from studio.store.scores import Scores

_CORRECTING: Final = (Decision.ACCEPTED, Decision.EDITED, Decision.LEFT_OUT)
_ACCEPTING: Final = "accepted prediction"
_TAKING_BACK: Final = "prediction taken back"


@dataclass(frozen=True)
class Surroundings:
    """What deciding needs of the project. `folder` of a run; `classes`, of which an accepted prediction says no others
    and leaves the pixels of void ones alone; `current_mask` of an item, None without a label; `open_document` where
    the item is open in the window."""

    folder: Callable[[str], Path]
    classes: Callable[[], tuple[LabelClass, ...]]
    current_mask: Callable[[int], Mask | None]
    open_document: Callable[[int], Document | None]


@dataclass(frozen=True)
class Standing:
    """How an item stands in a run's review; see the table `verdicts`."""

    decision: Decision = Decision.UNDECIDED
    accepted: int = 0
    hides: bool = False


@dataclass(frozen=True)
class Acceptance:
    """What accepting an item's predicted mask changes while the item stands at the edit `head`, ready for the journal;
    `edit` is None for nothing."""

    edit: MaskEdit | None
    head: int


Change = tuple[Edit, History]
"""An edit that was journaled, and where the item stands with it."""


class Decisions:
    def __init__(
        self, database: Database, items: Items, journal: Journal, scores: Scores, around: Surroundings
    ) -> None:
        self._database = database
        self._items = items
        self._journal = journal
        self._scores = scores
        self._around = around

    def acceptance(self, run_id: str, item_id: int) -> Acceptance | None:
        """What `decide` would find out itself; None where the prediction is no mask. Raises NoPrediction, BadMask."""
        score = self._score(run_id, item_id)
        if score.mask is None:
            return None
        head = self._journal.head(item_id)
        edit = self._mask_accepting(run_id, score)
        return Acceptance(edit.prepared() if edit is not None else None, head)

    def decide(self, run_id: str, item_id: int, decision: Decision, worked_out: Acceptance | None = None) -> None:
        """Carry a decision out and keep it; the one that it replaces is taken back first. `worked_out` is the
        acceptance where it is known already; it counts for nothing once the item has moved on.

        Raises NoPrediction, BadMask (a prediction that cannot be read), CannotWrite; then nothing has changed.
        """
        score = self._score(run_id, item_id)
        document = self._settled_document(item_id)
        with self._database.transaction() as connection:
            start = self._standing(run_id, item_id)
            if start.decision is decision:
                return
            before = score.revision if decision is Decision.EDITED else self._items.get(item_id).revision
            end, took_back, edits = self._carry_out(run_id, score, start, decision, worked_out)
            self._set_standing(run_id, item_id, end)
            connection.execute("UPDATE decisions SET state = 'dropped' WHERE run = ? AND state = 'undone'", (run_id,))
            values = (run_id, item_id, start.decision.value, start.accepted, int(start.hides), decision.value)
            connection.execute(
                "INSERT INTO decisions (run, item, previous, accepted_before, hides_before, decision, took_back, "
                "before, after, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, int(took_back), before, self._items.get(item_id).revision, time.time()),
            )
        self._tell(document, item_id, edits)

    def note_edited(self, run_id: str, item_id: int) -> None:
        """Keep that an item was changed by hand because of what the run showed; may be called after each stroke."""
        if self._standing(run_id, item_id).decision is not Decision.EDITED:
            self.decide(run_id, item_id, Decision.EDITED)
            return
        self._database.execute(
            "UPDATE decisions SET after = ? WHERE id = "
            "(SELECT MAX(id) FROM decisions WHERE run = ? AND item = ? AND state = 'done')",
            (self._items.get(item_id).revision, run_id, item_id),
        )

    def undo(self, run_id: str) -> int | None:
        """Take the run's last decision back; returns its item, None when there is none."""
        row = self._database.execute(
            "SELECT id, item, previous, accepted_before, hides_before, took_back FROM decisions WHERE id = "
            "(SELECT MAX(id) FROM decisions WHERE run = ? AND state = 'done')",
            (run_id,),
        ).fetchone()
        if row is None:
            return None
        number, item_id, previous, accepted, hides, took_back = row
        document = self._settled_document(item_id)
        with self._database.transaction() as connection:
            now = self._standing(run_id, item_id)
            edits: list[Change] = []
            if now.decision is Decision.ACCEPTED and now.accepted:
                edits += self._take_back(item_id, now.accepted)
            if took_back:
                again = self._bring_again(item_id, accepted)
                accepted = again[-1][1].head if again else 0
                edits += again
            self._hide(item_id, now.hides, bool(hides))
            self._set_standing(run_id, item_id, Standing(Decision(previous), accepted, bool(hides)))
            connection.execute("UPDATE decisions SET state = 'undone' WHERE id = ?", (number,))
        self._tell(document, item_id, edits)
        return int(item_id)

    def redo(self, run_id: str) -> int | None:
        """Decide again what undo took back last; returns the item, None when there is nothing."""
        row = self._database.execute(
            "SELECT id, item, decision FROM decisions WHERE id = "
            "(SELECT MIN(id) FROM decisions WHERE run = ? AND state = 'undone')",
            (run_id,),
        ).fetchone()
        if row is None:
            return None
        number, item_id, decision = row
        score = self._score(run_id, item_id)
        document = self._settled_document(item_id)
        with self._database.transaction() as connection:
            start = self._standing(run_id, item_id)
            end, took_back, edits = self._carry_out(run_id, score, start, Decision(decision))
            self._set_standing(run_id, item_id, end)
            connection.execute(
                "UPDATE decisions SET state = 'done', accepted_before = ?, took_back = ?, after = ? WHERE id = ?",
                (start.accepted, int(took_back), self._items.get(item_id).revision, number),
            )
        self._tell(document, item_id, edits)
        return int(item_id)

    def corrections(self, run_id: str) -> list[Correction]:
        """The labels that were changed because of what the run showed, in the order of the decisions."""
        rows = self._database.execute(
            "SELECT item, name, decision, before, after, time FROM decisions JOIN items ON items.id = item "
            "WHERE decisions.id IN "
            "(SELECT MAX(id) FROM decisions WHERE run = ? AND state = 'done' GROUP BY item) ORDER BY decisions.id",
            (run_id,),
        )
        return [
            Correction(
                run=run_id, item=item, name=name, decision=Decision(decision), before=before, after=after, time=when
            )
            for item, name, decision, before, after, when in rows
            if decision in _CORRECTING
        ]

    def _carry_out(
        self,
        run_id: str,
        score: ItemScore,
        start: Standing,
        decision: Decision,
        worked_out: Acceptance | None = None,
    ) -> tuple[Standing, bool, list[Change]]:
        """Do what `decision` means to an item that stands at `start`: how it stands then, whether an accepted
        prediction was taken back for it, and the edits of the label in order.

        An edit by hand builds on an accepted prediction, so neither it nor what is decided after it takes that back.
        """
        edits: list[Change] = []
        took_back = bool(start.accepted) and Decision.EDITED not in (start.decision, decision)
        if took_back:
            edits += self._take_back(score.item, start.accepted)
        accepted = start.accepted if decision is Decision.EDITED else 0
        if decision is Decision.ACCEPTED:
            accepting = self._accept(run_id, score, worked_out)
            accepted = accepting[-1][1].head if accepting else 0
            edits += accepting
        hides = decision is Decision.LEFT_OUT and (start.hides or not self._is_left_out(score.item))
        self._hide(score.item, start.hides, hides)
        return Standing(decision, accepted, hides), took_back, edits

    def _hide(self, item_id: int, now: bool, then: bool) -> None:
        if now != then:
            self._items.set_left_out([item_id], then)

    def _is_left_out(self, item_id: int) -> bool:
        return self._items.get(item_id).state is LabelState.LEFT_OUT

    def _accept(self, run_id: str, score: ItemScore, worked_out: Acceptance | None) -> list[Change]:
        head = self._journal.head(score.item)
        if worked_out is not None and worked_out.head == head:
            edit = worked_out.edit
        else:
            edit = self._edit_accepting(run_id, score)
        return [(edit, self._journal.commit(score.item, edit, head))] if edit is not None else []

    def _edit_accepting(self, run_id: str, score: ItemScore) -> Edit | None:
        if score.tags is not None:
            return self._tags_accepting(score.item, score.tags.tags)
        return self._mask_accepting(run_id, score) if score.mask is not None else self._points_accepting(score)

    def _mask_accepting(self, run_id: str, score: ItemScore) -> MaskEdit | None:
        assert score.mask is not None
        path = self._around.folder(run_id) / score.mask
        predicted = read_mask(path)[0]
        now = self._around.current_mask(score.item)
        if now is None:
            now = np.full_like(predicted, UNLABELLED)
        if now.shape != predicted.shape:
            raise BadMask(path, "it has another size than the label", "train again on the images as they are now")
        classes = self._around.classes()
        known = without_strangers(predicted, classes)
        predicted = np.where(known == UNLABELLED, now, known)
        edit = MaskEdit.between(now, kept(now, predicted, void_ids(classes)), _ACCEPTING)
        return edit if edit.patches else None

    def _points_accepting(self, score: ItemScore) -> PointsEdit | None:
        now = self._journal.points(score.item) or Points()
        predicted = now.with_prediction(score.points or Points())
        return PointsEdit(_ACCEPTING, now, predicted) if now != predicted else None

    def _tags_accepting(self, item_id: int, predicted: Tags) -> TagsEdit | None:
        """A void class, which is never predicted, stays where it stands beside others. None where all that the model
        says is retired."""
        classes = self._around.classes()
        known = frozenset(c.id for c in classes)
        said = Tags.of(known & frozenset(predicted.ids))
        if predicted.ids and not said.ids:
            return None
        now = self._journal.tags(item_id)
        beside = void_ids(classes) & frozenset(ids_of(now))
        new = said if len(beside) == len(ids_of(now)) else Tags.of({*said.ids, *beside})
        return TagsEdit(_ACCEPTING, now, new) if now != new else None

    def _take_back(self, item_id: int, accepted: int) -> list[Change]:
        """Undo an accepted prediction; what was painted by hand since then stays."""
        head = self._journal.head(item_id)
        if head == accepted:
            undone = self._journal.undo(item_id, head)
            assert undone is not None
            return [(undone[0].inverse(_TAKING_BACK), undone[1])]
        return self._follow_up(item_id, self._journal.edit(accepted).inverse(_TAKING_BACK))

    def _bring_again(self, item_id: int, accepted: int) -> list[Change]:
        """Accept again what `_take_back` took back."""
        return self._follow_up(item_id, self._journal.edit(accepted))

    def _follow_up(self, item_id: int, edit: Edit) -> list[Change]:
        """Journal `edit` on top of whatever the label is by now: only pixels, points and tags that are as the edit knew
        them change."""
        if isinstance(edit, MaskEdit):
            now = self._around.current_mask(item_id)
            assert now is not None
            edit = edit.onto(now)
            nothing_left = not edit.patches
        elif isinstance(edit, TagsEdit):
            edit = edit.onto(self._journal.tags(item_id))
            nothing_left = edit.old == edit.new
        else:
            edit = edit.onto(self._journal.points(item_id) or Points())
            nothing_left = edit.old == edit.new
        if nothing_left:
            return []
        return [(edit, self._journal.commit(item_id, edit, self._journal.head(item_id)))]

    def _score(self, run_id: str, item_id: int) -> ItemScore:
        score = self._scores.get(run_id, item_id)
        if score is None:
            raise NoPrediction(run_id, self._items.get(item_id).name)
        return score

    def _standing(self, run_id: str, item_id: int) -> Standing:
        row = self._database.execute(
            "SELECT decision, accepted, hides FROM verdicts WHERE run = ? AND item = ?", (run_id, item_id)
        ).fetchone()
        return Standing(Decision(row[0]), row[1], bool(row[2])) if row else Standing()

    def _set_standing(self, run_id: str, item_id: int, standing: Standing) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO verdicts (run, item, decision, accepted, hides) VALUES (?, ?, ?, ?, ?)",
            (run_id, item_id, standing.decision.value, standing.accepted, int(standing.hides)),
        )

    def _settled_document(self, item_id: int) -> Document | None:
        document = self._around.open_document(item_id)
        if document is not None:
            document.commit()
        return document

    def _tell(self, document: Document | None, item_id: int, edits: list[Change]) -> None:
        """Let an open document follow what was journaled."""
        for edit, history in edits:
            match document, edit:
                case (MaskDocument(), MaskEdit()):
                    document.adopt(edit, history)
                case (PointsDocument(), PointsEdit()):
                    document.adopt(edit, history)
                case (TagsDocument(), TagsEdit()):
                    document.adopt(edit, history)
                case _:
                    pass
        if document is not None:
            document.note(self._journal.history(item_id))
