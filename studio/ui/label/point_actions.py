"""The actions of a project with keypoints: instances, links, mirror partners, neighbouring frames, templates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from studio.core.counting import counted
from studio.core.document import PointsDocument
from studio.core.errors import StudioError
from studio.core.keypoint_editing import are_linked, with_link_toggled, with_template, without_template
from studio.core.keypoint_pairs import guessed_pairs, mirror_order, swapped_sides
from studio.core.point_templates import PointsTemplate, template_of
from studio.core.settings import ProjectSettings
from studio.ui.label.canvas import Canvas
from studio.ui.label.choices import Choices
from studio.ui.label.page_actions import PageActions
from studio.ui.label.point_filling import PointFilling
from studio.ui.label.point_sequence import copy_previous, find_mean
from studio.ui.label.tools.point import PointTool
from studio.ui.label.tools.point_order import free_instance, stepped_instance
from studio.ui.label.tools.template import chosen_template
from studio.ui.session import Session
from studio.ui.widgets.work_queue import WorkQueue

MENU: Final = "Points"


class PointActions:
    """What goes wrong and what came of it is said by the canvas, in a sentence."""

    def __init__(self, actions: PageActions, session: Session, choices: Choices, canvas: Canvas) -> None:
        self._session = session
        self._choices = choices
        self._canvas = canvas
        self._work = WorkQueue("points", canvas)
        self._filling = PointFilling(session, self._work, canvas)
        self._filling.said.connect(canvas.hint)
        self._filling.failed.connect(canvas.failed)
        self._add_point(actions)
        self._add_instances(actions)
        self._add_skeleton(actions)
        self._add_frames(actions)
        self._add_templates(actions)
        choices.selected_point_changed.connect(self._finish_link)
        choices.points.loupe_changed.connect(self.loupe.setChecked)
        session.settings_changed.connect(self._show_settings)

    def _add_point(self, actions: PageActions) -> None:
        add = actions.add
        actions.begin("points")
        add("visibility", "Visible, hidden, absent", "V", self._with_tool(PointTool.cycle_visibility), menu=MENU)
        add("absent", "Point is not in the picture", "X", self._with_tool(PointTool.set_absent), menu=MENU)
        keys = ("Del", "Backspace")
        add("remove_point", "Remove the selected point", keys, self._with_tool(PointTool.remove), menu=MENU)

    def _with_tool(self, action: Callable[[PointTool], None]) -> Callable[[], None]:
        """The action on the tool in use, where that is one for points."""

        def act() -> None:
            tool = self._canvas.tool
            if isinstance(tool, PointTool):
                self._try(lambda: action(tool) is None)

        return act

    def _add_instances(self, actions: PageActions) -> None:
        add = actions.add
        actions.begin("instances")
        self.add_instance = add("add_instance", "Add an instance", "I", self._add_instance, menu=MENU, icon="plus")
        self.delete_instance = add(
            "delete_instance", "Delete the instance", "Shift+Del", self._delete_instance, menu=MENU, icon="trash"
        )
        add("previous_instance", "Previous instance", "[", lambda: self._step_instance(-1), menu=MENU)
        add("next_instance", "Next instance", "]", lambda: self._step_instance(1), menu=MENU)
        self.several = add(
            "several_instances", "Several instances per image", "S", self._toggle_several, menu=MENU, checkable=True
        )
        self.several.setChecked(self._session.settings.several_instances)

    def _add_skeleton(self, actions: PageActions) -> None:
        add = actions.add
        actions.begin("picture")
        self.loupe = add("loupe", "Magnifier", "M", self._toggle_loupe, menu="View", checkable=True)
        self.loupe.setChecked(self._choices.points.loupe)
        actions.begin("points")
        add("link_points", "Link or unlink two points", "K", self._begin_link, menu=MENU)
        add("swap_sides", "Swap left and right", "W", self._swap_sides, menu=MENU)
        add("guess_mirrors", "Find mirror partners by name", "", self._guess_mirrors, menu=MENU)

    def _add_frames(self, actions: PageActions) -> None:
        add = actions.add
        actions.begin("frames")
        add("copy_points", "Copy missing points from the previous item", "C", lambda: self._copy(False), menu=MENU)
        add("replace_points", "Replace by the previous item's points", "Shift+C", lambda: self._copy(True), menu=MENU)
        add("interpolate", "Interpolate points over the gap", "J", lambda: self._interpolate(False), menu=MENU)
        add(
            "interpolate_all",
            "Interpolate all gaps of the sequence",
            "Shift+J",
            lambda: self._interpolate(True),
            menu=MENU,
        )

    def _add_templates(self, actions: PageActions) -> None:
        add = actions.add
        actions.begin("templates")
        add("save_template", "Save this instance as a template", "Shift+T", self._save_template, menu=MENU)
        add("save_mean_template", "Save the mean shape as a template", "", self._save_mean, menu=MENU)
        add("delete_template", "Delete the chosen template", "", self._delete_template, menu=MENU)

    # -- instances ----------------------------------------------------------------------------------------------------

    def _add_instance(self) -> None:
        document = self._document
        if document is not None:
            number = free_instance(document.points)
            self._choices.select_point(-1)
            self._choices.points.choose_instance(number)
            self._canvas.hint(f"Clicks now place the points of instance {number + 1}.")

    def _delete_instance(self) -> None:
        document, number = self._document, self._choices.points.instance
        if document is None:
            return
        left = document.points.without_instance(number)
        if self._try(lambda: document.replace(left, "deleting an instance")):
            self._canvas.hint(f"Instance {number + 1} is deleted; {{undo}} brings it back.")
        if left.instances:
            self._choices.points.choose_instance(min(left.instances, key=lambda n: abs(n - number)))

    def _step_instance(self, steps: int) -> None:
        document, points = self._document, self._choices.points
        if document is not None:
            points.choose_instance(stepped_instance(document.points, points.instance, steps))

    def _toggle_several(self) -> None:
        self._save(replace(self._session.settings, several_instances=self.several.isChecked()))

    # -- skeleton -----------------------------------------------------------------------------------------------------

    def _toggle_loupe(self) -> None:
        self._choices.points.show_loupe(self.loupe.isChecked())

    def _begin_link(self) -> None:
        selected = self._choices.selected_point
        if selected < 0:
            self._canvas.hint("Select a point first, then K, then click the point to link it with.")
            return
        self._choices.points.begin_link(selected)
        self._canvas.hint(f"Click the point to link with {self._name(selected)}, or to unlink from it · Esc: give up")

    def _finish_link(self, selected: int) -> None:
        first = self._choices.points.link_from
        if first < 0 or selected < 0 or selected == first:
            return
        self._choices.points.begin_link(-1)
        were = are_linked(self._session.settings, first, selected)
        self._save(with_link_toggled(self._session.settings, first, selected))
        what = "no longer linked" if were else "linked"
        self._canvas.hint(f"{self._name(first)} and {self._name(selected)} are {what}.")

    def _swap_sides(self) -> None:
        document, order = self._document, mirror_order(self._session.settings.keypoints)
        if document is None:
            return
        new = swapped_sides(document.points, self._choices.points.instance, order)
        if not self._try(lambda: document.replace(new, "swapping left and right")):
            self._canvas.hint("No placed point has a mirror partner: choose partners in the keypoints' menu.")

    def _guess_mirrors(self) -> None:
        settings = self._session.settings
        names = guessed_pairs(settings.keypoints)
        found = sum(a != b for a, b in zip(names, settings.keypoints, strict=True)) // 2
        if found:
            self._save(replace(settings, keypoints=names))
        said = f"{counted(found, 'pair')} of mirror partners found"
        self._canvas.hint(f"{said}." if found else "No two names differ in left and right alone.")

    # -- neighbouring frames ------------------------------------------------------------------------------------------

    def _copy(self, replacing: bool) -> None:
        document = self._document
        if document is not None:
            self._say(lambda: copy_previous(self._session.store, document, replacing=replacing))

    def _interpolate(self, everywhere: bool) -> None:
        document = self._document
        if document is not None and self._try(lambda: document.commit() or True):
            self._filling.interpolate(document.item, everywhere=everywhere)

    # -- templates ----------------------------------------------------------------------------------------------------

    def _save_template(self) -> None:
        document = self._document
        if document is None:
            return
        stem = document.item.name.rpartition("/")[2].rpartition(".")[0] or document.item.name
        template = template_of(f"As in {stem}", document.points, self._choices.points.instance)
        if template is None:
            self._canvas.hint("A template needs at least two placed points.")
        elif self._save(with_template(self._session.settings, template)):
            self._choose_last_template()

    def _save_mean(self) -> None:
        root = self._session.store.root
        self._work.do(lambda: find_mean(root, "Mean shape"), self._take_mean, self._canvas.failed.emit)

    def _take_mean(self, template: PointsTemplate | None) -> None:
        if template is None:
            self._canvas.hint("A mean shape needs an instance with at least two placed points.")
        elif self._save(with_template(self._session.settings, template)):
            self._choose_last_template()

    def _choose_last_template(self) -> None:
        name = self._session.settings.templates[-1].name
        self._choices.points.choose_template(name)
        self._canvas.hint(f"Saved as the template “{name}”: press {{tool_template}} and drag a box to place it.")

    def _delete_template(self) -> None:
        template = chosen_template(self._choices, self._session.settings)
        if template is None:
            self._canvas.hint("There is no template to delete.")
        elif self._save(without_template(self._session.settings, template.name)):
            self._canvas.hint(f"The template “{template.name}” is deleted.")

    def close(self) -> None:
        """Give the items their points that are on their way, and end the thread."""
        self._filling.finish()
        self._work.close()

    # -- shared -------------------------------------------------------------------------------------------------------

    @property
    def _document(self) -> PointsDocument | None:
        """The item's points, unless the mouse is in the middle of something."""
        document = self._canvas.document
        return document if isinstance(document, PointsDocument) and not self._canvas.is_working else None

    def _name(self, index: int) -> str:
        return self._session.settings.keypoints[index].name

    def _show_settings(self) -> None:
        self.several.setChecked(self._session.settings.several_instances)

    def _save(self, settings: ProjectSettings) -> bool:
        return self._try(lambda: self._session.save_settings(settings) or True)

    def _say(self, action: Callable[[], str]) -> None:
        try:
            self._canvas.hint(action())
        except StudioError as error:
            self._canvas.failed.emit(error.sentence)

    def _try(self, action: Callable[[], bool]) -> bool:
        try:
            return action()
        except StudioError as error:
            self._canvas.failed.emit(error.sentence)
            return False
