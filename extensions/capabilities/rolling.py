"""Pods are replaced step by step, which needs nothing in the cluster."""

from .contributions import Capability

CAPABILITY = Capability("release", "rolling")
