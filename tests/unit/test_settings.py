"""Settings: defaults, what production refuses, addresses, keys."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app import config
from app.config import Settings, configure, is_loopback, settings

REAL_KEY = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PRODUCTION = {
    "environment": "production",
    "secret_keys": (REAL_KEY,),
    "base_url": "https://inbox.parley.chat",
}


def make(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


def refusal(**values: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        make(**values)
    return str(caught.value)


def test_defaults_need_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("DATA_DIR")
    monkeypatch.delenv("ENVIRONMENT")

    found = make()

    assert found.environment == "development"
    assert found.public_url == "http://127.0.0.1:8000"
    assert found.data_dir == Path("var").absolute()
    assert found.has_sandbox
    assert found.is_embedded


def test_developers_dotenv_is_none_of_the_tests_business(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / ".env").write_text("APP_NAME=Mine\n")
    monkeypatch.chdir(tmp_path)

    assert Settings().app_name == "Parley"


def test_environment_variables_are_read_and_empty_ones_are_not(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("HOST", "")
    monkeypatch.setenv("SECRET_KEYS", "newest , older,,")
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1")

    found = make()

    assert found.public_url == "http://127.0.0.1:8123"
    assert found.secret_keys == ("newest", "older")
    assert found.trusted_proxies == ("10.0.0.0/8", "127.0.0.1")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        "change-me-" + "x9K2" * 10,
        "a" * 64,
        "abababababababababababababababababab",
        "your-secret-key-goes-here-0123456789",
        "placeholder" + REAL_KEY,
        "EXAMPLE" + REAL_KEY,
    ],
)
def test_production_refuses_a_missing_short_or_placeholder_key(key: str):
    message = refusal(**{**PRODUCTION, "secret_keys": (key,) if key else ()})

    assert "SECRET_KEYS" in message


def test_production_looks_at_every_key():
    assert "SECRET_KEYS" in refusal(**{**PRODUCTION, "secret_keys": (REAL_KEY, "short")})


@pytest.mark.parametrize("name", ["whatsapp_app_secret", "whatsapp_verify_token", "metrics_token"])
def test_production_refuses_placeholders_elsewhere_too(name: str):
    assert name.upper() in refusal(**PRODUCTION, **{name: "changeme"})
    assert make(**PRODUCTION, **{name: REAL_KEY})


def test_production_refuses_the_sandbox_and_has_none():
    assert "SANDBOX" in refusal(**PRODUCTION, sandbox=True)
    assert not make(**PRODUCTION).has_sandbox
    assert make(**PRODUCTION).is_production


def test_refusals_do_not_repeat_the_secret():
    assert "hunter2-short" not in refusal(**{**PRODUCTION, "secret_keys": ("hunter2-short",)})


@pytest.mark.parametrize(
    "base_url",
    ["http://inbox.example.com", "http://192.0.2.1:8000", "http://127.0.0.1.evil.com", "ftp://x"],
)
def test_public_address_without_https_is_refused(base_url: str):
    assert "BASE_URL" in refusal(base_url=base_url)


@pytest.mark.parametrize(
    "base_url",
    ["http://localhost:8000", "http://127.0.0.1:1", "http://[::1]:8000", "https://x.example.com/"],
)
def test_loopback_and_https_are_fine(base_url: str):
    assert make(base_url=base_url).public_url == base_url.rstrip("/")


def test_plain_http_can_be_allowed():
    found = make(base_url="http://inbox.lan", insecure_http=True)

    assert not found.is_https
    assert found.session_cookie == "sid"


def test_address_of_an_ipv6_host_is_one_that_browsers_understand():
    assert make(host="::1").public_url == "http://[::1]:8000"


def test_cookie_is_bound_to_the_host_over_https():
    assert make(base_url="https://inbox.example.com").session_cookie == "__Host-sid"


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_loopback_names(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0"])  # noqa: S104
def test_names_of_other_machines(host: str):
    assert not is_loopback(host)


def test_derived_secrets_follow_the_newest_key_and_the_purpose():
    old, both = make(secret_keys=("old",)), make(secret_keys=("new", "old"))

    assert old.derive("a") != old.derive("b")
    assert old.derive("a") != both.derive("a")
    assert both.derive("a") == make(secret_keys=("new",)).derive("a")
    assert both.keys[1] == old.keys[0]


def test_development_key_is_made_once_and_kept_private(tmp_path: Path):
    first = make(data_dir=tmp_path / "var").keys

    assert make(data_dir=tmp_path / "var").keys == first
    assert make(data_dir=tmp_path / "other").keys != first
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_configure_replaces_settings_and_their_keys():
    configure(secret_keys=("first",))
    before = settings().derive("a")

    configure(secret_keys=("second",))

    assert settings().derive("a") != before


@pytest.mark.parametrize("values", [{"port": 0}, {"port": 70_000}, {"environment": "staging"}])
def test_senseless_values_are_refused(values: dict[str, Any]):
    assert refusal(**values)


def test_trusted_proxy_that_is_no_address_is_refused_at_the_start():
    assert "TRUSTED_PROXIES" in refusal(trusted_proxies=("10.0.0.0/8", "proxy.internal")).upper()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL is not an address. Write it like"),
        ({"DATABASE_URL": "postgresql://a:b@c:port/d"}, "DATABASE_URL is not an address."),
        ({"DATABASE_OWNER_URL": "mysql://a:b@c/d"}, "DATABASE_OWNER_URL is not an address."),
        ({"DATABASE_OWNER_URL": "postgresql://a:b@c/d"}, "is set without DATABASE_URL."),
        ({"REDIS_URL": "nonsense"}, "REDIS_URL is not an address."),
        ({"PORT": "many"}, "PORT must be a whole number."),
        ({"PORT": "70000"}, "PORT must be at most 65535."),
        ({"EMBEDDED_WORKERS": "-1"}, "EMBEDDED_WORKERS must be at least 0."),
        ({"SANDBOX": "perhaps"}, "SANDBOX must be true or false."),
        ({"ENVIRONMENT": "stage"}, "ENVIRONMENT must be 'development' or 'production'."),
        ({"BASE_URL": "http://example.com"}, "BASE_URL is not https."),
        ({"PORT": "x", "SANDBOX": "z"}, "a whole number. SANDBOX must be true or false."),
    ],
)
def test_what_is_wrong_is_said_in_sentences(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str], sentence: str
):
    monkeypatch.setattr(config, "_current", None)
    for name, value in values.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(config.InvalidSettings) as caught:
        settings()

    assert sentence in caught.value.explanation
    assert "Value error" not in caught.value.explanation
    assert "pydantic" not in caught.value.explanation


@pytest.mark.parametrize(
    "address",
    ["postgresql://app@/app?host=/run/postgresql", "postgres://a:p%23w@[::1]:5433/app"],
)
def test_usual_addresses_of_a_database_are_taken(address: str):
    assert make(database_url=address).database_url == address
