"""Whole scripts, as users run them: nothing on stderr, the right exit code, and what the server saw."""

import asyncio
import json
import signal

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import API_KEY
from tests.pictures import picture
from tests.sync.scripts import Done, Scripts

DOCUMENT = "5f9aeb5e1f25e2441d182f56b6dcbfac12dd"
FINE = Done(0, "fine\n", "")


async def test_a_plain_script(scripts, sandbox, tmp_path):
    (tmp_path / "passport.png").write_bytes(picture(3000))
    done = await scripts.run("""
        from pathlib import Path
        from kycaid_async import Kycaid, NotFoundError, Passport, Person

        with Kycaid() as client:
            applicant = client.applicants.create(Person(first_name="Jane", last_name="Example"))
            file = client.files.create(Path(__file__).with_name("passport.png"))
            document = client.documents.create(Passport(applicant_id=applicant, front_side_id=file))
            found = client.documents.get(document)
            assert found.applicant_id == applicant and found.front_side_id == file, found
            verification = client.verifications.create(applicant_id=applicant, form_id=client.forms.list()[0].form_id)
            assert client.verifications.wait(verification).status == "completed"
            today = found.created_at.date()
            rows = client.verifications.report(today)
            assert verification in [row.verification_id for row in rows]
            try:
                client.applicants.get("0" * 36)
            except NotFoundError as error:
                assert error.operation == "applicants.get"
        print("fine")
    """)
    assert done == FINE
    assert sandbox.counts()["documents"] == 1


FORGETFUL = """
    import atexit, threading
    from kycaid_async import Kycaid, Person

    client = Kycaid()
    other = Kycaid()
    applicant = client.applicants.create(Person(first_name="Jane", last_name="Example"))
    rows = other.verifications.report("2026-11-01")
    next(rows, None)

    def call_for_ever():
        while True:
            client.applicants.get(applicant)

    %s
    print("fine", flush=True)
"""


@pytest.mark.parametrize(
    "more",
    [
        "",
        "atexit.register(client.close)",
        "threading.Thread(target=lambda: [client.applicants.get(applicant) for _ in range(50)]).start()",
        # CPython forgets `__file__` of a script at its end.
        "path = __file__ + '.png'; threading.Thread(target=lambda: client.files.create(path)).start()",
        "for _ in range(4): threading.Thread(target=call_for_ever, daemon=True).start()",
        "leave = lambda: [Kycaid().applicants.get(applicant) for _ in range(3)]; leave()",
        "other.applicants.get(applicant); del client, other; client = Kycaid()",
    ],
    ids=[
        "alone",
        "closed by a hook",
        "a thread goes on",
        "a thread uploads",
        "daemons call for ever",
        "lost clients",
        "let go",
    ],
)
async def test_a_script_that_forgets_to_close_ends_quietly(scripts, tmp_path, more):
    (tmp_path / "script.py.png").write_bytes(picture(3_000_000))
    assert await scripts.run(FORGETFUL % more) == FINE


async def test_a_call_after_the_end_is_refused_and_holds_nothing_up(scripts):
    done = await scripts.run("""
        import atexit, threading

        def late():
            try:
                client.applicants.get(applicant)
            except ConfigurationError as error:
                print(error)
            client.close()

        atexit.register(late)  # before the client has a chance, so that it comes after
        from kycaid_async import ConfigurationError, Kycaid, Person

        def call_for_ever():
            while True:
                client.applicants.get(applicant)

        client = Kycaid()
        applicant = client.applicants.create(Person(first_name="Jane", last_name="Example"))
        threading.Thread(target=call_for_ever, daemon=True).start()
    """)
    assert done == Done(0, "the interpreter is about to end: no more calls [ConfigurationError]\n", "")


async def test_sixteen_threads_share_one_client(scripts):
    done = await scripts.run("""
        import threading
        from kycaid_async import Kycaid, Person

        client, wrong = Kycaid(), []

        def work(number):
            mine = client.applicants.create(Person(first_name="Jane", external_applicant_id=str(number)))
            for _ in range(199):
                if client.applicants.get(mine).applicant_id != mine:
                    wrong.append(mine)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert not wrong
        assert sum(t.name.startswith("kycaid-loop") for t in threading.enumerate()) == 1
        print("fine")
    """)
    assert done == FINE


