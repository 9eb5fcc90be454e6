import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dev.describe import OF_SETTINGS, settings_page
from ordering.settings import Settings, database_url, load
from pydantic import SecretStr, ValidationError

REQUIRED = {
    "database_url": SecretStr("postgresql://ann:hunter2@db/shop"),
    "auth_issuer": "https://id.example.com",
    "auth_audience": "shop",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def made(**values: Any) -> Settings:
    return Settings(**{**REQUIRED, **values})


def test_three_are_required_and_the_rest_is_for_production() -> None:
    settings = made()
    assert settings.environment == "production"
    assert not settings.is_development
    assert settings.port == 8080


def test_secrets_are_not_printed() -> None:
    assert "hunter2" not in repr(made()) + str(made())


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example.com, https://b.example.com:8443,")
    monkeypatch.setenv("AUTH_ALGORITHMS", "ES256")
    monkeypatch.setenv("AUTH_SCOPE_CLAIMS", "https://example.com/permissions, resource_access.shop.roles")
    settings = made(auth_audience="shop, api://shop")
    assert settings.audiences == {"shop", "api://shop"}
    assert settings.cors_origins == ("https://a.example.com", "https://b.example.com:8443")
    assert settings.auth_algorithms == ("ES256",)
    assert settings.auth_scope_claims == ("https://example.com/permissions", "resource_access.shop.roles")


def test_roles_are_a_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_ROLE_SCOPES", '{"clerk": "shop.read shop.write", "CN=Audit, OU=x": ["shop.read"]}')
    assert made().auth_role_scopes == {"clerk": ("shop.read", "shop.write"), "CN=Audit, OU=x": ("shop.read",)}


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    assert made().port == 8080


@pytest.mark.parametrize(
    "issuer",
    [
        "https://localhost:8443",
        "https://localhost.",
        "https://LOCALHOST",
        "https://id.localhost",
        "https://127.0.0.1",
        "https://127.1",
        "https://2130706433",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://0.0.0.0",
        "http://localhost",
    ],
)
@pytest.mark.parametrize("name", ["auth_issuer", "auth_jwks_url"])
@pytest.mark.parametrize("environment", ["production", "staging"])
def test_only_development_trusts_this_machine(issuer: str, name: str, environment: str) -> None:
    for plain_http in (False, True):
        with pytest.raises(ValidationError, match="must not be this machine"):
            made(**{name: issuer, "environment": environment, "auth_plain_http": plain_http})
    assert made(**{name: issuer, "environment": "development"}).is_development


@pytest.mark.parametrize(
    "host",
    [
        "sso.corp.local",
        "local",
        "keycloak",
        "keycloak.auth.svc",
        "keycloak.auth.svc.cluster.local:8443",
        "10.1.2.3",
        "192.168.1.10",
        "169.254.20.10",
        "[fd00::1]",
    ],
)
@pytest.mark.parametrize("name", ["auth_issuer", "auth_jwks_url"])
def test_names_and_addresses_of_a_network_of_your_own_are_real(host: str, name: str) -> None:
    assert not made(**{name: f"https://{host}/realms/x"}).is_development
    with pytest.raises(ValidationError, match="must be https, unless AUTH_PLAIN_HTTP is true"):
        made(**{name: f"http://{host}/realms/x"})
    assert made(**{name: f"http://{host}/realms/x", "auth_plain_http": True}).auth_plain_http


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("environment", "Development"),
        ("port", 70_000),
        ("log_level", "chatty"),
        ("database_url", "mysql://db/shop"),
        ("database_pool_size", 0),
        ("auth_issuer", "id.example.com"),
        ("auth_issuer", "https://[id.example.com"),
        ("auth_issuer", "https://id.example.com:port"),
        ("auth_audience", ""),
        ("auth_audience", ","),
        ("auth_scope_claims", ""),
        ("auth_role_scopes", "clerk"),
        ("auth_role_scopes", "[]"),
        ("auth_role_scopes", '{"clerk": 7}'),
        ("auth_leeway_s", -1),
        ("auth_jwks_timeout_s", 0),
        ("auth_algorithms", ""),
        ("auth_algorithms", "HS256"),
        ("auth_algorithms", "none"),
        ("cors_origins", "*"),
        ("cors_origins", "https://a.example.com/path"),
        ("cors_origins", 1),
        ("otel_exporter_otlp_endpoint", "collector:4318"),
        ("otel_traces_sampler_arg", 2),
    ],
)
def test_values_that_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as refusal:
        made(**{name: value})
    assert [error["loc"][0] for error in refusal.value.errors()] == [name]


def test_a_wrong_environment_ends_the_process_with_a_line_for_each_variable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://ann:hunter2@db/shop")
    monkeypatch.setenv("AUTH_ISSUER", "http://localhost:9000")
    with pytest.raises(SystemExit) as end:
        load()
    assert end.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "DATABASE_URL: must be a URL that begins with postgresql://",
        "AUTH_ISSUER: must not be this machine, unless ENVIRONMENT is development",
        "AUTH_AUDIENCE: Field required",
    ]


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/shop")
    monkeypatch.setenv("AUTH_ISSUER", "https://id.example.com")
    monkeypatch.setenv("AUTH_AUDIENCE", "shop")
    assert load().database_url.get_secret_value() == "postgresql://db/shop"


def test_files_come_before_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "database_url").write_text("postgresql://file/shop\n")
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://variable/shop")
    monkeypatch.setenv("AUTH_ISSUER", "https://id.example.com")
    monkeypatch.setenv("AUTH_AUDIENCE", "shop")
    settings = load()
    assert settings.secrets_dir == tmp_path
    assert settings.database_url.get_secret_value() == "postgresql://file/shop"
    assert settings.auth_audience == "shop"


def test_other_directories_hold_no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "port").write_text("9000")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRETS_DIR", "")
    assert made().port == 8080


def test_a_directory_of_files_has_to_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path / "missing"))
    with pytest.raises(ValidationError, match="does not point to a directory"):
        made()


def test_a_new_url_is_read_from_its_file(tmp_path: Path) -> None:
    assert database_url(None, "postgresql://db/shop") == "postgresql://db/shop"
    assert database_url(tmp_path, "postgresql://db/shop") == "postgresql://db/shop"
    (tmp_path / "database_url").write_text("postgresql://file/shop\n")
    assert database_url(tmp_path, "postgresql://db/shop") == "postgresql://file/shop"


def test_limits_lie_within_each_other() -> None:
    settings = made()
    lock_s, statement_s = settings.database_lock_timeout_ms / 1000, settings.database_statement_timeout_ms / 1000
    assert lock_s < statement_s < settings.database_command_timeout_s
    assert settings.database_acquire_timeout_s + settings.database_command_timeout_s <= settings.drain_timeout_s


def test_the_process_says_so_without_a_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ordering"],
        env={**os.environ, "DATABASE_URL": "hunter2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "DATABASE_URL: must be" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr + done.stdout


def test_the_page_of_settings_is_up_to_date() -> None:
    assert all(field.description for field in Settings.model_fields.values())
    assert OF_SETTINGS.read_text() == settings_page(), "run `make docs`"
