"""A share of the traffic goes to the new version first."""

from .contributions import Capability

CAPABILITY = Capability("release", "canary")
