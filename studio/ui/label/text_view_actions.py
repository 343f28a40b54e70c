"""The actions that change how a document is seen."""

from __future__ import annotations

from studio.ui.label.document_pane import DocumentPane
from studio.ui.label.page_actions import PageActions


class TextViewActions:
    def __init__(self, actions: PageActions, pane: DocumentPane) -> None:
        add = actions.add
        tokens = add(
            "text_tokens",
            "Tokens and their ids",
            "Ctrl+T",
            lambda: pane.show_tokens(tokens.isChecked()),
            menu="View",
            checkable=True,
        )
        add("text_larger", "Larger text", ("Ctrl++", "Ctrl+=", "+", "="), lambda: pane.zoom(1), menu="View")
        add("text_smaller", "Smaller text", ("Ctrl+-", "-"), lambda: pane.zoom(-1), menu="View")
        add("text_as_usual", "Text at 100 %", "Ctrl+0", lambda: pane.set_percent(100), menu="View")
