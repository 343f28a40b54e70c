"""The Train page: recipe, learning-rate finder, live curves, sample predictions and the list of runs."""

from studio.ui.train.page import TrainPage

__all__ = ["TrainPage"]