@pytest.fixture
def upload_scripts(tmp_path, uploads):
    uploads.stall_after = 1_000_000
    (tmp_path / "big.png").write_bytes(picture(30_000_000))
    return Scripts(tmp_path, API_KEY, uploads.url)


async def interrupted(scripts, uploads, script, *flags, requests):
    """Send SIGINT in the middle of the upload; return what the process left, and how long it took to end.

    The server holds the upload until then. The unit is the time that the process took to come so far.
    """
    clock = asyncio.get_running_loop().time
    begun = clock()
    async with scripts.started(script, *flags) as process:
        await asyncio.wait_for(uploads.stalled.wait(), 30)
        start = clock()
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), 30)
        took = clock() - start
    uploads.go_on.set()
    while len(uploads.received) < requests:
        await asyncio.sleep(0)
    return Done(process.returncode, out.decode(), err.decode()), took / (start - begun)


async def test_an_interruption_amid_an_upload_aborts_it_and_ends_the_script_as_a_shell_expects(upload_scripts, uploads):
    script = """
        from kycaid_async import Kycaid
        Kycaid().files.create(__file__.replace("script.py", "big.png"))
    """
    # As users run it: development mode takes its time to end.
    done, share = await interrupted(upload_scripts, uploads, script, "-W", "error", requests=1)
    assert done.code == -signal.SIGINT  # a shell shows 130
    assert done.err.startswith("Traceback (most recent call last):")
    assert done.err.endswith("\nKeyboardInterrupt\n")
    assert done.err.count("Traceback") == 1
    assert share < 3
    assert [received.whole for received in uploads.received] == [False]


async def test_after_an_interruption_the_client_works_on(upload_scripts, uploads):
    done, _ = await interrupted(
        upload_scripts,
        uploads,
        """
        from kycaid_async import Kycaid
        client = Kycaid()
        try:
            client.files.create(__file__.replace("script.py", "big.png"))
        except KeyboardInterrupt:
            print(client.files.create(b"%PDF-1.4"))
        """,
        requests=2,
    )
    assert (done.code, done.out, done.err) == (0, "46b05f5c14c162402d186822fa0314c6162c\n", "")
    assert [received.whole for received in uploads.received] == [True, False]


FORKS = """
    import os, sys, threading
    from kycaid_async import ConfigurationError, Kycaid, Person
    from kycaid_async.sync.iteration import BlockingIterator

    client = Kycaid()

    def in_child(work):
        sys.stdout.flush()
        child = os.fork()
        if not child:
            work()
            sys.exit()  # with all that the end of an interpreter does
        assert os.waitpid(child, 0)[1] == 0

    def call():
        assert client.applicants.get(applicant).applicant_id == applicant

    def create():
        return client.applicants.create(Person(first_name="Jane", last_name="Example"))
    async def numbers():
        for number in range(1000):
            yield number

    def amid_an_iterator():
        numbers_of_parent = BlockingIterator(client._handle, numbers())
        next(numbers_of_parent)

        def child():
            try:
                list(numbers_of_parent)
            except ConfigurationError as error:
                assert "forked" in str(error)
                create()

        in_child(child)
        assert [*numbers_of_parent] == [*range(1, 1000)]

    def amid_calls():
        thread = threading.Thread(target=lambda: [call() for _ in range(3)])
        thread.start()
        in_child(call)
        thread.join()

    %s
    print("fine")
"""


@pytest.mark.parametrize(
    "steps",
    [
        "in_child(create); applicant = create(); in_child(call); call()",
        "applicant = create(); in_child(lambda: None); call(); in_child(lambda: in_child(call)); call()",
        "applicant = create(); in_child(client.close); call()",
        "applicant = create(); [amid_calls() for _ in range(8)]",
        "thread = threading.Thread(target=create); thread.start(); in_child(create); thread.join(); create()",
        "amid_an_iterator()",
    ],
    ids=["before and after", "again", "the child closes", "amid calls", "amid the first call", "amid an iterator"],
)
async def test_a_forked_child_connects_anew_and_leaves_the_parent_alone(scripts, steps):
    assert await scripts.run(FORKS % steps) == FINE


