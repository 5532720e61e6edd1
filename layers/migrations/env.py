"""Alembic's entry: runs on the connection that `layers.database.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from layers.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
