"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template"
EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir() if (path / "domain.yaml").is_file())
DOMAINS = ROOT / "tests" / "domains"
# Their whole gate runs in CI; together they have every word of the domain language.
GATED = ("awkward", "everything", "ordering", "words")
# Environments and linters of generated projects: expensive to install, keyed by their contents, kept between runs.
CACHE = ROOT / "build" / "cache"


def domain_file(name: str) -> Path:
    """That of an example, or one of `tests/domains`."""
    return ROOT / "examples" / name / "domain.yaml" if name in EXAMPLES else DOMAINS / f"{name}.yaml"


def answers_file(example: str) -> Path:
    return ROOT / "examples" / example / "answers.yaml"
