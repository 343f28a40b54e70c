"""What came of fine-tuning, read out of a project: before and after, as a page, and round by round. No Qt, no torch."""

from studio.reports.history import History, Round, read_history
from studio.reports.reading import FrozenItems, RunReport, read_report
from studio.reports.saving import PICTURED_ITEMS, SavedReport, save_report

__all__ = [
    "FrozenItems",
    "RunReport",
    "read_report",
    "PICTURED_ITEMS",
    "SavedReport",
    "save_report",
    "History",
    "Round",
    "read_history",
]
