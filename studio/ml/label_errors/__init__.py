"""Which labels are probably wrong: each is judged by a network that never saw it."""
