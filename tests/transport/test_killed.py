"""A process that is killed in the middle of a call, held against what the server then holds.

Nothing is told and nothing is recorded by then, whether the server acts or not. So whoever goes on reads again, makes a
change again, and looks for an object before making it again.
"""

import asyncio
import json
import signal
import sys
from pathlib import Path

import attrs
import pytest

from kycaid_async import AsyncKycaid, Passport
from tests.oracle.running import ROOT, RunningOracle
from tests.pictures import picture

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

FORM = "f" * 36
PROGRAMS = {
    "blocking": """
import sys
from kycaid_async import Kycaid, Passport
url, key, applicant, folder = sys.argv[1:]
with Kycaid(key, base_url=url) as client:
    print({call}, flush=True)
""",
    "async": """
import asyncio, sys
from kycaid_async import AsyncKycaid, Passport
url, key, applicant, folder = sys.argv[1:]
async def main():
    async with AsyncKycaid(key, base_url=url) as client:
        print(await {call}, flush=True)
asyncio.run(main())
""",
}
CALLS = {
    "applicants.get": "client.applicants.get(applicant)",
    "applicants.update": "client.applicants.update(applicant, last_name='Example')",
    "files.create": "client.files.create(folder + '/passport.png')",
    "documents.create": "client.documents.create(Passport(applicant_id=applicant, document_number='X1'))",
    "verifications.create": f"client.verifications.create(applicant_id=applicant, form_id='{FORM}')",
}
MOMENTS = {
    "before the server acts, and it never does": {"acts": 0, "pause": 60.0},
    "before the server acts": {"late": 0.5},
    "after the server acted": {"pause": 60.0},
}


# Both clients, each as far as it differs: what a server does does not depend on who asked.
@pytest.fixture(params=[*(("async", moment) for moment in MOMENTS), ("blocking", "after the server acted")], ids=str)
def way(request):
    kind, moment = request.param
    return PROGRAMS[kind], MOMENTS[moment]


@pytest.fixture
async def oracle(tmp_path):
    async with RunningOracle(tmp_path / "oracle") as running:
        yield running


@attrs.frozen
class Left:
    """What a program left that was killed while its request was open."""

    client: AsyncKycaid
    """For whoever goes on."""
    oracle: RunningOracle
    applicant: str
    folder: Path
    acted: int
    """How often the server acted, in the end."""

    def count(self, table):
        ((count,),) = self.oracle.read(f"SELECT count(*) FROM {table}")  # noqa: S608 - a name of ours
        return count


@pytest.fixture
async def killed(oracle, tmp_path, way):
    """Kills a program in the middle of a call of this operation, and gives what it left."""
    program, moment = way
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "passport.png").write_bytes(picture(20_000))

    async def kill(operation):
        (applicant,) = await oracle.applicants(1)
        await oracle.set(script=[moment])
        words = ["-c", program.format(call=CALLS[operation]), oracle.url, oracle.key, applicant, str(folder)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *words),
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=asyncio.subprocess.PIPE,
        )
        acts = moment.get("acts", 1)
        await until_received(oracle, operation, acts if "pause" in moment else 0)
        process.kill()
        out, _ = await process.communicate()
        assert (process.returncode, out) == (-signal.SIGKILL, b""), "it was told nothing"
        assert [path.name for path in folder.rglob("*")] == ["passport.png"], "and recorded nothing"
        await until_received(oracle, operation, acts)
        return Left(client, oracle, applicant, folder, acts)

    async with AsyncKycaid(oracle.key, base_url=oracle.url) as client:
        yield kill


async def until_received(oracle, operation, acts):
    """Wait until the server has a request for the operation, and acted on it so often."""
    sql = "SELECT 1 FROM requests WHERE endpoint = ? AND acted >= ?"
    async with asyncio.timeout(60):
        while not oracle.read(sql, operation, acts):
            await oracle.commit()


async def test_a_read_is_made_again(killed):
    left = await killed("applicants.get")
    assert (await left.client.applicants.get(left.applicant)).applicant_id == left.applicant
    assert (left.count("applicants"), left.count("updates")) == (1, 0)


async def test_a_change_is_made_again_and_the_state_is_as_after_once(killed):
    left = await killed("applicants.update")
    assert await left.client.applicants.update(left.applicant, last_name="Example") == left.applicant
    ((said,),) = left.oracle.read("SELECT body FROM applicants")
    assert json.loads(said)["last_name"] == "Example"
    assert left.count("applicants") == 1


async def test_a_file_is_sent_again_and_at_worst_one_is_left_that_nothing_refers_to(killed):
    left = await killed("files.create")
    file = await left.client.files.create(left.folder / "passport.png")
    await left.client.documents.create(Passport(applicant_id=left.applicant, front_side_id=file))
    assert left.count("files") == 1 + left.acted
    ((said,),) = left.oracle.read("SELECT body FROM documents")
    assert json.loads(said)["front_side_id"] == file


async def test_whoever_looks_for_an_object_before_making_it_again_has_one(killed):
    left = await killed("documents.create")
    there = (await left.client.applicants.get(left.applicant)).documents
    assert [document.type for document in there] == ["PASSPORT"] * left.acted
    if not there:
        await left.client.documents.create(Passport(applicant_id=left.applicant, document_number="X1"))
    assert left.count("documents") == 1


async def test_whoever_looks_for_a_verification_before_starting_it_again_pays_once(killed):
    left = await killed("verifications.create")
    if not (await left.client.applicants.get(left.applicant)).verifications_count:
        await left.client.verifications.create(applicant_id=left.applicant, form_id=FORM)
    assert (left.count("verifications"), left.count("fees")) == (1, 1)
