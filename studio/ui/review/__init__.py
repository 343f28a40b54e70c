"""The Review page: the worst items of a run, what a person decides about them, and what a fine-tuning changed."""

from studio.ui.review.page import ReviewPage

__all__ = ["ReviewPage"]
