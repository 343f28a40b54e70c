"""Bringing a folder into a project: what was found, what only a person can know, and how far the import is."""

from studio.ui.importing.panel import ImportPanel

__all__ = ["ImportPanel"]