LOOKING_UP = """
    import os, signal, socket, threading

    real, lock, is_inside = socket.getaddrinfo, threading.Lock(), threading.Event()

    def look_up(*arguments, **options):
        with lock:  # as the C library has some, which nobody releases in a child
            is_inside.set()
            found = real(*arguments, **options)
            threading.Event().wait(0.05)  # a slow one
            return found

    socket.getaddrinfo = look_up
    os.environ["KYCAID_BASE_URL"] = os.environ["KYCAID_BASE_URL"].replace("127.0.0.1", "localhost")

    %s

    thread = threading.Thread(target=call)
    thread.start()
    assert is_inside.wait(20)
    child = os.fork()
    if not child:
        signal.alarm(20)
        call()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, "the child hangs"
    thread.join()
    print("fine")
"""
CALLING = {
    "blocking": """
    from kycaid_async import Kycaid

    client = Kycaid()

    def call():
        assert client.forms.list()
    """,
    "asynchronous": """
    import asyncio
    from kycaid_async import AsyncKycaid

    client = AsyncKycaid()

    def call():
        assert asyncio.run(client.forms.list(), debug=False)
    """,
}


@pytest.mark.parametrize("calling", CALLING)
async def test_a_child_that_is_forked_amid_a_look_up_of_a_name_can_look_names_up(scripts, calling):
    """A lock that is held at a fork is held in the child for ever. ``python -m tests.chaos`` met one of glibc's."""
    assert await scripts.run(LOOKING_UP % CALLING[calling]) == FINE


@pytest.mark.parametrize("amid", ["anyio/__init__.py", "anyio/from_thread.py", "cattrs/__init__.py", "exchange.py"])
async def test_a_first_call_by_a_signal_amid_the_imports_of_the_first_call_is_refused_and_does_not_hang(scripts, amid):
    done = await scripts.run(f"""
        import os, signal, sys
        from kycaid_async import ConfigurationError, Kycaid

        client, refused = Kycaid(), []

        def call(*_):
            try:
                client.forms.list()
            except ConfigurationError as error:
                refused.append(str(error))

        def send(event, arguments):
            if event == "exec" and arguments[0].co_filename.endswith({amid!r}):
                os.kill(os.getpid(), signal.SIGUSR1)

        signal.signal(signal.SIGUSR1, call)
        sys.addaudithook(send)
        assert client.forms.list()
        assert [text[:14] for text in refused] == ["the first call"], refused
        print("fine")
    """)
    assert done == FINE


async def test_the_asynchronous_client_connects_anew_in_a_forked_child(scripts):
    done = await scripts.run("""
        import asyncio, os, sys
        from kycaid_async import AsyncKycaid, Person

        client = AsyncKycaid()
        parents = asyncio.new_event_loop()
        parents.set_debug(False)
        person = Person(first_name="Jane", last_name="Example")
        applicant = parents.run_until_complete(client.applicants.create(person))
        child = os.fork()
        if not child:
            asyncio.run(client.applicants.get(applicant), debug=False)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        parents.run_until_complete(client.applicants.get(applicant))
        parents.run_until_complete(client.aclose())
        parents.close()
        print("fine")
    """)
    assert done == FINE


@pytest.mark.parametrize("method", ["fork", "spawn"])
async def test_processes_of_multiprocessing_use_the_client_they_are_given(scripts, sandbox, method):
    done = await scripts.run(f"""
        import multiprocessing
        from kycaid_async import Kycaid, Person

        def work(client, number):
            return client.applicants.create(Person(first_name="Jane", last_name="Example"))

        if __name__ == "__main__":
            client = Kycaid()
            work(client, 0)
            with multiprocessing.get_context("{method}").Pool(2) as pool:
                made = pool.starmap(work, [(client, n) for n in range(6)])
                pool.close()
                pool.join()
            assert len({{*made}}) == 6
            work(client, 7)
            print("fine")
    """)
    assert done == FINE
    assert sandbox.counts()["applicants"] == 8


