"""Help from a model while labelling: asking for proposals in the background, and taking them over."""
