"""Labels of whole items: what class keys and clicks do, the list with its marks, and the chips on the canvas."""
