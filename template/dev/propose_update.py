"""Propose the newest version of the template: `python -m dev.propose_update COMMAND`, with the command that updates.

For the pipeline, once a week: updates, runs the gate, pushes one branch and keeps one merge request for it, whose text
is what the update says. A branch on which somebody works is left alone.

With conflicts the branch holds no change at all. What merged cleanly would record the new version without all that it
brings, and once that is merged no later update would bring the rest.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

import yaml

from . import ROOT

BRANCH = "template-update"
CONFLICTS = 1
TOKENS = ("GH_TOKEN", "UPDATE_TOKEN", "CI_JOB_TOKEN")
ASK = '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$PUSH_USER" "$PUSH_TOKEN"; }; f'
LONGEST = 20_000  # characters of a report: the hosts take some 60 000, markup included


@dataclass(frozen=True)
class Host:
    """Where the repository is, and as whom the job pushes to it."""

    url: str
    user: str
    token: str
    author: str
    email: str

    def git(self, *arguments: str) -> str:
        """Git against the repository on the host; the token is in no file and in no argument."""
        return called(
            *("git", "-c", "credential.helper=", "-c", f"credential.helper={ASK}", *arguments),
            env={"PUSH_USER": self.user, "PUSH_TOKEN": self.token, "GIT_TERMINAL_PROMPT": "0"},
        )

    def push(self, commit: str, last: str, *options: str) -> None:
        """Move the branch to the commit, unless somebody has moved it since it was at ``last``."""
        branch = f"refs/heads/{BRANCH}"
        self.git("push", "--quiet", f"--force-with-lease={branch}:{last}", *options, self.url, f"{commit}:{branch}")

    def propose(self, commit: str, last: str, title: str, body: str, *, draft: bool) -> None:
        """Push the commit, and open or refresh the merge request."""
        raise NotImplementedError


class GitHub(Host):
    """A pull request by `gh`, with the token that it takes."""

    def propose(self, commit: str, last: str, title: str, body: str, *, draft: bool) -> None:
        self.push(commit, last)
        token = {"GH_TOKEN": self.token}
        ours = ".[] | select(.isCrossRepository | not) | .number"
        asked = ("--head", BRANCH, "--state", "open", "--json", "number,isCrossRepository", "--jq", ours)
        text = ("--title", title, "--body-file", "-")
        if number := called("gh", "pr", "list", *asked, env=token):
            called("gh", "pr", "edit", number, *text, env=token, stdin=body)
            called("gh", "pr", "ready", number, *["--undo"] * draft, env=token)
        else:
            called("gh", "pr", "create", "--head", BRANCH, *text, *["--draft"] * draft, env=token, stdin=body)


class GitLab(Host):
    """A merge request by push options: they need no right but that to push."""

    def propose(self, commit: str, last: str, title: str, body: str, *, draft: bool) -> None:
        options = {
            "create": "",
            "target": f"={os.environ['CI_DEFAULT_BRANCH']}",
            "remove_source_branch": "",
            "title": f"={'Draft: ' * draft}{title}",
            "description": f"={body.replace(chr(10), '&#10;')}",  # an option has one line
        }
        self.push(commit, last, *(f"--push-option=merge_request.{name}{value}" for name, value in options.items()))


def main() -> int:
    """Propose; 0 also if there is nothing to propose, 2 if the update was refused."""
    host, command = here(os.environ), sys.argv[1:]
    if dirty := called("git", "status", "--porcelain"):
        print(f"A proposal needs a clean tree, and here is:\n{dirty}", file=sys.stderr)
        return 2
    last = host.git("ls-remote", host.url, f"refs/heads/{BRANCH}").partition("\t")[0]
    if last and not made_here(host, last):
        print(f"{BRANCH} holds somebody's work, and is left alone.")
        return 0
    update = run(*command)
    report = update.stdout.partition("\nNext: ")[0].strip()
    print(report)
    changed = called("git", "status", "--porcelain")
    if update.returncode not in (0, CONFLICTS) or (update.returncode and not changed):
        print(update.stderr, file=sys.stderr)
        return 2
    if not changed:
        return 0
    version = yaml.safe_load((ROOT / ".copier-answers.yml").read_text(encoding="utf-8"))["_commit"]
    title = f"Update the template to {version}"
    start = called("git", "rev-parse", "HEAD")
    if update.returncode == CONFLICTS:
        body = conflicts(version)
        called("git", "add", "--all")
        called("git", "reset", "--quiet", "--hard")
        commit = committed(host, title, start)
    else:
        run("make", "setup")  # locks the dependencies that the update asks for
        called("git", "add", "--all")
        commit = committed(host, title, start)
        body = gate(commit, start)
    body += f"\n\n<h3>What the update says</h3>\n\n<pre>{escape(report[:LONGEST], quote=False)}</pre>"
    host.propose(commit, last, title, body, draft=update.returncode == CONFLICTS)
    print(f"{BRANCH} is proposed.")
    return 0


def here(environment: Mapping[str, str]) -> Host:
    """The host whose pipeline this is."""
    if "GITHUB_REPOSITORY" in environment:
        return GitHub(
            f"{environment['GITHUB_SERVER_URL']}/{environment['GITHUB_REPOSITORY']}.git",
            "x-access-token",
            environment["GH_TOKEN"],
            "github-actions[bot]",
            "41898282+github-actions[bot]@users.noreply.github.com",
        )
    if "CI_PROJECT_URL" not in environment:
        sys.exit("This is for the pipeline; make upgrade updates here.")
    given = environment.get("UPDATE_TOKEN")
    return GitLab(
        f"{environment['CI_PROJECT_URL']}.git",
        "oauth2" if given else "gitlab-ci-token",
        given or environment["CI_JOB_TOKEN"],
        environment["GITLAB_USER_NAME"],
        environment["GITLAB_USER_EMAIL"],
    )


def made_here(host: Host, tip: str) -> bool:
    """Whether the branch is one commit, and that as `committed` made it."""
    host.git("fetch", "--quiet", host.url, f"refs/heads/{BRANCH}")
    alone = called("git", "rev-list", "--count", f"HEAD..{tip}") in ("0", "1")
    return alone and called("git", "log", "-1", "--format=%B", tip).endswith(signature(f"{tip}^{{tree}}"))


def signature(tree: str) -> str:
    """The last line of our commits; one that somebody has amended has another tree."""
    return f"Made-by: make propose, tree {called('git', 'rev-parse', tree)}"


def committed(host: Host, title: str, parent: str) -> str:
    """A commit of what is staged."""
    tree = called("git", "write-tree")
    names = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", host.author), ("EMAIL", host.email))
    }
    return called("git", "commit-tree", tree, "-p", parent, "-m", title, "-m", signature(tree), env=names)


def gate(commit: str, start: str) -> str:
    """What the gate says of the commit."""
    called("git", "checkout", "--quiet", "--detach", commit)
    done = run("make", "--no-print-directory", "check")
    called("git", "checkout", "--quiet", "--force", start)
    print(done.stdout, done.stderr)
    if done.returncode == 0:
        return "<p>The gate is green: <code>make check</code> passed.</p>"
    end = "\n".join([*done.stdout.splitlines(), *done.stderr.splitlines()][-40:])
    return f"<p>The gate is red: <code>make check</code> failed.</p>\n\n<pre>{escape(end[-4000:], quote=False)}</pre>"


def conflicts(version: str) -> str:
    """What is left to a person, and how."""
    unmerged = called("git", "diff", "--name-only", "--diff-filter=U").splitlines()
    aside = called("git", "ls-files", "--others", "--exclude-standard", "--", "kept/").splitlines()
    files = "\n".join(f"<li><code>{escape(name)}</code></li>" for name in [*unmerged, *aside])
    return (
        "<p>You and the template changed the same lines, so somebody has to decide. Nothing of the update is on this "
        f"branch yet.</p>\n\n<ul>\n{files}\n</ul>\n\n<pre>git fetch origin &amp;&amp; git switch {BRANCH}\n"
        f"make upgrade TO={version}\n# decide the files above, and delete what is in kept/\nmake check\n"
        "git add --all &amp;&amp; git commit &amp;&amp; git push</pre>\n\n"
        "<p>From then on the branch is yours: the pipeline leaves it alone.</p>"
    )


def run(*command: str, env: Mapping[str, str] | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program; those that are not given a token have none."""
    clean = {name: value for name, value in os.environ.items() if name not in TOKENS}
    return subprocess.run(  # noqa: S603 - our own programs
        command, cwd=ROOT, env={**clean, **(env or {})}, capture_output=True, text=True, check=False, input=stdin
    )


def called(*command: str, env: Mapping[str, str] | None = None, stdin: str = "") -> str:
    """What a program prints; its failure ends this one."""
    done = run(*command, env=env, stdin=stdin)
    if done.returncode:
        sys.exit(f"{' '.join(shown(command))}: {done.stderr.strip()}")
    return done.stdout.strip()


def shown(command: Sequence[str]) -> list[str]:
    """As much of a command as tells which one it was."""
    return [word for word in command if "credential.helper" not in word][:4]


if __name__ == "__main__":
    sys.exit(main())
