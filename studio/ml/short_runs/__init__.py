"""Runs that train nothing for good: the learning-rate finder, the probe of batch sizes, a look at augmented samples."""
