"""`python -m <package>`: serve until SIGTERM."""

import sys

from . import settings
from .app import create_app
from .platform import server
from .platform.endpoints import OpenEndpoints


def main() -> None:
    given = settings.load()
    try:
        app = create_app(given)
    except OpenEndpoints as error:
        print(error, file=sys.stderr)
        raise SystemExit(settings.EXIT_MISCONFIGURED) from None
    server.serve(app, given)


if __name__ == "__main__":
    main()
