"""Where the key comes from: the environment, a file, the keyring; never the command line."""

import json
import os
import sys
import types

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from kycaid_async.cli.app import app
from kycaid_async.cli.credentials import read_env_file
from kycaid_async.cli.problems import UsageProblem
from tests.cli.odd_server import odd_server
from tests.conftest import API_KEY

OTHER = "f" * 36


@pytest.fixture
def server():
    with odd_server() as made:
        made.answer([])
        yield made


@pytest.fixture
def run(monkeypatch):
    for name in [name for name in os.environ if name.startswith("KYCAID_")]:
        monkeypatch.delenv(name)

    def run(*words, input=None, **environment):  # noqa: A002 - as typer calls it
        return CliRunner().invoke(
            app, [str(word) for word in words], input=input, env=environment, catch_exceptions=False
        )

    return run


@pytest.fixture
def keyring(monkeypatch):
    """The keyring of a system: a module with one of its own."""

    class KeyringError(Exception):
        """As in the library."""

    module, kept = types.ModuleType("keyring"), {}
    module.errors = types.ModuleType("keyring.errors")
    module.errors.KeyringError = KeyringError
    module.kept, module.is_locked = kept, False

    def guarded(function):
        def call(*args):
            if module.is_locked:
                raise KeyringError("it is locked")
            return function(*args)

        return call

    module.get_password = guarded(lambda service, name: kept.get((service, name)))
    module.set_password = guarded(lambda service, name, key: kept.update({(service, name): key}))
    module.delete_password = guarded(lambda service, name: kept.pop((service, name)))
    monkeypatch.setitem(sys.modules, "keyring", module)
    monkeypatch.setitem(sys.modules, "keyring.errors", module.errors)
    return module


def keys_sent(server):
    return [headers["Authorization"].removeprefix("Token ") for _, _, headers, _ in server.requests]


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_file_comes_before_the_environment(place, run, server, tmp_path):
    file = tmp_path / ".env"
    file.write_text(
        f'# mine\nexport KYCAID_API_KEY="{API_KEY}" # live\n\nKYCAID_BASE_URL={server.url}\nPATH=/nowhere\n'
    )
    words = ["--env-file", file, "forms", "list"] if place == "before" else ["forms", "list", "--env-file", file]
    assert run(*words).exit_code == 0
    assert run(*words, KYCAID_API_KEY=OTHER).exit_code == 0
    assert run(*words, KYCAID_API_KEY=OTHER, KYCAID_BASE_URL="http://127.0.0.1:1").exit_code == 0
    assert keys_sent(server) == [API_KEY] * 3
    assert "KYCAID_API_KEY" not in os.environ
    assert os.environ["PATH"] != "/nowhere"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("KYCAID_X='a b'", "a b"),
        ('KYCAID_X="a # b" # c', "a # b"),
        ("KYCAID_X=a#b # c", "a#b"),
        ("  KYCAID_X =  a  ", "a"),
        ("KYCAID_X=", ""),
        ("\ufeffKYCAID_X=ü", "ü"),
        ("KYCAID_X=$HOME", "$HOME"),
        ("KYCAID_X='a", "'a"),
    ],
)
def test_a_line_is_a_name_and_a_value_and_nothing_is_run(text, value, tmp_path):
    (tmp_path / ".env").write_text(text, encoding="utf-8")
    assert read_env_file(tmp_path / ".env") == {"KYCAID_X": value}


def test_a_file_that_is_none_is_named_without_its_content(run, tmp_path):
    file = tmp_path / ".env"
    with pytest.raises(UsageProblem, match="No such file"):
        read_env_file(file)
    file.write_text(f"# x\n{API_KEY}\n")
    done = run("--env-file", file, "forms", "list")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "line 2 is not NAME=value" in done.stderr
    assert API_KEY not in done.stderr
    file.write_bytes(b"\xff\xfe\x00")
    assert "no text in UTF-8" in run("forms", "list", "--env-file", file).stderr


