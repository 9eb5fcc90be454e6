"""A capability that nobody has named before, in a copy of the template: its homes and its question are all it takes."""

import shutil
from pathlib import Path

from .paths import ROOT

CAPABILITY = '''"""A cache beside the database."""

from ..contributions import Capability, Egress, Page, Permission, Port, Process, Rule, Setting, Target, Variable
from ..signals import TICKET, Alert
from ..signals import Rule as When

TEXT, NUMBER = '{"type": "string"}', '{"type": "number"}'
DARK = "lantern_light{ {{- $service }}} == 0"

CAPABILITY = Capability(
    "cache",
    "lantern",
    dependencies=("lantern-client>=3,<4",),
    settings=(
        Setting("lantern_address", "str", "127.0.0.1:7070", "Where the lantern is, as a host with a port.", TEXT),
        Setting("lantern_keep_s", "float", 2.5, "How long an entry is kept.", NUMBER, "gt=0"),
        Setting("lantern_is_asked", "bool", True, "Whether it is asked at all.", '{"type": "boolean"}'),
    ),
    environment=(Variable("LANTERN_ADDRESS", "lantern.light:7070"), Variable("LANTERN_TRACE", "off")),
    processes=(Process("lamplighter", "Light what went out, until SIGTERM.", "lantern.lamplighter", 7072, replicas=2),),
    ports=(Port("glow", 7071),),
    egress=(Egress("lantern", ("light",), (), 7070),),
    permissions=(Permission("aws", "lantern:DescribeWicks"), Permission("gcp", "lantern.wicks.get")),
    alerts=(Alert("LanternDark", "The lantern gives no light", (When(TICKET, "10m", DARK),)),),
    pages=(Page("the lantern", "docs/lantern.md"),),
    targets=(Target("lantern", "Light a lantern on this machine", ("$(RUN) lantern_client --serve",)),),
    follows_template=(Rule(("/src/*/lantern/",), "write a client of your own"),),
)
'''
POLICY = """
	$(UVX) --from 'lantern-lint==1.0.0' lantern-lint
"""
QUESTION = """
cache:
  type: str
  help: Cache beside the database
  choices: [none, lantern]
  default: none
"""
LAMPLIGHTER = '''"""Pods that light what went out."""

from {{ package }}.settings import Settings


def main(given: Settings) -> None:
    """Until SIGTERM."""
    print(f"{{ service_name }} asks {given.lantern_address}")
'''
RUNBOOK = """# LanternDark

The lantern of {{ service_name }} gives no light.
"""
HOMES = {
    "extensions/capabilities/lantern/__init__.py": CAPABILITY,
    "extensions/capabilities/lantern/policy.mk.jinja": POLICY.lstrip("\n"),
    "template/src/{{ package }}/{% if uses.lantern %}lantern{% endif %}/__init__.py": "",
    "template/src/{{ package }}/{% if uses.lantern %}lantern{% endif %}/lamplighter.py.jinja": LAMPLIGHTER,
    "template/docs/{% if uses.lantern %}lantern.md{% endif %}.jinja": "# The lantern of {{ service_name }}\n",
    "template/docs/runbooks/{% if uses.lantern %}LanternDark.md{% endif %}.jinja": RUNBOOK,
}
"""Path in the template → content."""
CHOSEN = {"cache": "lantern"}


def template(root: Path) -> Path:
    """The template with the capability, in this folder; no file of it is changed but that of the question."""
    for folder in ("extensions", "questions", "template"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "copier.yml", root / "copier.yml")
    with (root / "questions/service.yml").open("a", encoding="utf-8") as questions:
        questions.write(QUESTION)
    for name, content in HOMES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return root
