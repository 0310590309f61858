"""Runs the revisions on the connection that `simulator.store.revisions` hands over, in its transaction.

Knows nothing of files or URLs: there is no offline mode.
"""

from __future__ import annotations

from alembic import context

from simulator.store.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
