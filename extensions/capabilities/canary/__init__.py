"""A share of the traffic goes to the new version first."""

from ..contributions import Capability, Release, Steps

CAPABILITY = Capability(
    "release",
    "canary",
    release=Release(
        workload="rollout",
        rollback_wait="=legacy",
        surge_percent=100,
        needs="Argo Rollouts with its plugin `argoproj-labs/gatewayAPI`",
        second_service="-canary",
        steps=Steps(weights=(10, 25, 50), interval_s=300, requests=200),
    ),
)
