"""Runs: every case of some files graded under one rubric, encoder and calibration, kept as a folder.

Knows nothing of how runs are compared.
"""
