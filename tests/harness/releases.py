"""A template with a history: three releases, made from the working tree by patches such as a maintainer would write."""

from pathlib import Path

from .repository import commit_all, git

TAGS = ("v0.1.0", "v0.2.0", "v0.3.0")

AGGREGATE = "template/src/{{ package }}/{% yield aggregate from model.aggregates %}{{ aggregate.module }}{% endyield %}"
CLIENT = "template/src/{{ package }}/platform/http_client.py"
TESTS = "template/tests/{% yield aggregate from model.aggregates %}{{ aggregate.module }}{% endyield %}"

MOVED = "v0.4.0"
MOVES = """\
version: 0.4.0
changes:
  - {title: What a process needs has a folder of its own, kind: changed}
moves:
  src/{package}/platform/http_client.py: src/{package}/platform/runtime/http_client.py
  tests/{aggregate}/: tests/domain/{aggregate}/
imports:
  "{package}.platform.text": "{package}.platform.runtime.texts.text_of"
"""


def replace(folder: Path, name: str, old: str, new: str) -> None:
    """Replace what occurs exactly once."""
    text = (folder / name).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{name}: {text.count(old)} times {old!r}"
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def second(folder: Path) -> None:
    """Text, code, a target, a new file and a new question."""
    replace(folder, "template/AGENTS.md.jinja", "## Before you push\n", "## Before you push anything\n")
    replace(
        folder, "template/README.md.jinja", "## Start it\n", "## Start it\n\nThe first start takes a minute longer.\n"
    )
    replace(folder, f"{AGGREGATE}/routes.py.jinja", '"""Create {{ aggregate.code.a }}."""', '"""Make a new one."""')
    replace(
        folder,
        CLIENT,
        "class HttpClient:",
        'def today() -> str:\n    """The current day."""\n    return "Monday"\n\n\nclass HttpClient:',
    )
    replace(folder, "template/Makefile.jinja", "clean: ##", "today: ## Print the day\n\t@date\n\nclean: ##")
    replace(
        folder,
        "questions/service.yml",
        "licence:\n",
        "audience:\n  type: str\n  help: Who calls the service\n  default: everybody\n\nlicence:\n",
    )
    write(folder, "template/docs/handbook.md.jinja", "# Handbook\n\nWritten for {{ audience }}.\n\nFirst.\n\nSecond.\n")
    write(
        folder,
        "releases/0.2.0.yaml",
        "version: 0.2.0\nchanges:\n"
        "  - {title: A handbook, kind: added}\n"
        "  - {title: Clouds of another kind, kind: changed, when: {cloud: azure}, steps: [Never to be seen.]}\n"
        "  - {title: The clock knows the day, kind: changed, breaking: true, steps: [Tell the calendar.]}\n",
    )


def third(folder: Path) -> None:
    """A file less, a rule more, and changes beside those of the second."""
    (folder / "template/.editorconfig").unlink()
    replace(folder, CLIENT, '    """The current day."""\n', '    """The current day in UTC."""\n')
    replace(
        folder,
        f"{AGGREGATE}/routes.py.jinja",
        "    await operations.delete({{ aggregate.id_param }}, call)\n",
        "    # Gone for good.\n    await operations.delete({{ aggregate.id_param }}, call)\n",
    )
    replace(folder, "template/docs/handbook.md.jinja", "First.\n", "First of all.\n")
    replace(folder, "template/README.md.jinja", "## Where things are\n", "## Where everything is\n")
    replace(folder, "template/pyproject.toml.jinja", '    "PTH",\n', '    "PTH",\n    "PYI",\n')
    write(folder, "releases/0.3.0.yaml", "version: 0.3.0\nchanges:\n  - {title: Mended words, kind: fixed}\n")


def with_history(snapshot: Path, folder: Path) -> Path:
    """A clone of the snapshot, which is the first release, with two more."""
    git(snapshot.parent, "clone", "--quiet", str(snapshot), str(folder))
    for tag, change in zip(TAGS[1:], (second, third), strict=True):
        change(folder)
        commit_all(folder, tag)
        git(folder, "tag", "--annotate", tag, "--message", tag)
    return folder


def entry(tag: str) -> str:
    """The migration of a release with moves, behind the others."""
    return f"  - {{<<: *moves, version: {tag}}}\n"


def with_moves(history: Path, folder: Path) -> Path:
    """A clone of a template with a history and one more release, `MOVED`, that puts files and a name elsewhere."""
    git(history.parent, "clone", "--quiet", str(history), str(folder))
    platform = "template/src/{{ package }}/platform"
    write(folder, f"{platform}/runtime/__init__.py", '"""What a process needs."""\n')
    write(folder, "template/tests/domain/__init__.py", '"""What the service does."""\n')
    git(folder, "mv", CLIENT, f"{platform}/runtime/http_client.py")
    for dots, module in (("..", "kernel"), (".", "request_context")):
        replace(folder, f"{platform}/runtime/http_client.py", f"from {dots}{module} ", f"from {dots}.{module} ")
    git(folder, "mv", TESTS, TESTS.replace("template/tests/", "template/tests/domain/"))
    for path in [*(folder / "template").rglob("*.py*"), *(folder / "extensions").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        moved = text.replace("platform.http_client import", "platform.runtime.http_client import")
        for name in ("api", "stores", "{snake(each)}"):
            moved = moved.replace(f"from ..{name} import", f"from ...{name} import")
        if moved != text:
            path.write_text(moved, encoding="utf-8")
    imported = "extensions/targets/python/imports.py"
    replace(folder, imported, "from ..platform import text", "from ..platform.runtime.texts import text_of")
    repository = (folder / f"{AGGREGATE}/repository.py.jinja").read_text(encoding="utf-8")
    write(folder, f"{AGGREGATE}/repository.py.jinja", repository.replace("}}text(", "}}text_of("))
    before, _, rest = (folder / f"{platform}/__init__.py").read_text(encoding="utf-8").partition("def text(")
    text, _, after = rest.partition("\n\n\n")
    write(folder, f"{platform}/__init__.py", before + after)
    write(
        folder,
        f"{platform}/runtime/texts.py",
        f'"""Texts of identifiers."""\n\nfrom uuid import UUID\n\nimport msgspec\n\n\ndef text_of({text}\n',
    )
    write(folder, f"releases/{MOVED[1:]}.yaml", MOVES)
    replace(folder, "copier.yml", "_message_after_copy: |\n", entry(MOVED) + "_message_after_copy: |\n")
    commit_all(folder, MOVED)
    git(folder, "tag", "--annotate", MOVED, "--message", MOVED)
    return folder
