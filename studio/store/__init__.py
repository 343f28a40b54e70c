"""A project on disk: settings, items, the edit journal, label files, runs and review."""

from studio.store.items import TRAINED_ON, ItemCounts, ItemFilter
from studio.store.label_deeds import Acceptance
from studio.store.label_files import ReadLabel, read_label
from studio.store.label_queue import QueueState
from studio.store.predictions import PredictedLabel
from studio.store.review_queries import Arrangement, ItemGroup, ReviewFilter, Span
from studio.store.runs import RunRecord
from studio.store.snapshot import RunData
from studio.store.store import Store

__all__ = [
    "TRAINED_ON",
    "Store",
    "ItemFilter",
    "ItemCounts",
    "QueueState",
    "RunRecord",
    "RunData",
    "ReviewFilter",
    "Arrangement",
    "ItemGroup",
    "Span",
    "Acceptance",
    "PredictedLabel",
    "ReadLabel",
    "read_label",
]
