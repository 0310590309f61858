"""Duilian (对练): practise difficult customers before meeting them.

The package runs a role-play: a customer driven by rules and voiced by a language model, a trainee's
replies graded against a rubric. It knows nothing of offline evaluation (`eval`) or of how the bundled
models were made (`training`). Importing it does nothing: no model is loaded, no file is read.
"""

__version__ = "0.8.0"
