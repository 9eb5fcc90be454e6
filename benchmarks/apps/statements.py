"""The sample's statements by name, as a line of JSON, for applications in other languages."""

import json
from datetime import UTC, datetime
from uuid import UUID

from ordering.order.repository import FIND, INSERT, PAGE, UPDATE
from ordering.platform.postgres import idempotency

SORT = "-created_at"


def main() -> None:
    """Print them."""
    cursor = PAGE.cursor(SORT, {}, {"created_at": datetime.now(UTC), "id": UUID(int=0)})
    statements = {
        "find": FIND,
        "page": PAGE.statement(SORT, {}, None, 0)[0],
        "pageAfter": PAGE.statement(SORT, {}, cursor, 0)[0],
        "insert": INSERT,
        "findKey": idempotency.FIND,
        "update": UPDATE,
    }
    print(json.dumps(statements))


if __name__ == "__main__":
    main()
