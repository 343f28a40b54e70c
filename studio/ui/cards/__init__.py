"""The Cards page: the deck of tricks, the card that fits what a run has just done, and the playground."""
