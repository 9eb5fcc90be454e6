"""Pods are replaced step by step, which needs nothing in the cluster."""

from ..contributions import Capability, Release

CAPABILITY = Capability(
    "release", "rolling", release=Release(workload="deployment", rollback_wait="", surge_percent=25)
)
