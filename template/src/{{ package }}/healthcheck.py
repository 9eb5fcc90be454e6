"""`python -m <package>.healthcheck`: exit 0 if the service on this machine lives. For images without a shell."""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT_S = 2


def main() -> int:
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8080), timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/livez")
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
