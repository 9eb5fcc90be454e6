"""The command line: ``castrum new``, ``castrum update``, ``castrum check``, ``castrum schema``."""

import argparse
import importlib.metadata
import io
import json
import os
import shutil
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import copier
from copier.errors import CopierError, DirtyLocalWarning, UserMessageError
from plumbum import ProcessExecutionError, local

from castrum.new.surroundings import Surroundings
from castrum.repository import root_files
from castrum.resolve import command as resolve
from castrum.template import language, source
from castrum.template.signing_in import redacted, signed_in
from castrum.update import command as update

from . import answers
from .errors import STOPPED, Refusal, git_says, refused_answer

# What may stand in the destination already: a fresh repository, and the domain that it is generated from.
WELCOME = {".git", "domain.yaml"}
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

    new = commands.add_parser("new", help="generate a service", description="Generate a service repository in DEST.")
    new.add_argument("destination", metavar="DEST", type=Path, help="folder to make; it must not hold anything yet")
    new.add_argument("--domain", metavar="FILE", type=Path, help="domain file to start from (default: the sample)")
    new.add_argument("--data-file", metavar="FILE", type=Path, help="YAML file with answers")
    new.add_argument("-d", "--data", metavar="NAME=VALUE", action="append", default=[], help="one answer; may repeat")
    new.add_argument("--defaults", action="store_true", help="ask nothing, take the default of every other question")
    new.add_argument(
        "--template", metavar="URL", help="git URL or folder of the template (default: this installation's)"
    )
    new.set_defaults(run=_new)

    update.add_parser(commands)
    resolve.add_parser(commands)

    check = commands.add_parser("check", help="check a domain file", description="Check a domain file; writes nothing.")
    check.add_argument("domain", nargs="?", type=Path, default=Path("domain.yaml"), help="default: domain.yaml")
    check.set_defaults(run=_check)

    schema = commands.add_parser("schema", help="print the JSON Schema of the domain language")
    schema.set_defaults(run=_schema)
    return parser


def _check(options: argparse.Namespace) -> int:
    found = language.problems(options.domain)
    if found:
        raise Refusal(*found)
    print(f"{options.domain}: no problems")
    _print_notes(options.domain)
    return 0


def _print_notes(domain: Path) -> None:
    for note in language.notes(domain):
        print(f"note: {note}", file=sys.stderr)


def _schema(_: argparse.Namespace) -> int:
    print(json.dumps(language.schema(), indent=2, ensure_ascii=False))
    return 0


def _new(options: argparse.Namespace) -> int:
    destination: Path = options.destination.expanduser().absolute()
    _refuse_occupied(destination)
    data = _answers(options.data_file, options.data)
    domain: Path | None = options.domain
    if domain is None and (destination / "domain.yaml").exists():
        domain = destination / "domain.yaml"
    elif domain is not None and (destination / "domain.yaml").exists():
        raise Refusal(f"{destination / 'domain.yaml'} exists: leave out --domain, or move it away")
    if domain is not None and (found := language.problems(domain)):
        raise Refusal(*found)
    try:
        template = source.named(options.template) if options.template is not None else source.installed()
    except source.NoTemplateError as error:
        raise Refusal(str(error)) from None

    around = Surroundings.of(destination) if "folder" not in data else None
    defaults = around.answers() if around else {}
    before = _entries(destination)
    made = next((folder for folder in [*reversed(destination.parents), destination] if not folder.exists()), None)
    done = False
    try:
        destination.mkdir(parents=True, exist_ok=True)
        if domain is not None and domain.parent.absolute() != destination:
            shutil.copyfile(domain, destination / "domain.yaml")
        _copy(template, destination, data, defaults, ask=not options.defaults)
        done = True
    except OSError as error:
        raise Refusal(f"{error.filename or destination}: {error.strerror or error}") from None
    finally:
        if not done:
            _restore(destination, before, made)
    files = sum(path.is_file() for path in destination.rglob("*") if ".git" not in path.parts)
    print(f"{destination.name}: {files} files in {destination}")
    _print_notes(destination / "domain.yaml")
    root_files.write(destination)
    inside = (destination / root_files.TOOL).is_file()
    if inside and around:
        print(around.sentence())
    begin = "" if inside else "git init && "
    print(f"Next: cd {options.destination} && {begin}git add --all && git commit -m 'Start' && make run")
    return 0


def _refuse_occupied(destination: Path) -> None:
    if destination.is_file():
        raise Refusal(f"{destination} is a file")
    occupants = sorted(_entries(destination) - WELCOME)
    if occupants:
        more = f" and {len(occupants) - 1} more" if len(occupants) > 1 else ""
        raise Refusal(f"{destination} is not empty ({occupants[0]}{more}); name a new folder")


def _entries(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _restore(destination: Path, before: set[str], made: Path | None) -> None:
    """Take back what was written: the folders that were ``made``, or what is in ``destination`` beside ``before``."""
    if made is not None:
        shutil.rmtree(made, ignore_errors=True)
        return
    for path in destination.iterdir():
        if path.name not in before:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _answers(data_file: Path | None, pairs: Sequence[str]) -> dict[str, Any]:
    """The answers of the file, then those of the command line over them.

    Refuses unreadable files and malformed pairs; names that no question has are left to the template.
    """
    given = answers.of_file(data_file) if data_file is not None else {}
    single = answers.pairs(pairs)
    if "domain" in single:
        raise Refusal("--data domain: give the domain as a file, with --domain FILE")
    given |= single
    return given


def _copy(
    template: source.Template, destination: Path, data: dict[str, Any], offered: dict[str, str], *, ask: bool
) -> None:
    """Let Copier do the work, and put what it refuses into one sentence."""
    try:
        with warnings.catch_warnings(record=True) as caught, signed_in(template.url) as address:
            warnings.simplefilter("always")
            copier.run_copy(
                address,
                destination,
                data=data,
                user_defaults=offered,
                vcs_ref=template.ref,
                defaults=not ask,
                quiet=True,
                # The person chose this template by installing or naming it; its extensions are ordinary Python.
                unsafe=True,
            )
    except UserMessageError as error:
        raise Refusal(error.message) from None
    except CopierError as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        raise Refusal(str(error)) from None
    except ValueError as error:
        message = refused_answer(error)
        if message is None:
            raise
        raise Refusal(message) from None
    except ProcessExecutionError as error:
        reason, *hints = git_says(error)
        hints.append("name another address of the template with --template URL")
        raise Refusal(f"{template.url}: {reason}", *hints) from None
    if address != template.url:
        print(
            "castrum: the address of the template is recorded without its credentials; updates let git ask for them: "
            "git help credentials",
            file=sys.stderr,
        )
    if any(issubclass(warning.category, DirtyLocalWarning) for warning in caught):
        print(
            "castrum: the template has uncommitted changes; a service made from them cannot be updated later",
            file=sys.stderr,
        )
