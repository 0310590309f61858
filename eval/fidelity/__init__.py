"""How believable a customer model is: scripted trainees talk to it, and what it said and did is measured.

Works with any model name; knows nothing of how lines are made. Importing this loads nothing heavy.
"""
