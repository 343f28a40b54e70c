"""How much of each class a run has right: what a confusion matrix has on its diagonal, which mistakes leave out."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from studio.core.items import Split
from studio.store.database import Database

_PIXELS: Final = """
SELECT json_extract(class.value, '$[0]'), SUM(json_extract(class.value, '$[3]')),
       SUM(json_extract(class.value, '$[3]') IS NULL)
FROM scores, json_each(CAST(scores.data AS TEXT), '$.classes') AS class
WHERE scores.run = ?1 AND (?2 IS NULL OR json_extract(CAST(scores.data AS TEXT), '$.split') = ?2) GROUP BY 1
"""
_ITEMS: Final = """
SELECT json_extract(CAST(data AS TEXT), '$.label.ids[0]') AS label, COUNT(*), 0 FROM scores
WHERE run = ?1 AND (?2 IS NULL OR json_extract(CAST(data AS TEXT), '$.split') = ?2)
AND json_array_length(CAST(data AS TEXT), '$.label.ids') = 1
AND label = json_extract(CAST(data AS TEXT), '$.tags.tags.ids[0]') GROUP BY 1
"""


def right_counts(
    database: Database, run_id: str, split: Split | None = None, *, classes: int, of_pixels: bool
) -> npt.NDArray[np.int64] | None:
    """(classes,) int64, of all splits or one: counted pixels, or items with one class, whose prediction is the label's
    class. None where the run was scored by a version that did not count them. Reads every score, which takes about a
    second for 100,000."""
    found = np.zeros(classes, np.int64)
    rows = list(database.execute(_PIXELS if of_pixels else _ITEMS, (run_id, split)))
    if of_pixels and (not rows or any(unknown for _id, _count, unknown in rows)):
        return None
    for class_id, count, _unknown in rows:
        if 0 <= class_id < classes:
            found[class_id] = count
    return found
