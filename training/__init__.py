"""How everything in `models/` was made. Never imported by the product or its tests' fast path."""
