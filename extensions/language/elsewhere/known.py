"""The names that a domain gives, which show what somebody may have meant by another word."""

from __future__ import annotations

from typing import NamedTuple

from ...text import english, naming
from .remedies import folded


class Known(NamedTuple):
    """The aggregates of the domain, entity → aggregate of its parts, and its value objects."""

    aggregates: tuple[str, ...] = ()
    entities: tuple[tuple[str, str], ...] = ()
    types: tuple[str, ...] = ()

    @classmethod
    def of(cls, raw: object) -> Known:
        """What the domain names, as far as it can be read."""
        found = raw.get("aggregates") if isinstance(raw, dict) else None
        if not isinstance(found, dict):
            return cls()
        aggregates = {name: body for name, body in found.items() if isinstance(name, str)}
        entities = [
            (part["entity"], name)
            for name, body in aggregates.items()
            if isinstance(body, dict) and isinstance(body.get("parts"), dict)
            for part in body["parts"].values()
            if isinstance(part, dict) and isinstance(part.get("entity"), str)
        ]
        types = raw.get("types") if isinstance(raw, dict) else None
        named = tuple(name for name in types if isinstance(name, str)) if isinstance(types, dict) else ()
        return cls(tuple(filter(naming.PASCAL.fullmatch, aggregates)), tuple(entities), named)

    def aggregate(self, word: str) -> str | None:
        """The aggregate that is meant by `Customer`, `customer`, `:customer`, `customers` or `CustomerId`."""
        wanted = folded(word.strip(":'\""))
        for name in self.aggregates:
            one, many = naming.snake(name), english.plural(naming.snake(name))
            if wanted in {folded(one), folded(many)}:
                return name
        return None

    def owner(self, entity: str) -> str | None:
        """The aggregate of which the entity is a part."""
        return dict(self.entities).get(entity)
