"""One file per revision of the tables, oldest first. A released revision is never changed."""
