"""A share of the traffic goes to the new version first."""

from .contributions import Capability, Release

CAPABILITY = Capability("release", "canary", release=Release(workload="rollout", rollback_wait="=legacy"))
