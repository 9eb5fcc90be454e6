"""Every example renders to files that look hand-written and read well everywhere."""

import ast
import difflib
import itertools
import json
import re
import tomllib
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness import made_up, rendering
from harness.paths import EXAMPLES, ROOT, TEMPLATE
from harness.tools import BIN, run

# What a person sees when a generator was careless.
JINJA = re.compile(r"\{%[-+ ]|[-+ ]%\}|\{#|#\}")
BRACES = re.compile(r"(?<!\$)\{\{")  # `${{ … }}` is a workflow's, and Python's f-strings have their own
PLACEHOLDER = re.compile(
    r"\b(?:TODO|FIXME|XXX|TBD|HACK|lorem ipsum|changeme|change-me|replace[-_ ]?me|placeholder)\b", re.IGNORECASE
)
REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|yarnpkg\.com|crates\.io|deb\.debian\.org|/simple/"
)
MACHINE = re.compile(r"/(?:root|home/\w+|work|Users/\w+)/|(?<![\w./])/tmp/\w")
WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def text_files(tree: Path) -> dict[str, str]:
    return {name: content.decode("utf-8") for name, content in rendering.files(tree).items()}


def difference(left: dict[str, bytes], right: dict[str, bytes]) -> str:
    """A readable account of how two trees differ; empty when they are equal."""
    lines: list[str] = []
    for name in sorted(left.keys() | right.keys()):
        before, after = left.get(name), right.get(name)
        if before != after:
            lines += difflib.unified_diff(
                (before or b"").decode().splitlines(),
                (after or b"").decode().splitlines(),
                name,
                name,
                lineterm="",
                n=1,
            )
    return "\n".join(lines[:80])


def test_rendering_twice_gives_the_same_bytes(tree: Path, example: str, tmp_path: Path) -> None:
    again = rendering.copy_example(example, tmp_path / example)
    assert not difference(rendering.files(tree), rendering.files(again))


def recorded(tree: Path) -> dict[str, Any]:
    """The answers that a tree was made with."""
    content: dict[str, Any] = yaml.safe_load((tree / ".copier-answers.yml").read_text(encoding="utf-8"))
    return {name: answer for name, answer in content.items() if not name.startswith("_")}


def test_answers_may_come_as_data_or_by_default(tree: Path, example: str, tmp_path: Path) -> None:
    """What was recorded, given as data without a domain file, makes the same repository."""
    again = rendering.copy(tmp_path / "elsewhere", recorded(tree))
    left, right = rendering.files(tree), rendering.files(again)
    # A domain file that exists is kept to the letter; one that comes from the answers is written without comments.
    kept, written = left.pop("domain.yaml"), right.pop("domain.yaml")
    assert yaml.safe_load(kept) == yaml.safe_load(written)
    assert not difference(left, right)


def test_no_path_is_written_twice(example: str, tmp_path: Path) -> None:
    """Two template files for one path would show as Copier's question whether to overwrite."""
    tmp_path.joinpath("domain.yaml").write_bytes((ROOT / "examples" / example / "domain.yaml").read_bytes())
    rendering.copy(tmp_path, rendering.answers(example), overwrite=False)


def test_python_parses_everywhere(tree: Path) -> None:
    for name, text in text_files(tree).items():
        if name.endswith(".py"):
            compile(text, name, "exec", flags=ast.PyCF_ONLY_AST, dont_inherit=True)


def is_of_helm(name: str) -> bool:
    """Whether a file is a template itself: Helm's are checked where it renders them."""
    return name.startswith("deploy/helm/") and "/templates/" in name


def test_data_files_parse(tree: Path) -> None:
    for name, text in text_files(tree).items():
        if is_of_helm(name):
            continue
        match Path(name).suffix:
            case ".toml":
                tomllib.loads(text)
            case ".json":
                json.loads(text)
            case ".yaml" | ".yml":
                list(yaml.safe_load_all(text))


def litter(name: str, text: str) -> list[str]:
    """Signs of a template in a text: each with its line number."""
    found = []
    if text and not text.endswith("\n"):
        found.append(f"{name}: no newline at the end")
    if text.endswith("\n\n"):
        found.append(f"{name}: blank lines at the end")
    if text.startswith("\n"):
        found.append(f"{name}: a blank line at the start")
    if "\r" in text or ("\t" in text and not name.endswith(("Makefile", ".mako", "LICENSE"))):
        found.append(f"{name}: a tab or a carriage return")
    allowed = usual = 2 if name.endswith((".py", ".mako")) else 1
    blank = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if line != line.rstrip() and not name.endswith(".md"):
            found.append(f"{name}:{number}: trailing space")
        if line.startswith("```"):
            allowed = 2 if line == "```python" else usual
        blank = blank + 1 if not line else 0
        if blank > allowed:
            found.append(f"{name}:{number}: blank lines")
        if JINJA.search(line) or (BRACES.search(line) and not name.endswith(".py") and not is_of_helm(name)):
            found.append(f"{name}:{number}: Jinja: {line.strip()}")
        for pattern, what in ((PLACEHOLDER, "placeholder"), (REGISTRY, "registry"), (MACHINE, "path of a machine")):
            if match := pattern.search(line):
                found.append(f"{name}:{number}: {what}: {match[0]}")
    return found


