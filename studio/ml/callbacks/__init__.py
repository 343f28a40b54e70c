"""What the training loop does besides training, one file a feature."""
