"""Makes a small language model of our own that speaks as the customer. See `__main__`."""
