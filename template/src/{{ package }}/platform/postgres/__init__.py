"""PostgreSQL: connections, statements, pages, idempotency keys, revisions."""
