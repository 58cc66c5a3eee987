"""Bodies that no browser makes: nothing breaks, and nothing is left behind."""

import asyncio
import os
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kycaid_async import AsyncKycaid
from kycaid_async.sandbox import SANDBOX_KEY, Sandbox
from kycaid_async.sandbox.data.account import FORMS

BOUNDARY = b"edge"
NAMES = st.sampled_from(
    ["file", "applicant.first_name", "document.front_side_id", "document.type", "selfie.front_side_id", "x", "", "\xe9"]
)
EOL = st.sampled_from([b"\r\n", b"\n", b"\r", b""])


@st.composite
def parts(draw):
    """A part that is nearly one."""
    disposition = draw(st.sampled_from(['form-data; name="%s"', "form-data; name=%s", 'attachment; name="%s"', "%s"]))
    filename = draw(
        st.sampled_from(["", '; filename="a.jpg"', '; filename=""', "; filename*=utf-8''%ff", '; filename="../../x"'])
    )
    extra = draw(
        st.sampled_from(
            [
                "",
                "Content-Transfer-Encoding: base64",
                "Content-Type: multipart/mixed; boundary=in",
                "Content-Length: 99999",
                "Content-Encoding: gzip",
                "Content-Type: \x00",
            ]
        )
    )
    eol = draw(EOL)
    head = (f"Content-Disposition: {disposition % draw(NAMES)}{filename}").encode("latin-1")
    lines = [b"--" + BOUNDARY, head, *([extra.encode()] if extra else []), b"", draw(st.binary(max_size=200))]
    return eol.join(lines) + draw(EOL)


BODIES = st.one_of(
    st.binary(max_size=400),
    st.builds(
        lambda pieces, end: b"".join(pieces) + end,
        st.lists(parts(), max_size=4),
        st.sampled_from([b"--edge--\r\n", b"--edge--", b"--edge", b""]),
    ),
)
KINDS = st.sampled_from(
    [
        "multipart/form-data; boundary=edge",
        'multipart/form-data; boundary="edge"',
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/mixed; boundary=edge",
        "application/x-www-form-urlencoded",
        "text/plain",
    ]
)


async def exchange(url: str, head: str, body: bytes, *, cut: bool) -> bytes:
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    length = len(body) + (100 if cut else 0)
    writer.write(f"{head}Host: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n".encode() + body)
    if cut:
        writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def one_form(data: str, target: str, kind: str, body: bytes, *, cut: bool) -> None:
    async with Sandbox(data=data) as sandbox:
        async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as kycaid:
            form = (await kycaid.forms.create_url(FORMS[0].id)).form_url.removeprefix(sandbox.url)
        path = {"form": form, "upload": "/files", "action": "/_sandbox/actions/balance"}[target]
        head = f"POST {path} HTTP/1.1\r\nAuthorization: Token {SANDBOX_KEY}\r\nContent-Type: {kind}\r\n"
        answer = await exchange(sandbox.url, head, body, cut=cut)
        # Whoever hangs up in the middle need not be answered.
        assert cut or answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4")), answer[:200]
        assert not answer.startswith(b"HTTP/1.1 5")
        await exchange(sandbox.url, "GET /_sandbox/health HTTP/1.1\r\n", b"", cut=False)
    # Only now: an upload whose sender hung up after its end may still have been under way.
    with closing(sqlite3.connect(os.path.join(data, "sandbox.sqlite3"))) as db:
        kept = {name for (name,) in db.execute("SELECT stored_as FROM files")}
    assert set(os.listdir(os.path.join(data, "files"))) == kept


# Not made smaller when one fails: each example is a sandbox of its own, and that would take minutes.
@pytest.mark.parametrize("target", ["form", "upload", "action"])
@settings(
    max_examples=40,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(kind=KINDS, body=BODIES, cut=st.booleans())
def test_no_body_breaks_a_parser_or_leaves_a_file(tmp_path_factory, target, kind, body, cut):
    asyncio.run(one_form(str(tmp_path_factory.mktemp("data")), target, kind, body, cut=cut))
