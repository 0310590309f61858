"""What can be read off Chinese text without a model: clauses, figures, days, address, promises.

Knows nothing of rubrics, encoders or sessions.
"""
