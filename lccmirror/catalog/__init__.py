"""The mirror's SQLite catalog: schema, and reads and writes as functions on a connection."""
