import pytest
from ordering.platform.http import access
from ordering.platform.http.access import RateLimit
from ordering.platform.problems import Problem


def test_a_quota_begins_anew_every_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(access, "monotonic", lambda: now)
    limit = RateLimit(2)
    assert limit.take("ann") == b'"default";r=1;t=60'
    now = 1030.5
    assert limit.take("bob") == b'"default";r=1;t=30'
    assert limit.take("ann") == b'"default";r=0;t=30'
    with pytest.raises(Problem) as caught:
        limit.take("ann")
    assert caught.value.headers == {"Retry-After": "30", "RateLimit": '"default";r=0;t=30'}
    now = 1060
    assert limit.take("ann") == b'"default";r=1;t=60'
