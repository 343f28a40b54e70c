"""The one window: menus, page switch, message line, and a project, the welcome or an import in the middle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QIcon, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMenu, QStackedWidget, QVBoxLayout, QWidget

from studio.core.errors import BadInput, StudioError
from studio.core.resources import resources
from studio.ui.closing import ClosingQuestion, Leaving
from studio.ui.exporting.place import ExportPlace
from studio.ui.header import Header
from studio.ui.keyboard.bindings import key_bindings
from studio.ui.message_line import MessageLine
from studio.ui.options import WindowOptions
from studio.ui.production import ProductionPlace
from studio.ui.recent import recent_projects, remember_project
from studio.ui.session import Page, Tone
from studio.ui.theme import ThemeMode, theme
from studio.ui.welcome import Welcome
from studio.ui.workspace import Workspace

if TYPE_CHECKING:
    from studio.ui.keyboard.key_sheet import KeySheet
    from studio.ui.keyboard.palette import Palette

_FIRST_SIZE: Final = QSize(1600, 1000)
_SMALLEST: Final = QSize(960, 600)
_MENUS: Final = ("Edit", "View", "Tools", "Label", "Region", "Points", "Train", "Review", "Cards")
_PAGE_KEYS: Final = {Page.LABEL: "Ctrl+1", Page.TRAIN: "Ctrl+2", Page.REVIEW: "Ctrl+3", Page.CARDS: "Ctrl+4"}


class MainWindow(QMainWindow):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle("Relearn Studio")
        self.setWindowIcon(QIcon(str(resources() / "icons" / "relearn-studio.svg")))
        self.setMinimumSize(_SMALLEST)
        self.setAcceptDrops(True)
        self.workspace: Workspace | None = None
        self._leaving: Leaving | None = None
        self._import_panel: QWidget | None = None
        self._overlays: dict[str, Palette | KeySheet] = {}
        self._build_body()
        self._build_actions()
        self._fill_menus()
        self._restore_geometry()

    def open_at_start(self, options: WindowOptions) -> None:
        """Open what the command line names. Raises StudioError when it cannot be opened."""
        if options.project is None:
            self.welcome.show_recent(recent_projects())
            self.welcome.setFocus()
            return
        folder = options.project.resolve()
        if (folder / "studio.toml").is_file():
            self._show_project(folder, options)
        elif folder.exists():
            self.show_import(folder)
        else:
            raise BadInput(f"{folder} does not exist; name a project, or a folder to import.")

    def open_folder(self, folder: Path) -> None:
        """A project is opened; any other folder is looked at for something to import."""
        if not (folder / "studio.toml").is_file():
            self.show_import(folder)
            return
        then = partial(self._open_project, folder)
        if not self._ask_about_run(then):
            then(None)

    def _open_project(self, folder: Path, leaving: Leaving | None) -> None:
        try:
            self._show_project(folder, WindowOptions(project=folder), leaving)
        except StudioError as error:
            self.messages.say(error.sentence, Tone.ERROR)

    def show_import(self, folder: Path) -> None:
        from studio.ui.importing import ImportPanel  # noqa: PLC0415 - not on the way to the first picture

        if self._import_panel is not None:
            self._stack.setCurrentWidget(self._import_panel)
            self.messages.say("Another import is still open; finish or cancel it first.", Tone.WARNING)
            return
        project = self.workspace.session.store.root if self.workspace is not None else None
        panel = self._import_panel = ImportPanel(folder, project)
        panel.imported.connect(lambda project, remark: self._leave_import(panel, Path(project), remark))
        panel.cancelled.connect(lambda: self._leave_import(panel, None))
        self._stack.addWidget(panel)
        self._stack.setCurrentWidget(panel)
        self._fill_menus()

    def shut_down(self, *, wait: bool = True) -> None:
        """Give the project back; safe to call twice. Without `wait`, a run that leaves does so beside."""
        for overlay in self._overlays.values():
            overlay.leave()  # what it lists is about to go
        self._exporting.close()
        self._production.close()
        if self.workspace is not None:
            self._stack.removeWidget(self.workspace)
            self.workspace.close_project(wait=wait)
            self.workspace.deleteLater()
            self.workspace = None
            self.header.show_run("")

    def close_now(self) -> None:
        """Close without a question: a run that is going leaves at a checkpoint."""
        self._leave(Leaving.STOP)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._leaving is None and self._ask_about_run(self._leave):
            event.ignore()
            return
        QSettings().setValue("window/geometry", self.saveGeometry())
        try:
            if self.workspace is not None:
                self.workspace.session.save_all()
        except StudioError as error:
            self.messages.say(f"The window stays open, for a stroke is not saved: {error.sentence}", Tone.ERROR)
            event.ignore()
            return
        if self.workspace is not None and self._leaving is Leaving.GO_ON:
            self.workspace.run_control.let_go()
        self.hide()
        self.shut_down()
        event.accept()

    def _ask_about_run(self, then: Callable[[Leaving], object]) -> bool:
        """Whether there is a run that would end with the project, about which the person is asked now; `then` is told
        the answer, once a run that is being prepared has begun."""
        control = self.workspace.run_control if self.workspace is not None else None
        if control is None or not control.ends_with_the_window:
            return False
        if self.findChild(ClosingQuestion) is None:
            ClosingQuestion(control, lambda answer: control.when_begun(partial(then, answer)), self).open()
        return True

    def _leave(self, leaving: Leaving) -> None:
        self._leaving = leaving
        self.close()
        self._leaving = None  # a window that could not close asks again

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        folder = _dropped_folder(event)
        if folder is not None:
            event.acceptProposedAction()
            self.open_folder(folder)

    # -- construction -------------------------------------------------------------------------------------------------

    def _build_body(self) -> None:
        body = QWidget(self)
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.header = Header(_PAGE_KEYS)
        self.header.page_chosen.connect(self._choose_page)
        self._stack = QStackedWidget()
        self.welcome = Welcome()
        self.welcome.folder_chosen.connect(lambda path: self.open_folder(Path(path)))
        self.welcome.browse_requested.connect(self._browse)
        self.welcome.demo_requested.connect(self._open_demo)
        self._stack.addWidget(self.welcome)
        self._exporting = ExportPlace(self._stack)
        self._exporting.changed.connect(self._fill_menus)
        self._production = ProductionPlace(self._stack)
        self._production.changed.connect(self._fill_menus)
        layout.addWidget(self.header)
        layout.addWidget(self._stack, 1)
        self.setCentralWidget(body)
        self.messages = MessageLine()
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addWidget(self.messages, 1)

    def _build_actions(self) -> None:
        self._open = self._action("open", "Open or import a folder…", QKeySequence.StandardKey.Open, self._browse)
        self._export = self._action(
            "export", "Export…", "Ctrl+Shift+E", lambda: self.workspace and self._exporting.show(self.workspace)
        )
        self._errors = self._action("production_errors", "Production errors…", "Ctrl+Shift+O", self._show_production)
        self._demo = self._action("demo", "Open the demo project", None, self._open_demo)
        self._quit = self._action("quit", "Quit", QKeySequence.StandardKey.Quit, self.close)
        self._find = self._action("palette", "Find a command…", "Ctrl+K", lambda: self._over("palette"))
        self._keys = self._action("keys", "Keys…", "?", lambda: self._over("key_sheet"))
        self._page_actions = [
            self._action(f"page_{page}", page.title(), keys, lambda _=False, page=page: self._choose_page(page))
            for page, keys in _PAGE_KEYS.items()
        ]
        self._theme_actions = [
            self._action(f"theme_{mode}", f"{mode.title()} theme", None, lambda _=False, mode=mode: _choose_theme(mode))
            for mode in ThemeMode
        ]
        self.header.theme_toggled.connect(lambda: _choose_theme(ThemeMode.LIGHT if theme().is_dark else ThemeMode.DARK))

    def _action(
        self, name: str, text: str, keys: QKeySequence.StandardKey | str | None, slot: Callable[..., object]
    ) -> QAction:
        action = QAction(text, self)
        action.setObjectName(name)
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(slot)
        self.addAction(action)
        return action

    def _fill_menus(self) -> None:
        """File, the shown page's own menus, and View and Help, made anew on every change of page."""
        bar = self.menuBar()
        bar.clear()
        file_menu = bar.addMenu("&File")
        file_menu.addActions([self._open, self._demo])
        recent = file_menu.addMenu("Open recent")
        file_menu.aboutToShow.connect(lambda: self._fill_recent(recent))
        file_menu.addSeparator()
        file_menu.addActions([self._errors, self._export])
        file_menu.addSeparator()
        file_menu.addAction(self._quit)
        in_project = self.workspace is not None and self._stack.currentWidget() is self.workspace
        for action in (self._export, self._errors, *self._page_actions):
            action.setEnabled(in_project)
        for name in _MENUS:
            actions = self._page_menu_actions(name) if in_project else []
            if not actions and name != "View":
                continue
            menu = bar.addMenu(f"&{name}")
            _add_in_parts(menu, actions)
            if name == "View":
                menu.addSeparator()
                menu.addActions(self._page_actions)
                menu.addSeparator()
                menu.addActions(self._theme_actions)
        bar.addMenu("&Help").addActions([self._find, self._keys])
        self._adopt_keys()
        self.header.show_project(self.workspace.store.settings.name if in_project and self.workspace else None)

    def _adopt_keys(self) -> None:
        """Actions that are new get the keys that the person chose for them."""
        key_bindings().adopt(action for _menu, action in self._all_actions())

    def _page_menu_actions(self, name: str) -> list[QAction]:
        assert self.workspace is not None
        page = self.workspace.page(self.workspace.current_page)
        return [action for action in page.actions() if action.property("menu") == name]

    def _fill_recent(self, menu: QMenu) -> None:
        menu.clear()
        for project in recent_projects():
            menu.addAction(str(project), lambda project=project: self.open_folder(project))
        menu.setEnabled(not menu.isEmpty())

    def _restore_geometry(self) -> None:
        stored = QSettings().value("window/geometry")
        if not (isinstance(stored, QByteArray) and self.restoreGeometry(stored)):
            available = self.screen().availableGeometry().size()
            self.resize(_FIRST_SIZE.boundedTo(available).expandedTo(_SMALLEST))

    def _over(self, name: str) -> None:
        """Open or close the command palette or the key sheet, made when it is first wanted."""
        from studio.ui.keyboard.catalogue import Catalogue  # noqa: PLC0415 - not on the way to the first picture
        from studio.ui.keyboard.key_sheet import KeySheet  # noqa: PLC0415
        from studio.ui.keyboard.palette import Palette  # noqa: PLC0415

        if name not in self._overlays:
            kind = Palette if name == "palette" else KeySheet
            self._overlays[name] = kind(Catalogue(self._all_actions, self._class_keys), self)
        self._overlays[name].toggle()

    def _all_actions(self) -> list[tuple[str, QAction]]:
        """Every action that can be reached now, with its menu."""
        found: list[tuple[str, QAction]] = []
        for menu_action in self.menuBar().actions():
            menu = menu_action.menu()
            if isinstance(menu, QMenu):
                name = menu.title().replace("&", "")
                found += [(name, action) for action in menu.actions() if not action.menu() and not action.isSeparator()]
        return found

    def _class_keys(self) -> dict[str, str]:
        return self.workspace.label_page.class_keys.by_name() if self.workspace is not None else {}

    # -- what happens -------------------------------------------------------------------------------------------------

    def _show_project(self, folder: Path, options: WindowOptions, leaving: Leaving | None = None) -> None:
        workspace = Workspace(folder)
        if self.workspace is not None and leaving is Leaving.GO_ON:
            self.workspace.run_control.let_go()
        self.shut_down(wait=False)
        self.workspace = workspace
        self._stack.addWidget(workspace)
        self._stack.setCurrentWidget(workspace)
        workspace.session.message.connect(self.messages.say)
        workspace.session.taken_back.connect(self.messages.take_back)
        workspace.session.settings_changed.connect(self._fill_menus)
        workspace.session.production_asked.connect(self._show_production)
        workspace.page_changed.connect(self._page_was_changed)
        workspace.label_page.add_images_requested.connect(self._browse)
        workspace.run_control.state_changed.connect(self.header.show_run)
        workspace.start(options)
        self.setWindowTitle(f"{workspace.store.settings.name} – Relearn Studio")
        QTimer.singleShot(0, lambda: remember_project(folder))

    def _leave_import(self, panel: QWidget, project: Path | None, remark: str = "") -> None:
        """What was imported is opened, unless the person went on to something else meanwhile."""
        watched = self._stack.currentWidget() is panel
        self._import_panel = None
        if watched:
            self._stack.setCurrentWidget(self._exporting.panel or self.workspace or self.welcome)
        self._stack.removeWidget(panel)
        panel.deleteLater()
        self._fill_menus()
        if project is not None and watched:
            self.open_folder(project)
            if remark:
                self.messages.say(remark, Tone.INFO)
        elif project is not None:
            remember_project(project)
            self._fill_menus()
            self.messages.say(f"{project} is imported; open it from the File menu.", Tone.OK)

    def _show_production(self) -> None:
        if self.workspace is not None:
            self._production.show(self.workspace)

    def _choose_page(self, page: Page) -> None:
        if self.workspace is not None:
            self.workspace.show_page(page)

    def _page_was_changed(self, page: str) -> None:
        self.header.show_page(Page(page))
        self._fill_menus()

    def _browse(self) -> None:
        """The desktop's own dialog, opened without holding the window's event loop."""
        dialog = QFileDialog(self, "Open a project, or a folder of images or labels to import")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.open_folder(Path(path)))
        dialog.open()

    def _open_demo(self) -> None:
        from studio.ui.demo_job import DemoJob  # noqa: PLC0415 - only who wants the demo pays for it

        self._demo.setEnabled(False)
        self.welcome.setEnabled(False)
        self.messages.say("Drawing the demo project…", Tone.INFO)
        job = DemoJob(self)
        job.done.connect(lambda path: self._leave_demo(Path(path), ""))
        job.failed.connect(lambda sentence: self._leave_demo(None, sentence))
        job.start()

    def _leave_demo(self, project: Path | None, failure: str) -> None:
        self._demo.setEnabled(True)
        self.welcome.setEnabled(True)
        if project is None:
            self.messages.say(failure, Tone.ERROR)
        else:
            self.open_folder(project)


def _add_in_parts(menu: QMenu, actions: Sequence[QAction]) -> None:
    """With a line between the parts; each stands where its first action comes."""
    parts: dict[str, list[QAction]] = {}
    for action in actions:
        parts.setdefault(str(action.property("part") or ""), []).append(action)
    for number, part in enumerate(parts.values()):
        if number:
            menu.addSeparator()
        menu.addActions(part)


def _choose_theme(mode: ThemeMode) -> None:
    QSettings().setValue("theme", mode.value)
    theme().apply(mode)


def _dropped_folder(event: QDropEvent) -> Path | None:
    """The folder or annotation file that is dragged; of another file, the folder it lies in."""
    for url in event.mimeData().urls():
        if not url.isLocalFile():
            continue
        path = Path(url.toLocalFile())
        if path.is_dir():
            return path
        if path.is_file():
            from studio.formats import is_annotation_file  # noqa: PLC0415 - not on the way to the first picture

            return path if is_annotation_file(path) else path.parent
    return None
