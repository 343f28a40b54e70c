"""What a run's named metrics were before a fine-tuning and are after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from studio.core.events import Metric


@dataclass(frozen=True, kw_only=True)
class MetricChange:
    """`detail` names split, classes, void rule and size; `detail_before` is another text where the parent's metric
    counted something else, so that the two are no comparison."""

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
        return self.detail == self.detail_before


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
