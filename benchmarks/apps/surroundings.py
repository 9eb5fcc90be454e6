"""What services need around them, from the development tools of a generated project: PostgreSQL and a token issuer.

Prints where they are as a line of JSON and runs until standard input ends. The working directory is the project.
"""

import json
import sys
from pathlib import Path

from dev import postgres, run

try:
    issuing = run.issuing
except AttributeError:  # the service of a commit before `dev.run` had it
    from dev.issuer import serving as issuing


def main() -> None:
    """Start both; the argument is the folder of the issuer's key."""
    with postgres.server() as server, issuing(Path(sys.argv[1])) as local:
        print(json.dumps({"server": server, "issuer": local.url}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
