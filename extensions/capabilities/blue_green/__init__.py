"""All traffic goes to the new version at once, and back if the objectives are missed."""

from ..contributions import Capability, Release

CAPABILITY = Capability(
    "release",
    "blue-green",
    release=Release(
        workload="rollout",
        rollback_wait="=legacy",
        surge_percent=100,
        needs="Argo Rollouts",
        second_service="-preview",
    ),
)
