"""Comparing two runs over the same cases: what changed, for better or worse, and how sure that is."""
