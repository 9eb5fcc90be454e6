"""All traffic goes to the new version at once, and back if the objectives are missed."""

from .contributions import Capability

CAPABILITY = Capability("release", "blue-green")
