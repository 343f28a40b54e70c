"""The look at the data before a run: what was found, and what mends it a click away."""

from studio.ui.train.data_check.panel import DataCheckPanel
from studio.ui.train.data_check.work import DataCheck

__all__ = ["DataCheck", "DataCheckPanel"]
