"""Alembic's environment and revisions. Shipped with the package; run by `simulator.store.revisions`."""
