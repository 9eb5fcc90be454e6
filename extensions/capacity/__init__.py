"""Arithmetic from load to pods, connections and the database."""

from . import bodies, canary, database, load, plan, pods, pools, rows, serving, storage, timeouts

__all__ = [
    "bodies",
    "canary",
    "database",
    "load",
    "plan",
    "pods",
    "pools",
    "rows",
    "serving",
    "storage",
    "timeouts",
]
