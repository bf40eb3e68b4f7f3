"""The composition root: the `quanze` command, the embedded PostgreSQL, both services in one process."""