async def test_a_notebook_works_without_a_word(sandbox, monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", sandbox.api_key)
    monkeypatch.setenv("KYCAID_BASE_URL", sandbox.url)
    cells = [
        "import asyncio\nfrom kycaid_async import Kycaid, Person\nasyncio.get_running_loop()\nclient = Kycaid()",
        "applicant = client.applicants.create(Person(first_name='Jane', last_name='Example'))",
        "await asyncio.sleep(0)\nprint(client.applicants.get(applicant).applicant_id == applicant)",
        "[row.status for row in client.verifications.report('2026-11-01')]",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    await NotebookClient(notebook, timeout=60, kernel_name="python3").async_execute()
    outputs = [output for cell in notebook.cells for output in cell.outputs]
    assert [output.output_type for output in outputs] == ["stream", "execute_result"], json.dumps(outputs)
    assert outputs[0].text == "True\n"
    assert outputs[1].data["text/plain"] == "[]"


async def test_a_loop_that_cannot_start_is_an_error_and_the_next_call_tries_again(scripts):
    done = await scripts.run("""
        import importlib, os, resource
        from kycaid_async import ConfigurationError, Kycaid

        from kycaid_async.sync.imports import import_all

        importlib.import_module("anyio._backends._asyncio")
        import_all()
        client, held = Kycaid(), []
        client.countries  # a section is imported when it is first asked for
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        try:
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            pass
        try:
            client.countries.list()
        except ConfigurationError as error:
            print(error)
        for descriptor in held:
            os.close(descriptor)
        print(len(client.countries.list()) > 0)
        if (child := os.fork()) == 0:
            os._exit(0)
        os.waitpid(child, 0)
        client.close()
    """)
    reason = "OSError: Too many open files"
    assert (done.code, done.out) == (0, f"the event loop cannot start ({reason}) [ConfigurationError]\nTrue\n"), (
        done.err
    )


CLOSING = """
    import os
    from kycaid_async import ConnectionLostError, Kycaid

    client = Kycaid(timeout=5)
    print(len(client.countries.list()) > 0)
    os.closerange(3, 256)  # as a program does that becomes a daemon
    print(len(client.countries.list()) > 0)
    {more}
"""


async def test_after_all_descriptors_were_closed_the_next_call_has_a_new_loop(scripts):
    more = "client.close()"
    assert await scripts.run(CLOSING.format(more=more), "-W", "error") == Done(0, "True\nTrue\n", "")


async def test_what_has_the_numbers_of_closed_descriptors_now_is_left_alone(scripts):
    more = """
    pairs = [__import__("socket").socketpair() for _ in range(20)]
    for one, other in pairs:
        one.setblocking(False), other.setblocking(False)
    print(len(client.countries.list()) > 0)
    client.close()
    for pair in pairs:
        for end in pair:
            try:
                print("got", end.recv(10))
            except BlockingIOError:
                pass
    os._exit(0)
    """
    script = CLOSING.replace("    print(len(client.countries.list()) > 0)\n    {more}", "{more}")
    done = await scripts.run(script.format(more=more), "-u")
    assert (done.code, done.out) == (0, "True\nTrue\n"), done.err


async def test_a_call_under_way_ends_when_all_descriptors_are_closed_and_says_what_is_not_known(scripts):
    done = await scripts.run(
        """
        import os, socket, threading
        from kycaid_async import ConnectionLostError, Kycaid
        from kycaid_async.sync import call

        call.LOOK_AFTER = 0.1
        server = socket.create_server(("127.0.0.1", 0))
        silent = Kycaid("k" * 36, base_url=f"http://127.0.0.1:{server.getsockname()[1]}")

        def become_a_daemon():
            connected, _ = server.accept()
            connected.recv(100)
            os.closerange(3, 256)

        threading.Thread(target=become_a_daemon, daemon=True).start()
        try:
            silent.applicants.create(type="PERSON", first_name="Jane", last_name="Example")
        except ConnectionLostError as error:
            print(error.maybe_processed, error.retryable, "all descriptors" in str(error))
        os._exit(0)
        """,
        "-u",
    )
    assert (done.code, done.out) == (0, "True False True\n"), done.err
    assert "Exception in thread kycaid-loop" not in done.err


async def test_where_no_thread_can_be_started_the_client_that_needs_none_is_named(scripts):
    done = await scripts.run("""
        import _thread
        from kycaid_async import ConfigurationError, Kycaid

        def full(*_, **__):
            raise RuntimeError("can't start new thread")

        _thread.start_new_thread, start = full, _thread.start_new_thread
        try:
            Kycaid().countries.list()
        except ConfigurationError as error:
            print(error)
        _thread.start_new_thread = start
        print(len(Kycaid().countries.list()) > 0)
    """)
    text = "Kycaid runs in a thread of its own, and none can be started here (can't start new thread); "
    assert done == Done(0, f"{text}AsyncKycaid needs none [ConfigurationError]\nTrue\n", "")
