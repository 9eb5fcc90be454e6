"""What a capability is called stands in what belongs to it, and nowhere else."""

from pathlib import Path

import pytest
from harness import capabilities
from harness.paths import ROOT

from extensions.capabilities.registry import registered


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
