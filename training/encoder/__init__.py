"""Makes the builtin encoder: tokenizer, static embeddings, contrastive tuning. See `__main__`."""
