"""From a run's frozen snapshot to batches: decode once, draw in a seeded order, move picture and label together."""
