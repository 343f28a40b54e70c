"""Documents as token ids, batches of them, and the AWD-LSTM that reads them."""
