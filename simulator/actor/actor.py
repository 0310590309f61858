class Actor:
    pass
