"""What came of fine-tuning, read out of a project: before and after, as a page, and round by round. No Qt, no torch."""

from studio.reports.reading import FrozenItems, RunReport, read_report
from studio.reports.saving import PICTURED_ITEMS, SavedReport, save_report

__all__ = ["FrozenItems", "PICTURED_ITEMS", "RunReport", "SavedReport", "read_report", "save_report"]
