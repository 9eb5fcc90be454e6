"""GitHub, with Actions as its pipeline."""

from .contributions import Capability, Host, Rule

CAPABILITY = Capability(
    "repository_host",
    "github",
    host=Host(
        path=r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}(?<!\.git)",
        path_in_words="owner/name as GitHub spells it, e.g. acme/orders",
        separator="-",
    ),
    follows_template=(Rule(("/.github/workflows/",), "add a workflow of your own beside them"),),
)
