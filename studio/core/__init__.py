"""What labels, edits, recipes and events are: numpy, Pillow and OpenCV, no Qt and no torch."""