def without_answers(tree: Path) -> dict[str, str]:
    """The texts of a tree with what the person wrote taken out: braces in an answer are the person's."""
    told = [value for value in recorded(tree).values() if isinstance(value, str) and "{" in value]
    texts = text_files(tree)
    # Where the template came from is written there, as it has to be.
    texts[".copier-answers.yml"] = re.sub("^_.*\n", "", texts[".copier-answers.yml"], flags=re.MULTILINE)
    for name in texts:
        for value in told:
            texts[name] = texts[name].replace(value, "answer")
    return texts


def test_no_litter(tree: Path) -> None:
    found = [line for name, text in without_answers(tree).items() for line in litter(name, text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "x = 1\n\n",
        "\nx = 1\n",
        "x = 1\n\n\n\ny = 2\n",
        "x = 1 \n",
        "{% endif %}\n",
        "# TODO: write\n",
        f"index-url = https://{'pypi'}.org/simple\n",
        "open('/root/x')\n",
        "\tx = 1\n",
    ],
)
def test_litter_is_seen(text: str) -> None:
    assert litter("src/x.py", text)


def test_names_are_legal_on_windows(tree: Path) -> None:
    names = [*rendering.files(tree), *(path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.rglob("*"))]
    for name in names:
        for part in name.split("/"):
            assert not re.search(r'[<>:"|?*\\\x00-\x1f]', part), name
            assert not part.endswith((".", " ")), name
            assert not WINDOWS_DEVICE.fullmatch(part), name
    generated = list(rendering.files(tree))
    assert all(len(name) <= 180 for name in generated)
    folded = [unicodedata.normalize("NFC", name).casefold() for name in generated]
    assert len(set(folded)) == len(folded)


def pattern_of(path: Path) -> re.Pattern[str]:
    """What the paths look like that a template file is rendered to."""
    name = (
        path.relative_to(TEMPLATE)
        .as_posix()
        .removesuffix(".jinja")
        .replace("{{ _copier_conf.answers_file }}", ".copier-answers.yml")
    )
    pieces = re.split(r"\{% yield .*?%\}.*?\{% endyield %\}|\{\{.*?\}\}|\{%.*?%\}", name)
    return re.compile("[^/]*".join(map(re.escape, pieces)))


@pytest.fixture(scope="module")
def in_folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What no example is, because each has a repository to itself: a service in a folder, of each host."""
    place = tmp_path_factory.mktemp("folders")
    hosts = ("github", "gitlab")
    return [rendering.copy(place / host, {"folder": "services/shop", "repository_host": host}) for host in hosts]


@pytest.fixture(scope="module")
def with_all_contributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What no capability of ours needs yet: pods beside those of the server."""
    with rendering.template_of(made_up.template(tmp_path_factory.mktemp("template"))):
        return rendering.copy(tmp_path_factory.mktemp("chosen") / "shop", {**made_up.CHOSEN})


def test_every_template_file_is_used(
    trees: Callable[[str], Path], in_folders: list[Path], with_all_contributions: Path
) -> None:
    folders = [*map(trees, EXAMPLES), *in_folders, with_all_contributions]
    generated = list(itertools.chain.from_iterable(map(rendering.files, folders)))
    unused = [
        str(path.relative_to(TEMPLATE))
        for path in TEMPLATE.rglob("*")
        if path.is_file() and not any(map(pattern_of(path).fullmatch, generated))
    ]
    assert not unused


def test_ruff_finds_nothing(trees: Callable[[str], Path], in_folders: list[Path]) -> None:
    """One run over all examples: each is judged by its own configuration."""
    folders = [*map(trees, EXAMPLES), *in_folders]
    run(BIN / "ruff", "check", "--no-cache", *folders)
    run(BIN / "ruff", "format", "--no-cache", "--check", "--diff", *folders)


def test_ruff_would_find_something(tree: Path, tmp_path: Path) -> None:
    """The gate can fail: the generated configuration sees an unused import and a long line."""
    (tmp_path / "pyproject.toml").write_bytes((tree / "pyproject.toml").read_bytes())
    (tmp_path / "bad.py").write_text(f"import os\n\nx = {'1' * 150}\n")
    done = run(BIN / "ruff", "check", "--no-cache", "--output-format", "concise", tmp_path, check=False)
    assert "F401" in done.stdout, done.stdout
    assert "E501" in done.stdout, done.stdout


def test_sample_is_the_example(trees: Callable[[str], Path], tmp_path: Path) -> None:
    """Who brings no domain gets `examples/ordering`."""
    destination = rendering.copy(tmp_path / "ordering")
    assert recorded(destination) == recorded(trees("ordering"))
