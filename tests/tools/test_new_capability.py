"""What a capability that nobody has named before contributes to the chart, as Helm makes objects of it."""

import pytest
from harness import helm, kubernetes, made_up, rendering
from harness.kubernetes import of_kind

OF_ALL_PODS = (
    kubernetes.schemas,
    kubernetes.not_root,
    kubernetes.no_escalation,
    kubernetes.no_capabilities,
    kubernetes.system_calls,
    kubernetes.nothing_of_the_host,
    kubernetes.volumes,
    kubernetes.own_account,
    kubernetes.resources,
    kubernetes.connections,
)
"""The rules that hold for other pods than those of the server, too."""


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> list[helm.Manifest]:
    template = made_up.template(tmp_path_factory.mktemp("template"))
    with rendering.template_of(template):
        made = rendering.copy(tmp_path_factory.mktemp("chosen") / "shop", {"service_name": "shop", **made_up.CHOSEN})
    return helm.manifests(made / "deploy/helm/shop", values=[{"alerts": {"enabled": True}}])


def by_name(manifests: list[helm.Manifest], kind: str, name: str) -> helm.Manifest:
    (found,) = [each for each in of_kind(manifests, kind) if each["metadata"]["name"] == name]
    return found


def test_its_process_has_pods_like_those_of_the_server(manifests: list[helm.Manifest]) -> None:
    assert [problem for rule in OF_ALL_PODS for problem in rule(manifests)] == []
    spec = by_name(manifests, "Deployment", "shop-lamplighter")["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert (spec["replicas"], container["args"]) == (2, ["lamplighter"])
    assert container["ports"] == [{"name": "probes", "containerPort": 7072}]
    (server,) = by_name(manifests, "Deployment", "shop")["spec"]["template"]["spec"]["containers"]
    assert all(container[key] == server[key] for key in ("image", "env", "envFrom", "volumeMounts", "resources"))


def test_its_port_is_open_and_what_it_reaches_too(manifests: list[helm.Manifest]) -> None:
    (server,) = by_name(manifests, "Deployment", "shop")["spec"]["template"]["spec"]["containers"]
    assert server["ports"][1:] == [{"name": "glow", "containerPort": 7071}]
    service = by_name(manifests, "Service", "shop")["spec"]
    assert service["ports"][1:] == [{"name": "glow", "port": 7071, "targetPort": "glow"}]
    policies = {name: by_name(manifests, "NetworkPolicy", name)["spec"] for name in ("shop", "shop-lamplighter")}
    (allowed,) = policies["shop"]["ingress"]
    assert allowed["ports"] == [{"port": "http"}, {"port": "glow"}]
    for policy in policies.values():
        light = [each for each in policy["egress"] if each["ports"] == [{"port": 7070}]]
        assert [each["to"][0]["namespaceSelector"]["matchLabels"] for each in light] == [
            {"kubernetes.io/metadata.name": "light"}
        ]


def test_its_variables_and_its_alert_are_there(manifests: list[helm.Manifest]) -> None:
    settings = by_name(manifests, "ConfigMap", "shop")["data"]
    assert settings["LANTERN_ADDRESS"] == "lantern.light:7070"
    assert settings["LANTERN_TRACE"] == "off"
    (group,) = by_name(manifests, "PrometheusRule", "shop")["spec"]["groups"]
    (alert,) = [each for each in group["rules"] if each["alert"] == "LanternDark"]
    assert alert["for"] == "10m"
    assert alert["expr"] == 'lantern_light{job="ordering/shop"} == 0\n'
    assert alert["annotations"]["runbook_url"].endswith("/docs/runbooks/LanternDark.md")
