"""`python -m <package>`: serve until SIGTERM."""

from . import settings
from .app import create_app
from .platform import server


def main() -> None:
    given = settings.load()
    server.serve(create_app(given), given)


if __name__ == "__main__":
    main()
