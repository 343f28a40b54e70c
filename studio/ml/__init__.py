"""Training and prediction with PyTorch, out of a run's folder alone; no Qt."""
