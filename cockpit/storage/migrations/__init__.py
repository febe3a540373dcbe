"""The schema's history: ``NNN_name.up.sql`` and ``NNN_name.down.sql``, applied in order, each in one transaction.

A file that has been applied is never edited: its SHA-256 is kept in the database and compared at every start.
"""

from cockpit.storage.migrations.runner import MigrationState, migrate_down, migrate_up, migration_status
from cockpit.storage.migrations.steps import Migration, create_migration, shipped_migrations

__all__ = [
    "Migration",
    "MigrationState",
    "create_migration",
    "migrate_down",
    "migrate_up",
    "migration_status",
    "shipped_migrations",
]
