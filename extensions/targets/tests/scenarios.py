"""The ways through a lifecycle that the generated tests go, and those that they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..python.literals import row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...model.domain import Lifecycle


class Move(NamedTuple):
    """An action in a state that has it: the steps to the state, the action's path, and the state after it."""

    steps: str
    path: str
    target: str


class Refusal(NamedTuple):
    """An action in a state that does not have it: the steps to the state, and the action's path."""

    steps: str
    path: str


class Taking(NamedTuple):
    """An action to which something is sent, in the first state that has it: the steps to the state, and its path."""

    steps: str
    path: str


class Scenarios(NamedTuple):
    """What the tests try with a lifecycle; empty without one."""

    covers_all_states: Mapping[str, bool]
    """Action → whether it is possible in every state."""
    moves: tuple[Move, ...]
    refusals: tuple[Refusal, ...]
    takings: tuple[Taking, ...]


def scenarios(lifecycle: Lifecycle | None) -> Scenarios:
    """Each action in each state that can be reached."""
    if not lifecycle:
        return Scenarios({}, (), (), ())
    paths, actions = _paths(lifecycle), lifecycle.actions
    return Scenarios(
        covers_all_states={action.name: len(action.sources) == len(lifecycle.states) for action in actions},
        moves=tuple(
            Move(row(paths[source]), action.resource, action.target)
            for action in actions
            for source in action.sources
            if source in paths
        ),
        refusals=tuple(
            Refusal(row(steps), action.resource)
            for action in actions
            for state, steps in paths.items()
            if state not in action.sources
        ),
        takings=tuple(
            Taking(row(paths[source]), action.resource)
            for action in actions
            for source in [source for source in action.sources if source in paths][:1]
            if action.input
        ),
    )


def _paths(lifecycle: Lifecycle) -> dict[str, list[str]]:
    """State → the shortest way to it from the first one, as the sub-resources of actions."""
    paths: dict[str, list[str]] = {lifecycle.initial: []}
    reached = [lifecycle.initial]
    for state in reached:
        for action in lifecycle.actions:
            if state in action.sources and action.target not in paths:
                paths[action.target] = [*paths[state], action.resource]
                reached.append(action.target)
    return paths