def test_a_key_in_the_keyring_is_used_by_its_name(run, server, keyring):
    done = run("key", "set", "live", input=f"{OTHER}\n")
    assert (done.exit_code, done.stdout) == (0, "")
    assert OTHER not in done.stderr
    assert keyring.kept == {("kycaid", "live"): OTHER}
    there = {"KYCAID_BASE_URL": server.url}
    assert run("--keyring", "live", "forms", "list", **there, KYCAID_API_KEY=API_KEY).exit_code == 0
    assert run("forms", "list", "--keyring", "live", **there).exit_code == 0
    assert run("forms", "list", **there, KYCAID_KEYRING="live").exit_code == 0
    assert keys_sent(server) == [OTHER] * 3
    done = run("--keyring", "test", "forms", "list", **there)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "kycaid key set test" in done.stderr
    assert run("key", "delete", "live").exit_code == 0
    assert keyring.kept == {}
    assert run("key", "delete", "live").exit_code == 1
    assert "KYCAID_KEYRING" not in os.environ


def test_what_is_typed_comes_before_the_environment_and_doctor_says_where_the_key_is_from(
    run, server, keyring, tmp_path
):
    keyring.kept[("kycaid", "live")], keyring.kept[("kycaid", "test")] = OTHER, "e" * 36
    there = {"KYCAID_BASE_URL": server.url, "KYCAID_API_KEY": "d" * 36}
    own, naming, empty = tmp_path / ".env", tmp_path / "naming.env", tmp_path / "empty.env"
    own.write_text(f"KYCAID_API_KEY={API_KEY}\n")
    naming.write_text("KYCAID_KEYRING=test\n")
    empty.write_text("KYCAID_API_KEY=\n")

    def key_and_source(*words, **more):
        done = run(*words, "doctor", "--json", **there | more)
        check = next(one for one in json.loads(done.stdout)["checks"] if one["name"] == "key")
        sent = [headers["Authorization"] for _, _, headers, _ in server.requests if "Authorization" in headers]
        server.requests.clear()
        return sent[-1].removeprefix("Token ")[0] if sent else "", check["text"].split("; ")[0]

    live = {"KYCAID_KEYRING": "live"}
    assert key_and_source() == ("d", "from the environment (KYCAID_API_KEY)")
    assert key_and_source(**live) == ("f", "from the keyring (KYCAID_KEYRING)")
    assert key_and_source("--keyring", "test", **live) == ("e", "from the keyring (--keyring)")
    assert key_and_source("--env-file", own, **live) == ("0", "from .env (--env-file)")
    assert key_and_source("--env-file", naming, **live) == ("e", "from the keyring, as naming.env (--env-file) says")
    for words in (("--keyring", "live", "--env-file", own), ("--env-file", naming, "--keyring", "live")):
        assert key_and_source(*words) == ("f", "from the keyring (--keyring)")
    assert key_and_source("--env-file", empty)[1].startswith("no key in empty.env (--env-file)")
    assert run("--env-file", empty, "forms", "list", **there).exit_code == 2
    assert run("--keyring", "live", "forms", "list", "--env-file", own, **there).exit_code == 0
    assert keys_sent(server) == [OTHER]


def test_a_file_in_which_nothing_is_of_kycaid_is_a_mistake(run, tmp_path):
    (tmp_path / ".env").write_text("API_KEY=abc\nPATH=/nowhere\n")
    done = run("--env-file", tmp_path / ".env", "forms", "list", KYCAID_API_KEY=OTHER)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "it sets none of KYCAID_API_KEY" in done.stderr


def test_what_is_no_key_is_not_kept(run, keyring):
    for text in ("\n", "two words\n"):
        done = run("key", "set", "live", input=text)
        assert done.exit_code == 2
        assert "this is no API key" in done.stderr
    assert keyring.kept == {}


def test_a_keyring_that_does_not_open_or_is_not_there_is_one_sentence(run, keyring, monkeypatch):
    keyring.is_locked = True
    done = run("--keyring", "live", "forms", "list")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "cannot be used: it is locked" in done.stderr
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "pip install 'kycaid-async[keyring]'" in run("key", "set", "live", input=OTHER).stderr


def test_no_command_takes_a_key_as_an_argument():
    """But that of a sandbox, which everybody may know."""

    def options(command, words=()):
        for parameter in command.params:
            yield from ((words, option) for option in parameter.opts)
        for name in getattr(command, "commands", {}) and command.list_commands(None):
            yield from options(command.get_command(None, name), (*words, name))

    assert [words for words, option in options(get_command(app)) if option == "--api-key"] == [("sandbox",)]
