"""GitHub, with Actions as its pipeline."""

from ..contributions import Capability, Host, Rule

CAPABILITY = Capability(
    "repository_host",
    "github",
    host=Host(
        path=r"[A-Za-z0-9](-?[A-Za-z0-9]){0,38}/(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}(?<!\.git)",
        path_in_words="owner/name as GitHub spells it, e.g. acme/orders",
        separator="-",
        title="GitHub",
        request="pull",
        folder=".github",
        pipeline=".github/",
        shared_paths="in the job `changes` of `ci.yml` and under `paths` of `release.yml`",
        report="use *Security → Report a vulnerability* of this repository",
        runbooks="https://github.com/{}/blob/main/docs/runbooks",
        issuer="token.actions.githubusercontent.com",
        identifier="repository_id",
        checkov="github_actions",
        renovate="github-actions",
        renovate_presets=("helpers:pinGitHubActionDigestsToSemver",),
        made_at_root=(".github/workflows/{}*", ".github/actions/{}*/**"),
    ),
    follows_template=(Rule(("/.github/workflows/",), "add a workflow of your own beside them"),),
)
