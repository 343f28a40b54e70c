"""A network small enough to be watched while it fits a curve: numpy alone, so that the window itself may train it."""
