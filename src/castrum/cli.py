"""The command line: ``castrum new``, ``castrum update``, ``castrum check``, ``castrum schema``."""

import argparse
import importlib.metadata
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from plumbum import local

from castrum.new import command as new
from castrum.resolve import command as resolve
from castrum.template import language
from castrum.template.signing_in import redacted
from castrum.update import command as update

from . import check
from .errors import STOPPED, Refusal

REPOSITORY = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR", "GIT_PREFIX"}
PIPE_CLOSED = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns the exit code: 0 done, 130 stopped by the person, 141 when nobody reads on, else what the command says.
    """
    options = _parser().parse_args(arguments)
    try:
        with _surroundings():
            code: int = options.run(options)
            sys.stdout.flush()
    except BrokenPipeError:  # as in `castrum update --dry-run | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Refusal as refusal:
        for message in refusal.messages:
            print(f"castrum: {redacted(message)}", file=sys.stderr)
        return refusal.code
    except KeyboardInterrupt:
        print("castrum: stopped; nothing was written", file=sys.stderr)
        return STOPPED
    return code


@contextmanager
def _surroundings() -> Iterator[None]:
    """Make the command independent of where it is called from: a hook of git, a terminal that knows only ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    number = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    own = {
        # What the person's hooks want of a checkout is no matter of the template's copies.
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": "core.hooksPath",
        f"GIT_CONFIG_VALUE_{number}": os.devnull,
        "LC_ALL": "C",  # git's words are read here
    }
    before = dict(os.environ)
    try:
        os.environ.update(own)
        with local.env(**own):  # Copier calls git with these
            # A hook tells every git that it calls its repository, also one that works on the template.
            for name in REPOSITORY:
                os.environ.pop(name, None)
                if name in local.env:
                    del local.env[name]
            yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="castrum", description="One domain file, one command: a running, contract-first service."
    )
    parser.add_argument("--version", action="version", version=importlib.metadata.version("castrum"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    new.add_parser(commands)
    update.add_parser(commands)
    resolve.add_parser(commands)

    check.add_parser(commands)

    schema = commands.add_parser("schema", help="print the JSON Schema of the domain language")
    schema.set_defaults(run=_schema)
    return parser


def _schema(_: argparse.Namespace) -> int:
    print(json.dumps(language.schema(), indent=2, ensure_ascii=False))
    return 0
