"""Lesson 3's recipe in the window: from a model's errors out there to a model that was fine-tuned on them."""

from studio.ui.production.place import ProductionPlace

__all__ = ["ProductionPlace"]
