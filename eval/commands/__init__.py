"""The commands of `duilian eval`, one module each, imported when they run."""
