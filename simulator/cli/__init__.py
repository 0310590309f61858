"""The `duilian` command. Only this package builds real encoders, models and stores."""
