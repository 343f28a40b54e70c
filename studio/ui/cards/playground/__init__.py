"""The playground: draw a curve, and watch a network fit it."""
