"""What a person does about a model's mistakes, each step undoable, each correction kept with its run."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from studio.core.deciding import (
    Act,
    Answer,
    Ask,
    ClearNote,
    Correcting,
    Decide,
    Deed,
    GiveClass,
    Noting,
    PlacePoint,
    StepState,
)
from studio.core.edits import MaskEdit
from studio.core.items import LabelState
from studio.core.people import user_name
from studio.core.review import Decision, ItemScore
from studio.store.database import Database
from studio.store.items import Items
from studio.store.journal import Journal
from studio.store.label_changes import Change, LabelChanges
from studio.store.label_deeds import Acceptance, LabelDeeds, Surroundings
from studio.store.notes import Notes, noted
from studio.store.predictions import Predictions
from studio.store.review_journal import NewStep, ReviewJournal, Standing, Step


class Decisions:
    """`who` is written beside each step from now on."""

    def __init__(
        self, database: Database, items: Items, journal: Journal, predictions: Predictions, around: Surroundings
    ) -> None:
        self.who = user_name()
        self.steps = ReviewJournal(database)
        self.notes = Notes(database)
        self._database = database
        self._items = items
        self._journal = journal
        self._predictions = predictions
        self._labels = LabelDeeds(journal, predictions, around)
        self._changes = LabelChanges(journal, around.current_mask, around.open_document)

    def acceptance(self, run_id: str, item_id: int, deed: Deed) -> Acceptance | None:
        """What `act` would find out itself; None where that changes no mask. Raises NoPrediction, BadMask."""
        head, edit, what = self._journal.head(item_id), None, ""
        match deed:
            case Decide(Decision.ACCEPTED, threshold):
                edit = self._labels.accepting(run_id, self._predictions.score(run_id, item_id, threshold=threshold))
            case Decide() | Ask() | Answer() | ClearNote():
                return None
            case _:
                edit, what = self._labels.correcting(run_id, item_id, deed)
        if edit is None:
            return Acceptance(None, head)
        return Acceptance(edit.prepared(), head, what) if isinstance(edit, MaskEdit) else None

    def act(
        self, run_id: str, item_id: int, deed: Deed, worked_out: Acceptance | None = None, *, batch: int = 0
    ) -> bool:
        """Carry a deed out and keep it; says whether there was anything to do. `worked_out` is the acceptance where it
        is known already; it counts for nothing once the item has moved on.

        Raises NoPrediction, BadMask (a prediction that cannot be read), CannotWrite; then nothing has changed.
        """
        match deed:
            case Decide(decision):
                is_up_to_label = decision is Decision.LABEL_RIGHT
                if not is_up_to_label and self.standing(run_id, item_id).decision is decision:
                    return False
                return self._decide(run_id, item_id, deed, worked_out, batch)
            case Ask() | Answer() | ClearNote():
                return self._note(run_id, item_id, deed, batch)
            case _:
                return self._correct(run_id, item_id, deed, worked_out, batch)

    @contextmanager
    def in_one_go(self) -> Generator[None]:
        """What is done within reaches the disk as one, which is many times quicker. A step that fails is undone alone;
        raises CannotWrite at the end, and then nothing was done."""
        with self._changes.told_at_the_end(), self._database.transaction():
            yield

    def note_edited(self, run_id: str, item_id: int, head: int | None = None) -> None:
        """Keep that an item was changed by hand because of what the run showed; may be called after each stroke. `head`
        is the edit that it showed before, the one before the last unless it is given."""
        last = self.steps.last_of(run_id, item_id)
        if last is not None and last.act is Act.DECIDED and last.decision is Decision.EDITED:
            self.steps.note_edits(last, self._journal.head(item_id), self._items.revision(item_id))
        else:
            head = self._journal.before(self._journal.head(item_id)) if head is None else head
            self._decide(run_id, item_id, Decide(Decision.EDITED), head=head)

    def decisions_of(self, run_id: str, ids: Iterable[int]) -> dict[int, Decision]:
        """By item; those about which nothing was decided are missing."""
        rows = self._database.execute(
            "SELECT item, decision FROM verdicts WHERE run = ? AND item IN (SELECT value FROM json_each(?))",
            (run_id, json.dumps(list(ids))),
        )
        return {item: Decision(decision) for item, decision in rows}

    def tally(self, run_id: str) -> dict[Decision, int]:
        """How many items have each decision; undecided ones that never were decided are not counted."""
        rows = self._database.execute(
            "SELECT decision, COUNT(*) FROM verdicts WHERE run = ? GROUP BY decision", (run_id,)
        )
        return dict.fromkeys(Decision, 0) | {Decision(decision): number for decision, number in rows}

    def standing(self, run_id: str, item_id: int) -> Standing:
        row = self._database.execute(
            "SELECT decision, accepted, hides FROM verdicts WHERE run = ? AND item = ?", (run_id, item_id)
        ).fetchone()
        return Standing(Decision(row[0]), row[1], bool(row[2])) if row else Standing()

    # --- doing ---

    def _decide(
        self,
        run_id: str,
        item_id: int,
        deed: Decide,
        worked_out: Acceptance | None = None,
        batch: int = 0,
        *,
        head: int | None = None,
    ) -> bool:
        decision, score = deed.decision, self._predictions.score(run_id, item_id, threshold=deed.threshold)
        document = self._changes.settled(item_id)
        with self._database.step():
            start = self.standing(run_id, item_id)
            before = self._items.revision(item_id)
            head = self._journal.head(item_id) if head is None else head
            end, took_back, edits = self._carry_out(run_id, score, start, decision, worked_out)
            if decision is Decision.LABEL_RIGHT and end.decision is start.decision:
                return False
            self._set_standing(run_id, item_id, end)
            self.steps.add(
                NewStep(
                    run=run_id,
                    item=item_id,
                    start=start,
                    decision=end.decision,
                    act=_act_of(decision, end.decision),
                    took_back=took_back,
                    edit=self._journal.head(item_id) if decision is Decision.EDITED else 0,
                    before=score.revision if end.decision is Decision.EDITED else before,
                    after=self._items.revision(item_id),
                    head=head,
                    time=time.time(),
                    who=self.who,
                    batch=batch,
                )
            )
        self._changes.tell(document, item_id, edits)
        return True

    def _correct(self, run_id: str, item_id: int, deed: Correcting, worked_out: Acceptance | None, batch: int) -> bool:
        """Change the label, which counts as an edit by hand."""
        score = self._predictions.score(run_id, item_id)
        document = self._changes.settled(item_id)
        with self._database.step():
            before, head = self._items.revision(item_id), self._journal.head(item_id)
            if worked_out is not None and worked_out.head == head:
                edit, what = worked_out.edit, worked_out.what
            else:
                edit, what = self._labels.correcting(run_id, item_id, deed)
            if edit is None:
                return False
            start = self.standing(run_id, item_id)
            end, _took_back, _none = self._carry_out(run_id, score, start, Decision.EDITED)
            change = self._changes.make(item_id, edit, head)
            self._set_standing(run_id, item_id, end)
            self.steps.add(
                NewStep(
                    run=run_id,
                    item=item_id,
                    start=start,
                    decision=Decision.EDITED,
                    act=_act_of_correcting(deed),
                    edit=change[1].head,
                    what=what,
                    before=before,
                    after=self._items.revision(item_id),
                    head=head,
                    time=time.time(),
                    who=self.who,
                    batch=batch,
                )
            )
        self._changes.tell(document, item_id, [change])
        return True

    def _note(self, run_id: str, item_id: int, deed: Noting, batch: int) -> bool:
        now = time.time()
        with self._database.step():
            before = self.notes.of(item_id)
            after, what = noted(before, deed, who=self.who, now=now)
            if after == before:
                return False
            start, revision = self.standing(run_id, item_id), self._items.revision(item_id)
            self.notes.put(item_id, after)
            self.steps.add(
                NewStep(
                    run=run_id,
                    item=item_id,
                    start=start,
                    decision=start.decision,
                    act=Act.NOTED,
                    what=what,
                    before=revision,
                    after=revision,
                    head=self._journal.head(item_id),
                    time=now,
                    who=self.who,
                    batch=batch,
                    note_before=before,
                    note=after,
                )
            )
        return True

    # --- undo and redo ---

    def undo(self, run_id: str) -> int | None:
        """Take the run's last step back; returns its item, None when there is none."""
        return self._turn(self.steps.last_done(run_id), self._take_back)

    def redo(self, run_id: str, *, threshold: float | None = None) -> int | None:
        """Do again what undo took back last, with tags above `threshold` as in `Decide`; returns the item, None when
        there is nothing."""
        return self._turn(self.steps.first_undone(run_id), partial(self._do_again, threshold=threshold))

    def together(self, run_id: str, state: StepState) -> int:
        """How many steps the next undo (of those done) or redo (of those undone) is about: those that were taken as
        one."""
        done = state is StepState.DONE
        return self.steps.together(self.steps.last_done(run_id) if done else self.steps.first_undone(run_id), state)

    def _turn(self, step: Step | None, turn: Callable[[Step], list[Change]]) -> int | None:
        """Have `turn` lead over a step, one way or the other, and tell the edits of the label that this took; the
        step's item."""
        if step is None:
            return None
        document = self._changes.settled(step.item)
        with self._database.step():
            edits = turn(step)
        self._changes.tell(document, step.item, edits)
        return step.item

    def _take_back(self, step: Step) -> list[Change]:
        edits = self._undo_note(step) if step.act is Act.NOTED else self._undo_decision(step)
        self.steps.mark_undone(step)
        return edits

    def _do_again(self, step: Step, threshold: float | None) -> list[Change]:
        return self._redo_note(step) if step.act is Act.NOTED else self._redo_decision(step, threshold)

    def _undo_decision(self, step: Step) -> list[Change]:
        now = self.standing(step.run, step.item)
        edits: list[Change] = []
        if _is_by_hand(step):
            edits += self._changes.go(step.item, step.edit, step.head)
        elif step.edit > 0:
            edits += self._changes.take_back(step.item, step.edit)
        elif step.act is Act.DECIDED and now.decision is Decision.ACCEPTED and now.accepted:
            edits += self._changes.take_back(step.item, now.accepted)
        accepted = step.start.accepted
        if step.took_back:
            again = self._changes.bring_again(step.item, accepted)
            accepted = again[-1][1].head if again else 0
            edits += again
        self._hide(step.item, now.hides, step.start.hides)
        self._set_standing(step.run, step.item, Standing(step.start.decision, accepted, step.start.hides))
        return edits

    def _redo_decision(self, step: Step, threshold: float | None) -> list[Change]:
        score = self._predictions.score(step.run, step.item, threshold=threshold)
        start = self.standing(step.run, step.item)
        asked = Decision.LABEL_RIGHT if step.act is Act.CONFIRMED else step.decision
        end, took_back, edits = self._carry_out(step.run, score, start, asked)
        act = _act_of(asked, end.decision) if step.act in (Act.DECIDED, Act.CONFIRMED) else step.act
        edit = abs(step.edit)
        if _is_by_hand(step):
            edits += self._changes.go(step.item, step.head, edit)
        elif edit:
            again = self._changes.bring_again(step.item, edit)
            edit = again[-1][1].head if again else -edit
            edits += again
        self._set_standing(step.run, step.item, end)
        self.steps.mark_done(
            replace(step, decision=end.decision, took_back=took_back, act=act, edit=edit),
            accepted_before=start.accepted,
            after=self._items.revision(step.item),
        )
        return edits

    def _undo_note(self, step: Step) -> list[Change]:
        """A question that was put or answered since, because of another run, stands."""
        if self.notes.of(step.item) == step.note:
            self.notes.put(step.item, step.note_before)
        return []

    def _redo_note(self, step: Step) -> list[Change]:
        if self.notes.of(step.item) == step.note_before:
            self.notes.put(step.item, step.note)
        accepted = self.standing(step.run, step.item).accepted
        revision = self._items.revision(step.item)
        self.steps.mark_done(step, accepted_before=accepted, after=revision)
        return []

    # --- what a decision does to an item ---

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

        An edit by hand builds on an accepted prediction, so neither it nor what is decided after it takes that back. A
        label that is said to be right, and that was changed since this run began to be decided about, is a correction.
        """
        edits: list[Change] = []
        took_back = bool(start.accepted) and Decision.EDITED not in (start.decision, decision)
        if took_back:
            edits += self._changes.take_back(score.item, start.accepted)
        if decision is Decision.LABEL_RIGHT and self._is_changed(run_id, score.item, start):
            decision = Decision.EDITED
        accepted = start.accepted if decision is Decision.EDITED and not took_back else 0
        if decision is Decision.ACCEPTED:
            accepting = self._accept(run_id, score, worked_out)
            accepted = accepting[-1][1].head if accepting else 0
            edits += accepting
        hides = decision is Decision.LEFT_OUT and (start.hides or not self._is_left_out(score.item))
        self._hide(score.item, start.hides, hides)
        return Standing(decision, accepted, hides), took_back, edits

    def _is_changed(self, run_id: str, item_id: int, start: Standing) -> bool:
        """Whether the label is another one than before the run's first decision; of an item that an earlier version
        began with only the last decision is known."""
        began = self.steps.first_head(run_id, item_id)
        return start.decision is Decision.EDITED if began is None else self._changes.differs(item_id, began)

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
            edit = self._labels.accepting(run_id, score)
        return [self._changes.make(score.item, edit, head)] if edit is not None else []

    def _set_standing(self, run_id: str, item_id: int, standing: Standing) -> None:
        self._database.execute(
            "INSERT OR REPLACE INTO verdicts (run, item, decision, accepted, hides) VALUES (?, ?, ?, ?, ?)",
            (run_id, item_id, standing.decision.value, standing.accepted, int(standing.hides)),
        )


def _is_by_hand(step: Step) -> bool:
    """Whether it stands for edits that were made on the Label page; all other steps make theirs themselves."""
    return step.act is Act.DECIDED and step.decision is Decision.EDITED


def _act_of(asked: Decision, found: Decision) -> Act:
    """Of a decision about the whole item that turned out to be `found`."""
    return Act.CONFIRMED if asked is Decision.LABEL_RIGHT and found is Decision.EDITED else Act.DECIDED


def _act_of_correcting(deed: Correcting) -> Act:
    match deed:
        case GiveClass():
            return Act.RELABELLED
        case PlacePoint():
            return Act.PLACED
        case _:
            return Act.REGION
