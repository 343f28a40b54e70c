"""The window: PySide6 and pyqtgraph; it never imports torch, runs live in another process."""
