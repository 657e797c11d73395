"""What Alembic runs: the versions, over the connection that `insyn.trust.store` opened.

Always: all missing versions go in together or not at all, in the transaction of that connection.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
