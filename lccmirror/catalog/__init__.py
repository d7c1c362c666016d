"""The mirror's SQLite catalog: schema, and reads and writes as functions on a connection."""

CATALOG_NAME = "catalog.sqlite"
REBUILD_HINT = (
    "`lccmirror verify --repair --rebuild-catalog` makes catalog.sqlite anew from the mirrored "
    "files, which are kept, and the newest backup"
)
"""What to do about a catalog that is damaged or lost."""
