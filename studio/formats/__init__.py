"""Data sets of other programs: one file a layout, behind one registry. Depends on `studio.core` only."""

from studio.formats.exports import ExportedItem, Exporter, ExportReport
from studio.formats.plan import Annotation, Importer, ImportPlan, Question, Recognised
from studio.formats.registry import (
    exporter,
    exporters,
    importer,
    importers,
    is_annotation_file,
    recognise,
    source_folder,
    source_for,
)

__all__ = [
    "recognise",
    "importer",
    "importers",
    "source_folder",
    "source_for",
    "is_annotation_file",
    "Importer",
    "ImportPlan",
    "Recognised",
    "Question",
    "Annotation",
    "exporter",
    "exporters",
    "Exporter",
    "ExportedItem",
    "ExportReport",
]
