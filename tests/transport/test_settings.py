"""A client that would leak its key, or cannot work, is refused when it is made."""

import enum

import pytest

from kycaid_async import AsyncKycaid, ConfigurationError, Kycaid, servers


@pytest.fixture(autouse=True)
def no_environment(monkeypatch):
    monkeypatch.delenv("KYCAID_API_KEY", raising=False)
    monkeypatch.delenv("KYCAID_BASE_URL", raising=False)


def test_without_a_key_the_error_says_where_it_can_come_from():
    with pytest.raises(ConfigurationError, match="api_key=… or set KYCAID_API_KEY"):
        AsyncKycaid()


@pytest.mark.parametrize("key", ["with space", "line\nbreak", "ключ", "tab\t"])
def test_a_key_that_would_break_a_header_is_refused_without_being_shown(key):
    with pytest.raises(ConfigurationError) as caught:
        AsyncKycaid(key)
    assert key not in str(caught.value)


def test_a_key_of_an_enum_is_its_value():
    class Keys(str, enum.Enum):  # noqa: UP042 - an enum of texts of another kind gives its value by itself
        LIVE = "k" * 36

    assert AsyncKycaid(Keys.LIVE)._settings.authorization() == {"Authorization": f"Token {'k' * 36}"}


def test_key_and_url_come_from_the_environment_and_an_argument_wins(monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", "from-environment")
    monkeypatch.setenv("KYCAID_BASE_URL", "https://white-label.example/api/")
    client = AsyncKycaid()
    assert client._settings.api_key.reveal() == "from-environment"
    assert client._settings.base_url == "https://white-label.example/api"
    client = AsyncKycaid("argument", base_url=servers.MOCK)
    assert client._settings.api_key.reveal() == "argument"
    assert client._settings.base_url == servers.MOCK


def test_the_default_server_is_production():
    assert AsyncKycaid("k")._settings.base_url == servers.PRODUCTION == "https://api.kycaid.com"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:1", "https://example.com/a/b"]
)
def test_tls_and_loopback_are_accepted(url):
    AsyncKycaid("k", base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.kycaid.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
    ],
)
def test_a_url_without_tls_that_is_not_loopback_is_refused(url):
    with pytest.raises(ConfigurationError, match="in the clear"):
        AsyncKycaid("k", base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "api.kycaid.com",
        "ftp://a.b",
        "https://",
        "https://u:p@a.b",
        "https://a.b?x=1",
        "https://a.b#c",
        "https://a.b?",
        "https://a.b#",
        "https://a.b/c d",
        " https://a.b",
        "https://a.b\n",
        "https://a.b\t/c",
        "https://a.b\\c",
        "",
        "https://a.b:99999",
        "x",
    ],
)
def test_a_url_of_another_form_is_refused(url):
    with pytest.raises(ConfigurationError, match="base_url"):
        AsyncKycaid("k", base_url=url)


def test_a_base_url_that_is_no_text_is_refused():
    with pytest.raises(ConfigurationError, match="base_url: must be text that UTF-8 can carry"):
        AsyncKycaid("k", base_url="https://localhost/\udce9")


def test_an_empty_base_url_does_not_stand_for_the_one_of_the_environment(monkeypatch):
    monkeypatch.setenv("KYCAID_BASE_URL", "https://white-label.example/api")
    with pytest.raises(ConfigurationError, match="base_url"):
        AsyncKycaid("k", base_url="")


def test_an_empty_environment_stands_for_the_default(monkeypatch):
    monkeypatch.setenv("KYCAID_BASE_URL", "")
    assert AsyncKycaid("k")._settings.base_url == servers.PRODUCTION


@pytest.mark.parametrize("name", ["Authorization", "API-Key"])
def test_the_two_headers_for_the_key_are_accepted(name):
    assert AsyncKycaid("k", auth_header=name)._settings.auth_header == name


@pytest.mark.parametrize("name", ["api-key", "X-API-Key", "", "Authorization ", None])
def test_another_header_for_the_key_is_refused(name):
    with pytest.raises(ConfigurationError, match="auth_header: expected Authorization or API-Key"):
        AsyncKycaid("k", auth_header=name)


@pytest.mark.parametrize("options", [{"max_connections": 0}, {"max_retries": -1}])
def test_impossible_numbers_are_refused(options):
    with pytest.raises(ConfigurationError):
        AsyncKycaid("k", **options)


@pytest.mark.parametrize("context", ["/etc/ssl/certs/ca-certificates.crt", False, True, 1, object()])
@pytest.mark.parametrize("kind", [AsyncKycaid, Kycaid])
def test_what_is_no_ssl_context_is_refused_and_never_taken_for_the_wish_not_to_verify(kind, context):
    with pytest.raises(ConfigurationError, match=r"ssl_context: expected an ssl\.SSLContext"):
        kind("k", ssl_context=context)


def test_a_path_of_the_url_is_sent_as_it_stands():
    for path in ("/a/../b", "/%7Eme/%41", "/v2;x=1"):
        assert AsyncKycaid("k", base_url=f"https://localhost{path}/")._settings.base_url == f"https://localhost{path}"
    assert (
        AsyncKycaid("k", base_url="https://localhost/gr\xf6\xdfe")._settings.base_url
        == "https://localhost/gr%C3%B6%C3%9Fe"
    )
