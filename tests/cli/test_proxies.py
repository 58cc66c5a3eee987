"""The command line behind a proxy: the environment's, or the one of ``--proxy``."""

import pytest
from typer.testing import CliRunner

from kycaid_async.cli.app import app
from tests.bulk.manifests import row, with_pictures, write_csv
from tests.cli.slow_server import slow_server
from tests.raw import ConnectProxy, RawServer

ELSEWHERE = "http://user:s3cret@proxy.example:3128"


@pytest.fixture
def server():
    with slow_server() as made:
        yield made


@pytest.fixture
def proxy():
    served = ConnectProxy()
    with RawServer(served) as running:
        served.url = running.url
        yield served


@pytest.fixture
def manifest(tmp_path):
    folder = with_pictures(tmp_path / "work", "0.png")
    return write_csv(folder / "people.csv", [row(document_number="0", front_side="0.png")])


@pytest.fixture
def kycaid_upload(manifest, monkeypatch):
    def run(*arguments, **environment):
        for name, value in ({"KYCAID_API_KEY": "k" * 36} | environment).items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(app, ["upload", str(manifest), *arguments], catch_exceptions=False)

    return run


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_an_upload_passes_through_the_proxy_of_the_environment(name, kycaid_upload, server, proxy):
    done = kycaid_upload("--base-url", server.url, **{name: proxy.url})
    assert (done.exit_code, done.stderr) == (0, "")
    assert {head.split()[0] for head in proxy.heads} >= {b"POST"}
    assert len(server.documents) == 1


def test_an_option_wins_over_the_environment(kycaid_upload, server, proxy):
    done = kycaid_upload("--base-url", server.url, "--proxy", proxy.url, HTTP_PROXY="http://127.0.0.1:1")
    assert done.exit_code == 0
    assert proxy.heads
    assert len(server.documents) == 1


def test_no_proxy_leads_past_it(kycaid_upload, server, proxy):
    done = kycaid_upload("--base-url", server.url, HTTP_PROXY=proxy.url, NO_PROXY="127.0.0.1")
    assert done.exit_code == 0
    assert proxy.heads == []
    assert len(server.documents) == 1


@pytest.mark.parametrize(
    ("arguments", "environment", "advice"),
    [
        (["--proxy", "socks5://u:s3cret@127.0.0.1:1080"], {}, "proxy: SOCKS proxies are not supported; expected http:"),
        (["--proxy", "proxy.example:3128"], {}, "proxy: expected http://host:port or https://host:port"),
        ([], {"ALL_PROXY": "socks5://u:s3cret@h"}, "ALL_PROXY in the environment: SOCKS proxies are not supported"),
        (["--base-url", "http://127.0.0.1:9", "--proxy", ELSEWHERE], {}, "proxy: requests to an http base_url would"),
        (["--base-url", "http://127.0.0.1:9"], {"HTTP_PROXY": ELSEWHERE}, "set NO_PROXY=127.0.0.1"),
        (["--base-url", "http://kycaid:9"], {}, "allow_http=['kycaid'], or KYCAID_ALLOW_HTTP=kycaid"),
        (["--base-url", "http://kycaid:9"], {"KYCAID_ALLOW_HTTP": "http://kycaid"}, "expected names of hosts"),
    ],
)
def test_what_cannot_work_gets_one_line_of_advice(arguments, environment, advice, kycaid_upload):
    done = kycaid_upload(*arguments, **environment)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert advice in done.stderr
    assert "s3cret" not in done.stderr


def test_a_server_without_tls_that_is_allowed_by_name_is_spoken_to(kycaid_upload):
    done = kycaid_upload("--base-url", "http://kycaid.invalid:9", "--dry-run", KYCAID_ALLOW_HTTP="kycaid.invalid")
    assert done.exit_code == 0


def test_a_dry_run_does_not_look_at_the_proxy_of_the_environment(kycaid_upload):
    assert kycaid_upload("--dry-run", ALL_PROXY="socks5://127.0.0.1:1080").exit_code == 0


def test_a_demo_without_a_server_needs_no_proxy(kycaid, good_folder):
    done = kycaid("demo", "--folder", good_folder, HTTP_PROXY=ELSEWHERE)
    assert done.returncode == 0
    done = kycaid("demo", "--proxy", "http://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--proxy: a sandbox on this machine needs none" in done.stderr


def test_a_demo_with_a_server_uses_the_proxy_of_the_environment(kycaid, good_folder, server):
    arguments = ["demo", "--folder", good_folder, "--base-url", server.url]
    done = kycaid(*arguments, KYCAID_API_KEY="k" * 36, HTTP_PROXY=ELSEWHERE)
    assert done.returncode == 1
    assert "set NO_PROXY=127.0.0.1" in done.stderr
    assert "s3cret" not in done.stderr
