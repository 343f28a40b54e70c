"""The small model that learns from a few strokes in seconds. No Qt, no torch."""
