"""The moments at which a callback may act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from studio.ml.learner import Learner


class Callback:
    """Override what is needed. `order`: lower runs earlier; `cleanup` runs in the reverse order, also after an error.

    `state` is what a checkpoint keeps of this callback: tensors, numbers, strings, lists and dicts of them.
    """

    order: ClassVar[int] = 50

    def before_stage(self, learner: Learner) -> None: ...

    def before_epoch(self, learner: Learner) -> None: ...

    def before_batch(self, learner: Learner) -> None:
        """`learner.batch` is the one that the next step is made of."""

    def after_loss(self, learner: Learner) -> None:
        """`learner.loss` and the gradients are known, no weight has changed yet."""

    def after_out_of_memory(self, learner: Learner) -> None:
        """The batch did not fit and will be tried again, in `learner.parts` and `learner.precision` as they are now."""

    def after_batch(self, learner: Learner) -> None:
        """The optimizer has made its step and the position has moved on."""

    def after_valid_batch(self, learner: Learner) -> None: ...

    def after_validate(self, learner: Learner) -> None: ...

    def after_epoch(self, learner: Learner) -> None: ...

    def after_stage(self, learner: Learner) -> None: ...

    def cleanup(self, learner: Learner) -> None: ...

    def state(self) -> dict[str, Any]:
        return {}

    def load_state(self, state: dict[str, Any]) -> None: ...
