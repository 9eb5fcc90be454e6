"""``castrum new``: make a service."""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from castrum import answers, copying
from castrum.errors import Refusal
from castrum.repository import root_files
from castrum.repository.project import DOMAIN
from castrum.template import language, source
from castrum.template.signing_in import signed_in

from .surroundings import Surroundings

# What may stand in the destination already: a fresh repository, and the domain that it is generated from.
WELCOME = {".git", DOMAIN}


def add_parser(commands: Any) -> None:
    """Add the command and its options."""
    new = commands.add_parser("new", help="generate a service", description="Generate a service repository in DEST.")
    new.add_argument("destination", metavar="DEST", type=Path, help="folder to make; it must not hold anything yet")
    new.add_argument("--domain", metavar="FILE", type=Path, help="domain file to start from (default: the sample)")
    new.add_argument("--data-file", metavar="FILE", type=Path, help="YAML file with answers")
    new.add_argument("-d", "--data", metavar="NAME=VALUE", action="append", default=[], help="one answer; may repeat")
    new.add_argument("--defaults", action="store_true", help="ask nothing, take the default of every other question")
    new.add_argument(
        "--template", metavar="URL", help="git URL or folder of the template (default: this installation's)"
    )
    new.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    destination: Path = options.destination.expanduser().absolute()
    _refuse_occupied(destination)
    data = _answers(options.data_file, options.data)
    domain: Path | None = options.domain
    if domain is None and (destination / DOMAIN).exists():
        domain = destination / DOMAIN
    elif domain is not None and (destination / DOMAIN).exists():
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
            shutil.copyfile(domain, destination / DOMAIN)
        _make(template, destination, data, defaults, ask=not options.defaults)
        done = True
    except OSError as error:
        raise Refusal(f"{error.filename or destination}: {error.strerror or error}") from None
    finally:
        if not done:
            _restore(destination, before, made)
    files = sum(path.is_file() for path in destination.rglob("*") if ".git" not in path.parts)
    print(f"{destination.name}: {files} files in {destination}")
    print_notes(destination / DOMAIN)
    root_files.write(destination)
    inside = (destination / root_files.TOOL).is_file()
    if inside and around:
        print(around.sentence())
    begin = "" if inside else "git init && "
    print(f"Next: cd {options.destination} && {begin}git add --all && git commit -m 'Start' && make run")
    return 0


def print_notes(domain: Path) -> None:
    """Say what the domain allows and the size of its service does not."""
    for note in language.notes(domain):
        print(f"note: {note}", file=sys.stderr)


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


def _make(
    template: source.Template, destination: Path, data: dict[str, Any], offered: dict[str, str], *, ask: bool
) -> None:
    """Let Copier do the work, and say what will matter later."""
    with signed_in(template.url) as address:
        is_dirty = copying.new(address, template.ref, destination, data, offered, ask=ask)
    if address != template.url:
        print(
            "castrum: the address of the template is recorded without its credentials; updates let git ask for them: "
            "git help credentials",
            file=sys.stderr,
        )
    if is_dirty:
        print(
            "castrum: the template has uncommitted changes; a service made from them cannot be updated later",
            file=sys.stderr,
        )
