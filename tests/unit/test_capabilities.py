"""What a capability is called stands in what belongs to it, and nowhere else."""

import re
from pathlib import Path

import pytest
from harness import capabilities
from harness.paths import ROOT

from extensions.capabilities.registry import hosts, registered

ASKED = re.compile(r'parts\(uses, (repository_host ~ )?"/?([^"]+)"\)')
"""Where a shared file includes what capabilities hand it."""


def test_no_file_names_the_capability_of_others() -> None:
    assert capabilities.named(ROOT, registered()) == {}


def test_every_name_is_found(tmp_path: Path) -> None:
    files = {
        "extensions/capabilities/aws/__init__.py": 'x = "aws"\n',
        "extensions/capabilities/aws/github/login.yml.jinja": "{{ 'aws' if uses.github }}{{ uses.gitlab }}",
        "extensions/capabilities/gcp/__init__.py": 'x = "aws"\n',
        "extensions/capabilities/registry.py": 'x = "aws"\n',
        "extensions/answers.py": 'def f(release):\n    """Of aws."""\n    return release != "blue-green"\n',
        "src/castrum/new.py": 'host = "gitlab"\n',
        "template/deploy/{% if uses.aws %}aws{% endif %}/main.tf.jinja": "{{ 'a' if uses.aws else 'b' }}{{ 'aws' }}",
        "template/{% if not uses.aws %}page.md{% endif %}": "",
        "template/one.jinja": "{% if uses.blue_green %}aws\n{% elif not uses.aws %}{% endif %}",
        "template/two.jinja": "{{ '${{ vars.A }}' if cloud == 'gcp' else {\"azure\": 1}[cloud] }} {# uses.aws #}",
        "template/three.yaml": "{{ uses.aws }}",
        "template/four.py": 'x = "aws"',
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert capabilities.named(tmp_path, registered()) == {
        "extensions/capabilities/aws/github/login.yml.jinja": {"gitlab"},
        "extensions/capabilities/gcp/__init__.py": {"aws"},
        "extensions/capabilities/registry.py": {"aws"},
        "extensions/answers.py": {"blue_green"},
        "src/castrum/new.py": {"gitlab"},
        "template/{% if not uses.aws %}page.md{% endif %}": {"aws"},
        "template/one.jinja": {"blue_green", "aws"},
        "template/two.jinja": {"gcp", "azure"},
    }


@pytest.mark.parametrize("name", registered())
def test_each_is_an_answer_of_its_own(name: str) -> None:
    others = [(each.question, each.answer) for other, each in registered().items() if other != name]
    assert (registered()[name].question, registered()[name].answer) not in others


def test_each_part_has_a_place_and_each_place_a_part() -> None:
    homes = ROOT / "extensions" / "capabilities"
    made = {path.relative_to(homes).as_posix().partition("/")[2] for path in homes.rglob("*.jinja")}
    asked = set()
    for path in [*(ROOT / "template").rglob("*.jinja"), *homes.rglob("*.jinja")]:
        for host, slot in ASKED.findall(path.read_text(encoding="utf-8")):
            asked |= {f"{each}/{slot}.jinja" for each in hosts()} if host else {f"{slot}.jinja"}
    assert made <= asked
    # Of a host some clouds need nothing.
    assert {slot.removeprefix("github/").removeprefix("gitlab/") for slot in asked} == {
        slot.removeprefix("github/").removeprefix("gitlab/") for slot in made
    }
