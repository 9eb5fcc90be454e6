"""Arithmetic from load to pods, connections and the database."""

from . import bodies, database, load, plan, pods, pools, rows, serving, steps, storage, timeouts

__all__ = [
    "bodies",
    "database",
    "load",
    "plan",
    "pods",
    "pools",
    "rows",
    "serving",
    "steps",
    "storage",
    "timeouts",
]
