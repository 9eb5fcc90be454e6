"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template"
EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir() if (path / "domain.yaml").is_file())
DOMAINS = ROOT / "tests" / "domains"
# Environments and linters of generated projects: expensive to install, keyed by their contents, kept between runs.
CACHE = ROOT / "build" / "cache"


def domain_file(example: str) -> Path:
    return ROOT / "examples" / example / "domain.yaml"


def answers_file(example: str) -> Path:
    return ROOT / "examples" / example / "answers.yaml"
