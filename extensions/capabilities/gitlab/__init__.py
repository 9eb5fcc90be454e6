"""GitLab, with its CI/CD as the pipeline."""

from ..contributions import Capability, Host, Rule

CAPABILITY = Capability(
    "repository_host",
    "gitlab",
    host=Host(
        path=r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){1,20}(?<!\.git)",
        path_in_words=(
            "group/name as GitLab spells it, with subgroups between them if there are any, e.g. acme/sales/orders"
        ),
        separator="/",  # environments are shown in groups, by what stands before the slash
        title="GitLab",
        request="merge",
        folder=".gitlab",
        pipeline=".gitlab-ci.yml",
        shared_paths="under `changes` in `.gitlab/root.yml`",
        report="open a confidential issue in this project",
        runbooks="https://gitlab.com/{}/-/blob/main/docs/runbooks",
        issuer="gitlab.com",
        identifier="project_id",
        checkov="gitlab_ci",
        renovate="gitlabci",
    ),
    follows_template=(Rule(("/.gitlab/*.sh",), "add a job of your own to .gitlab-ci.yml"),),
)
