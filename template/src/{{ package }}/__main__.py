"""`python -m <package>`: serve until SIGTERM; `python -m <package> job NAME`: run a job of own/jobs.py."""

import sys

from . import settings
from .app import create_app
from .platform import server
from .platform.endpoints import OpenEndpoints


def main(*arguments: str) -> None:
    """Do what the arguments ask for: without any, serve."""
    if not arguments:
        serve()
    elif arguments[0] == "job":
        job(*arguments[1:])
    else:
        print(f"usage: python -m {__package__} [job NAME]", file=sys.stderr)
        raise SystemExit(settings.EXIT_MISCONFIGURED)


def serve() -> None:
    """Serve until SIGTERM."""
    given = settings.load()
    try:
        app = create_app(given)
    except OpenEndpoints as error:
        print(error, file=sys.stderr)
        raise SystemExit(settings.EXIT_MISCONFIGURED) from None
    server.serve(app, given)


def job(*names: str) -> None:
    """Run the job of this name; ends the process with what came of it, see platform/jobs.py."""
    from .own.jobs import jobs  # noqa: PLC0415 - the service does without
    from .own.wiring import OwnWiring  # noqa: PLC0415
    from .platform.jobs import main as run  # noqa: PLC0415

    run(jobs, OwnWiring, settings.load(), *names)


if __name__ == "__main__":
    main(*sys.argv[1:])
