"""Offline evaluation: labelled cases, calibration. Uses the simulator; the simulator never uses it."""
