"""Getting a model out: a folder with weights, a program that needs no Studio, ONNX, and a model card."""

from studio.ml.exporting.folder import export_model

__all__ = ["export_model"]
