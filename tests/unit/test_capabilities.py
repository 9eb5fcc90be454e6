"""What a capability is called stands in what belongs to it; the list of where it still does not only shrinks."""

from pathlib import Path

import pytest
from harness import capabilities
from harness.paths import ROOT

from extensions.capabilities.registry import registered

CLOUDS = {"aws", "azure", "gcp"}
NOT_YET = {
    # Names that a registry or a database cannot have; from which load on a canary can judge.
    "extensions/answers/contradictions.py": {"azure", "canary", "rolling"},
    # Sizes, classes and limits of managed databases; pods that a release starts beside the old ones.
    "extensions/capacity/__init__.py": {"canary"},
    "extensions/capacity/bodies.py": {"rolling"},
    "extensions/capacity/database.py": CLOUDS,
    "extensions/capacity/pods.py": {"rolling"},
    "extensions/capacity/serving.py": CLOUDS,
    "extensions/capacity/storage.py": CLOUDS,
    # Which alarm which cloud has, and where an alert's source is.
    "extensions/targets/alerts.py": CLOUDS | {"github", "gitlab"},
    # Words and tools of the host.
    "template/.checkov.yaml.jinja": {"github"},
    "template/AGENTS.md.jinja": {"github"},
    "template/Makefile.jinja": {"github"},
    "template/README.md.jinja": {"github"},
    "template/SECURITY.md.jinja": {"github"},
    # How pods are found, replaced and judged, and who they are for the cloud.
    "template/deploy/helm/{{ service_name }}/templates/alerts.yaml.jinja": {"blue_green", "canary"},
    "template/deploy/helm/{{ service_name }}/values.schema.json.jinja": {"blue_green", "canary", "rolling"},
    "template/deploy/helm/{{ service_name }}/values.yaml.jinja": {"aws", "blue_green", "canary", "gcp", "rolling"},
    # Who may deploy: the issuer of a pipeline's identity, and its subject.
    "template/deploy/terraform/{% if uses.aws %}aws{% endif %}/README.md.jinja": {"github", "rolling"},
    "template/deploy/terraform/{% if uses.aws %}aws{% endif %}/modules/service/deployer.tf.jinja": {"github"},
    "template/deploy/terraform/{% if uses.azure %}azure{% endif %}/README.md.jinja": {"github", "gitlab"},
    "template/deploy/terraform/{% if uses.azure %}azure{% endif %}/environments/{% yield each from capacity.environments %}{{ each.name }}{% endyield %}/terraform.tfvars.jinja": {  # noqa: E501
        "github"
    },
    "template/deploy/terraform/{% if uses.azure %}azure{% endif %}/modules/service/deployer.tf.jinja": {"github"},
    "template/deploy/terraform/{% if uses.gcp %}gcp{% endif %}/README.md.jinja": {"github", "rolling"},
    "template/deploy/terraform/{% if uses.gcp %}gcp{% endif %}/modules/service/deployer.tf.jinja": {"github"},
    # Requests of the host, and what it reads at the root.
    "template/dev/propose_update.py.jinja": {"github"},
    "template/dev/{% if folder %}root_files.py{% endif %}.jinja": {"github", "gitlab"},
    # Commands of each cloud and host in a page that all have.
    "template/docs/capacity.md.jinja": CLOUDS,
    "template/docs/deployment.md.jinja": CLOUDS | {"blue_green", "canary", "github", "rolling"},
    "template/docs/runbooks/CertificateExpires.md.jinja": CLOUDS,
    "template/docs/runbooks/DatabaseStorage.md.jinja": CLOUDS,
    "template/docs/runbooks/DatabaseUnreachable.md.jinja": CLOUDS,
    "template/docs/runbooks/{% if not uses.aws %}DatabaseStandby.md{% endif %}.jinja": {"azure", "gcp"},
    # Words and tools of the host.
    "template/renovate.json.jinja": {"github"},
    # How a pipeline signs in to each cloud, and waits for each kind of release.
    "template/{% if uses.github %}.github{% endif %}/actions/terraform/action.yml.jinja": CLOUDS,
    "template/{% if uses.github %}.github{% endif %}/workflows/deploy.yml.jinja": CLOUDS | {"rolling"},
    "template/{% if uses.github %}.github{% endif %}/workflows/infrastructure.yml.jinja": CLOUDS,
    "template/{% if uses.gitlab %}.gitlab-ci.yml{% endif %}.jinja": CLOUDS,
    "template/{% if uses.gitlab %}.gitlab{% endif %}/deploy.sh.jinja": {"rolling"},
}
"""File that names capabilities of others → which: to be handed to it by them. What is gone there goes here."""


def test_no_file_names_the_capability_of_others() -> None:
    assert capabilities.named(ROOT, registered()) == NOT_YET


def test_every_name_is_found(tmp_path: Path) -> None:
    files = {
        "extensions/capabilities/aws.py": 'x = "aws"\n',
        "extensions/capabilities/gcp.py": 'x = "aws"\n',
        "extensions/answers.py": 'def f(release):\n    """Of aws."""\n    return release != "blue-green"\n',
        "template/deploy/{% if uses.aws %}aws{% endif %}/main.tf.jinja": "{{ 'a' if uses.aws else 'b' }}{{ 'aws' }}",
        "template/one.jinja": "{% if uses.blue_green %}aws\n{% elif not uses.aws %}{% endif %}",
        "template/two.jinja": "{{ '${{ vars.A }}' if cloud == 'gcp' else {\"azure\": 1}[cloud] }} {# uses.aws #}",
        "template/three.yaml": "{{ uses.aws }}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert capabilities.named(tmp_path, registered()) == {
        "extensions/capabilities/gcp.py": {"aws"},
        "extensions/answers.py": {"blue_green"},
        "template/one.jinja": {"blue_green", "aws"},
        "template/two.jinja": {"gcp", "azure"},
    }


@pytest.mark.parametrize("name", registered())
def test_each_is_an_answer_of_its_own(name: str) -> None:
    others = [(each.question, each.answer) for other, each in registered().items() if other != name]
    assert (registered()[name].question, registered()[name].answer) not in others
