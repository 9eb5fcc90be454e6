"""The ways through a lifecycle that the generated tests go, and those that they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..python.literals import row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...model.domain import Lifecycle


class Move(NamedTuple):
    """An action in a state that has it: the way to the state, the action's path, and the state after it."""

    start: str
    """The state in which the aggregate is created."""
    steps: str
    path: str
    target: str


class Refusal(NamedTuple):
    """An action in a state that does not have it: the way to the state, and the action's path."""

    start: str
    steps: str
    path: str


class Taking(NamedTuple):
    """An action to which something is sent, in the first state that has it: the way to the state, and its path."""

    start: str
    steps: str
    path: str


class Scenarios(NamedTuple):
    """What the tests try with a lifecycle; empty without one."""

    covers_all_states: Mapping[str, bool]
    """Action → whether it is possible in every state."""
    moves: tuple[Move, ...]
    refusals: tuple[Refusal, ...]
    takings: tuple[Taking, ...]
    elsewhere: str
    """The states in which it cannot be created."""


def scenarios(lifecycle: Lifecycle | None) -> Scenarios:
    """Each action in each state that can be reached."""
    if not lifecycle:
        return Scenarios({}, (), (), (), row([]))
    paths, actions = _paths(lifecycle), [action for action in lifecycle.actions if not action.internal]
    return Scenarios(
        covers_all_states={action.name: len(action.sources) == len(lifecycle.states) for action in lifecycle.actions},
        moves=tuple(
            Move(*paths[source], action.resource, action.target)
            for action in actions
            for source in action.sources
            if source in paths
        ),
        refusals=tuple(
            Refusal(*way, action.resource)
            for action in actions
            for state, way in paths.items()
            if state not in action.sources
        ),
        takings=tuple(
            Taking(*paths[source], action.resource)
            for action in actions
            for source in [source for source in action.sources if source in paths][:1]
            if action.input
        ),
        elsewhere=row([state.name for state in lifecycle.states if state.name not in lifecycle.initial]),
    )


def _paths(lifecycle: Lifecycle) -> dict[str, tuple[str, str]]:
    """State → a client's shortest way to it: the state in which to create, and then the sub-resources of actions."""
    ways: dict[str, tuple[str, list[str]]] = {state: (state, []) for state in lifecycle.initial}
    reached = [*ways]
    for state in reached:
        start, steps = ways[state]
        for action in lifecycle.actions:
            if not action.internal and state in action.sources and action.target not in ways:
                ways[action.target] = (start, [*steps, action.resource])
                reached.append(action.target)
    return {state: (start, row(steps)) for state, (start, steps) in ways.items()}
