"""The tables of the store, by subject. Migrations make them; this is what they must amount to.

Triggers refuse changes of published versions, stored checks, classifications and progress figures; a correction is a new row.
"""

from layers.tables import applications, checks, deliveries, jobs, people, versions, villages
from layers.tables.columns import metadata

__all__ = ["applications", "checks", "deliveries", "jobs", "metadata", "people", "versions", "villages"]
