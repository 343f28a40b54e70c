"""What to label next: choosing it with a run's model, and going from one item to the next."""
