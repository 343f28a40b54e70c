"""What a run's named metrics were before a fine-tuning and are after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from studio.core.events import Metric

_BESIDE: Final = "; answering "
"""Stands in a metric's detail before what its figure is to be seen beside: that of one answer to everything."""


@dataclass(frozen=True, kw_only=True)
class MetricChange:
    """`detail` names split, classes, void rule and size, and perhaps what one answer to everything would reach;
    `detail_before` is another text where that was not the same for the parent's metric."""

    name: str
    before: float
    after: float
    better: int
    detail: str = ""
    detail_before: str = ""

    @property
    def gain(self) -> float:
        """Above 0 where the metric got better."""
        return (self.after - self.before) * self.better

    @property
    def comparable(self) -> bool:
        """Whether both figures are of the same; what one answer would reach may have moved with the labels."""
        return _scope(self.detail) == _scope(self.detail_before)

    @property
    def of_what(self) -> str:
        """What both figures are of, or each of them, and what one answer would have reached."""
        if self.detail == self.detail_before:
            return self.detail
        return f"{_scope(self.detail)}; {self._moved}" if self._moved else self.difference

    @property
    def difference(self) -> str:
        """What is not the same before and after, with both; empty where all is."""
        if self.detail == self.detail_before:
            return ""
        return self._moved or f"of {self.detail}; before: {self.detail_before}"

    @property
    def _moved(self) -> str:
        """What one answer would have reached before and after; empty where that is not all that differs."""
        before, after = (detail.partition(_BESIDE)[2] for detail in (self.detail_before, self.detail))
        (what, was), (what_after, now) = (beside.rpartition(": ")[::2] for beside in (before, after))
        return f"answering {what}: {was} → {now}" if self.comparable and what and what == what_after else ""


def _scope(detail: str) -> str:
    return detail.partition(_BESIDE)[0]


def metric_changes(before: Iterable[Metric], after: Iterable[Metric]) -> tuple[MetricChange, ...]:
    """Those that both have, in the order of `after`, the main one first."""
    old = {metric.name: metric for metric in before}
    return tuple(
        MetricChange(
            name=metric.name,
            before=old[metric.name].value,
            after=metric.value,
            better=metric.better,
            detail=metric.detail,
            detail_before=old[metric.name].detail,
        )
        for metric in after
        if metric.name in old
    )


def metric_figures(change: MetricChange) -> str:
    """`0.881 → 0.903`: as many decimals on both sides as tell them apart, three at least."""
    for decimals in (3, 4, 5):
        before, after = f"{change.before:.{decimals}f}", f"{change.after:.{decimals}f}"
        if before != after or change.before == change.after:
            return f"{before} → {after}"
    return f"{change.before:.4g} → {change.after:.4g}"
