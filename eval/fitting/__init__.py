"""How calibrations are fitted: labelled replies as numbers, the models they teach, the verdicts drawn from them."""
