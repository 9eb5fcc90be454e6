"""What was measured, as Markdown."""

from collections.abc import Mapping, Sequence

from .comparison import Results

SERVICE = "service"
LIMIT = "raw limit"
CONVENTIONAL = "conventional"
FASTIFY = "Fastify"
SMALL, LARGE = "6 routes", "150 routes"

MAY_FALL = 0.02

LEAST_OF_LIMIT = {"get": 0.6, "list": 0.6, "create": 0.55}
LEAST_OF_CONVENTIONAL = 8.0
LEAST_OF_FASTIFY = {"get": 1.0, "list": 1.0, "create": 1.0}
ROUTES_MAY_DIFFER = 0.05


def comparison(results: Results, operations: Sequence[str]) -> list[str]:
    """The sample service, the raw limit, the conventional version and the peer on Node."""
    servers = (LIMIT, SERVICE, FASTIFY, CONVENTIONAL)
    lines = [
        "## The service between its limit and convention",
        "",
        "One worker each on a processor of its own, 32 keep-alive connections; several processes of each.",
        "",
        "- *service*: as generated, with authentication, access log and rate limit on.",
        "- *raw limit*: bare ASGI with the same statements, driver and encoder, and nothing else.",
        "- *conventional*: FastAPI on the same tables with a session dependency, repository and service classes, ORM,",
        "  response models, PyJWT and a JSON access log.",
        "- *Fastify*: the same on Node, tuned: answers and bodies by schema, the service's statements as named ones,",
        "  cached tokens, a JSON access log by pino in batches. It does without what the service does beside that for",
        "  each request: rate limit, trace context, deadline, a turn when many are under way, members sent twice.",
        "",
        "| operation | server | CPU µs a request | PostgreSQL, µs | requests/s | p50, ms | p99, ms |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(_row(results, operation, target) for operation in operations for target in servers),
    ]
    lines += [
        "",
        "Requests in the same processor time (median of pairs from the same cycle):",
        "",
        "| operation | of the raw limit | aim | times the conventional | aim |",
        "|---|---:|---:|---:|---:|",
    ]
    for operation in operations:
        of_limit = results.ratio(SERVICE, LIMIT, operation)
        times = results.ratio(SERVICE, CONVENTIONAL, operation)
        aims = _aim(of_limit, LEAST_OF_LIMIT.get(operation)), _aim(times, LEAST_OF_CONVENTIONAL)
        lines.append(f"| {operation} | {of_limit:.2f} | {aims[0]} | {times:.1f} | {aims[1]} |")
    lines += [
        "",
        "Requests of the service in the processor time of one Fastify request:",
        "",
        "| operation | requests | aim |",
        "|---|---:|---:|",
    ]
    for operation in operations:
        of_fastify = results.ratio(SERVICE, FASTIFY, operation)
        lines.append(f"| {operation} | {of_fastify:.2f} | {_aim(of_fastify, LEAST_OF_FASTIFY.get(operation))} |")
    return lines


def against(results: Results, operations: Sequence[str], before: str) -> list[str]:
    """The service of two commits."""
    lines = [
        f"## This commit and {before}",
        "",
        "The sample of each, generated; several processes of each.",
        "",
        f"| operation | {before}, CPU µs | this commit, CPU µs | this commit / {before}, requests | aim |",
        "|---|---:|---:|---:|---:|",
    ]
    for operation in operations:
        theirs, ours = (results.median(target, operation, "server_us") for target in (before, SERVICE))
        ratio = results.ratio(SERVICE, before, operation)
        lines.append(f"| {operation} | {theirs:.1f} | {ours:.1f} | {ratio:.3f} | {_aim(ratio, 1 - MAY_FALL)} |")
    return lines


def routes(results: Results, operations: Sequence[str]) -> list[str]:
    """The same aggregate alone and behind 24 others."""
    lines = [
        "## The number of routes",
        "",
        "The same aggregate, alone (6 routes) and last of 25 (150 routes), generated; several processes of each.",
        "",
        f"| operation | {SMALL}, CPU µs | {LARGE}, CPU µs | {LARGE} / {SMALL} | aim |",
        "|---|---:|---:|---:|---:|",
    ]
    for operation in operations:
        small, large = (results.median(target, operation, "server_us") for target in (SMALL, LARGE))
        ratio = results.ratio(SMALL, LARGE, operation)
        verdict = "✓" if ratio <= 1 + ROUTES_MAY_DIFFER else "✗"
        lines.append(
            f"| {operation} | {small:.0f} | {large:.0f} | {ratio:.2f} | ≤ {1 + ROUTES_MAY_DIFFER:.2f} {verdict} |"
        )
    return lines


def footing(results: Sequence[Results], processes: Mapping[str, tuple[float, float]]) -> list[str]:
    """Start-up and memory of each server, and how quiet the machine was."""
    foreign = max(each.foreign() for each in results)
    return [
        "## Start and memory",
        "",
        "| server | start to first answer, s | resident, MiB |",
        "|---|---:|---:|",
        *(f"| {name} | {start:.2f} | {memory:.0f} |" for name, (start, memory) in processes.items()),
        "",
        f"Others used {foreign:.2f} of a processor meanwhile.",
    ]


def _row(results: Results, operation: str, target: str) -> str:
    names = ("server_us", "database_us", "requests_per_s", "p50_ms", "p99_ms")
    server, database, rate, p50, p99 = (results.median(target, operation, name) for name in names)
    return f"| {operation} | {target} | {server:.0f} | {database:.0f} | {rate:.0f} | {p50:.1f} | {p99:.1f} |"


def _aim(value: float, least: float | None) -> str:
    if least is None:
        return ""
    return f"≥ {least:g} {'✓' if value >= least else '✗'}"
