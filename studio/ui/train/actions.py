"""What a person can ask of the Train page, each with a name, a key and a place in the menu."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from studio.ui.theme import theme
from studio.ui.widgets.page_actions import PageActions


class TrainActions(PageActions):
    def __init__(self, parent: QObject) -> None:
        super().__init__("Train", parent)
        self._before_a_run()
        self._during_a_run()
        self._to_the_recipe()
        self._to_runs()

    def _before_a_run(self) -> None:
        self.train = self.add("train_start", "Train", "play", "Ctrl+Return", "Start a run of this recipe")
        self.find_rate = self.add(
            "train_find_rate", "Find learning rate", "curve", "Ctrl+L", "Try rising rates on the selected stage"
        )
        self.check_data = self.add(
            "train_check_data",
            "Check the data",
            "check",
            "Ctrl+Shift+D",
            "Look for what would spoil a run or its numbers",
        )
        self.augmented = self.add(
            "train_augmented",
            "Augmented samples",
            "images",
            "Ctrl+Shift+G",
            "See training items as the recipe draws and transforms them",
        )
        self.augmented.setIconText("See samples")
        self.roll = self.add("train_roll", "Roll again", "shuffle", "R", "Draw the augmented samples anew")
        self.propose_batch = self.add(
            "train_propose_batch",
            "Propose batch size",
            "sparkle",
            "",
            "Try batches of growing size on the selected stage and take the smallest that is about as fast as any",
        )

    def _during_a_run(self) -> None:
        self.pause = self.add("train_pause", "Pause", "pause", "Ctrl+Shift+P", "Give the processor back for a while")
        self.stop = self.add(
            "train_stop", "Stop and keep", "stop", "Ctrl+.", "Stop after this batch and keep what was learnt"
        )
        self.lower_rate = self.add(
            "train_lower_rate",
            "Lower the rate by 3 from here",
            "arrow-down",
            "Ctrl+Shift+L",
            "Divide all rates by 3 from the next batch to the end",
        )
        self.lower_rate.setIconText("Rate ÷ 3")
        self.add_epoch = self.add(
            "train_add_epoch",
            "One more epoch",
            "grow",
            "Ctrl+Shift+M",
            "Train this stage one epoch longer; its schedule then ends an epoch later",
        )
        self.add_epoch.setIconText("+1 epoch")
        self.kill = self.add(
            "train_kill", "Kill the process", "close", "", "End at once; what was learnt since the last epoch is lost"
        )

    def _to_the_recipe(self) -> None:
        self.add_stage = self.add("train_add_stage", "Add stage", "plus", "", "One more stage for the whole network")
        self.double_stage = self.add(
            "train_double_stage", "Add stage at double the size", "grow", "", "One more stage, twice as high and wide"
        )
        self.grow = self.add(
            "train_grow", "Progressive resizing", "images", "", "Spread the epochs over growing sizes of the pictures"
        )
        self.shelf = self.add(
            "train_shelf", "Recipes to begin with", "shelf", "", "Sample recipes of the lessons, and your own"
        )
        self.shelf.setIconText("Begin with")
        self.shelf.setCheckable(True)
        self.as_text = self.add("train_recipe_text", "Recipe as JSON", "braces", "", "The JSON behind the recipe")
        self.as_text.setCheckable(True)
        self.open_recipe = self.add("train_open_recipe", "Open a recipe…", "folder", "", "A recipe.json of any run")
        self.open_recipe.setIconText("Open…")
        self.save_recipe = self.add(
            "train_save_recipe", "Save the recipe…", "save", "", "As a file that studio train --recipe reads too"
        )
        self.save_recipe.setIconText("Save…")
        self.undo = self.add("train_undo_recipe", "Undo in the recipe", "undo", "Ctrl+Z", "Take the last change back")
        self.redo = self.add("train_redo_recipe", "Redo in the recipe", "redo", "Ctrl+Shift+Z", "Change it again")
        self.defaults = self.add(
            "train_defaults",
            "Recommended recipe",
            "sparkle",
            "",
            "What suits this project and computer",
        )

    def _to_runs(self) -> None:
        self.resume = self.add("train_resume", "Resume run", "resume", "", "Go on from the run's last checkpoint")
        self.review = self.add("train_review", "Review run", "review", "Ctrl+Shift+R", "See its worst items first")
        self.start_from = self.add(
            "train_start_from", "Start from this run", "start-from", "", "Train a new run from this one's weights"
        )
        self.repeat = self.add("train_repeat", "Repeat run", "copy", "", "Train the run's recipe again, as it was")
        self.undo_delete = self.add(
            "train_undo_delete",
            "Undo delete",
            "undo",
            "Ctrl+Alt+Z",
            "Take the runs that were deleted last out of the trash",
        )
        self.star = self.add("train_star", "Star", "star", "Ctrl+Shift+B", "Mark the selected runs, or take it back")
        self.delete = self.add("train_delete", "Delete runs", "trash", "", "Move the selected runs to the trash")

    @property
    def of_runs(self) -> list[QAction]:
        """Those that act on the runs selected in the list."""
        return [self.resume, self.repeat, self.review, self.start_from, self.star, self.delete, self.undo_delete]

    @property
    def of_recipe(self) -> list[QAction]:
        """Those that act on the recipe as a whole."""
        return [self.shelf, self.as_text, self.undo, self.redo]

    @property
    def of_recipe_files(self) -> list[QAction]:
        return [self.open_recipe, self.save_recipe]

    def show_paused(self, paused: bool) -> None:
        """One action pauses and continues."""
        self.pause.setText("Continue" if paused else "Pause")
        self.pause.setProperty("icon_name", "play" if paused else "pause")
        self.pause.setIcon(theme().icon(self.pause.property("icon_name")))
