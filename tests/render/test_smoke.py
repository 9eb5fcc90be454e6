"""The template through pytest-copie: a clone of a repository, as Copier does it, without this project's harness."""

from pathlib import Path

import yaml
from pytest_copie.plugin import Copie


def test_sample_is_copied(copie: Copie, template_repository: Path) -> None:
    result = copie.copy(template_dir=template_repository)
    # The plugin swallows exceptions, so a failed copy would look like an empty project.
    assert result.exception is None
    assert result.exit_code == 0
    assert result.project_dir is not None
    made = Path(result.project_dir)
    assert (made / "domain.yaml").is_file()
    assert (made / "contract" / "openapi.yaml").is_file()
    answers = yaml.safe_load((made / ".copier-answers.yml").read_text(encoding="utf-8"))
    assert answers["domain"]["context"] == "ordering"
    assert answers["_commit"] == "v0.1.0"
