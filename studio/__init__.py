"""Relearn Studio: label, train, see what the model gets wrong, fix the labels, fine-tune on the fixes."""

__version__ = "0.1.0"
