"""Blocking calls from where nobody expects them: finalizers, handlers of signals, and threads at the very end."""

import sys

import pytest

from tests.sync.scripts import Done

FINE = Done(0, "fine\n", "")


async def test_a_finalizer_that_calls_in_the_thread_of_a_loop_that_starts_is_refused(scripts):
    done = await scripts.run("""
        import asyncio, gc, threading
        from kycaid_async import ConfigurationError, Kycaid

        client, refused = Kycaid(), []

        class Temporary:
            def __init__(self):
                self.itself = self

            def __del__(self):
                try:
                    client.request("GET", "/forms")
                except ConfigurationError:
                    refused.append(threading.current_thread().name)

        make = asyncio.new_event_loop

        def make_and_collect():
            loop = make()
            gc.collect()  # as it happens by itself at any moment
            return loop

        client.forms
        asyncio.new_event_loop = make_and_collect
        gc.disable()
        Temporary()
        assert client.forms.list() is not None
        assert refused == ["kycaid-loop"], refused
        print("fine")
    """)
    assert done == FINE


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not send signals to a program itself")
async def test_a_handler_that_calls_while_the_first_call_starts_its_thread_gets_its_answer(scripts):
    done = await scripts.run("""
        import signal
        from kycaid_async import Kycaid
        from kycaid_async.sync import loop_thread

        client, answers, start = Kycaid(), [], loop_thread.start

        def start_after_a_signal(*arguments):
            loop_thread.start = start
            signal.raise_signal(signal.SIGUSR1)
            return start(*arguments)

        signal.signal(signal.SIGUSR1, lambda *_: answers.append(client.forms.list()))
        loop_thread.start = start_after_a_signal
        answers.append(client.forms.list())
        assert len(answers) == 2
        client.close()
        print("fine")
    """)
    assert done == FINE


async def test_a_daemon_thread_that_the_end_of_the_program_waits_for_gets_errors(scripts):
    done = await scripts.run(
        """
        import atexit, socket, threading

        def run():
            for method in "POST", "GET":
                try:
                    silent.request(method, "/applicants")
                except KycaidError as error:
                    print(type(error).__name__, error.maybe_processed)

        def wait_for_it():
            worker.join()
            print("joined")

        atexit.register(wait_for_it)  # before the import, so it runs when the client is at its end

        from kycaid_async import Kycaid, KycaidError
        from kycaid_async.sync import call

        call.EXIT_PAUSE = 0.2
        Kycaid().forms.list()
        server = socket.create_server(("127.0.0.1", 0))
        silent = Kycaid("k" * 36, base_url=f"http://127.0.0.1:{server.getsockname()[1]}")
        worker = threading.Thread(target=run, daemon=True)
        worker.start()
        connected, _ = server.accept()
        connected.recv(100)
        """,
        "-u",
    )
    assert (done.code, done.out) == (0, "ConnectionLostError True\nConfigurationError False\njoined\n"), done.err
    assert "Traceback" not in done.err


async def test_a_source_that_ends_the_program_ends_its_own_call_and_no_other(scripts):
    done = await scripts.run("""
        import socket, threading
        from kycaid_async import Kycaid

        client = Kycaid(timeout=30)
        server = socket.create_server(("127.0.0.1", 0))
        slow = Kycaid("k" * 36, base_url=f"http://127.0.0.1:{server.getsockname()[1]}")
        answers = []
        bystander = threading.Thread(target=lambda: answers.append(slow.request("GET", "/x")))
        bystander.start()
        connected, _ = server.accept()
        connected.recv(1000)

        async def broken():
            yield b"\\x89PNG\\r\\n\\x1a\\n" + bytes(300_000)
            raise SystemExit(7)

        try:
            client.files.create(broken, size=600_000)
        except SystemExit as error:
            assert error.code == 7
            print("its own")
        connected.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nContent-Type: application/json\\r\\n\\r\\n[]")
        bystander.join()
        print(answers)
        slow.close()
        client.close()
        connected.close()
        server.close()
    """)
    assert done == Done(0, "its own\n[[]]\n", "")


async def test_calls_of_a_loop_that_something_ends_say_whether_they_were_processed(scripts):
    done = await scripts.run(
        """
        import socket, threading
        from kycaid_async import Kycaid, KycaidError
        from kycaid_async.sync.loop_thread import loop_thread

        server = socket.create_server(("127.0.0.1", 0))
        silent = Kycaid("k" * 36, base_url=f"http://127.0.0.1:{server.getsockname()[1]}")
        ended = {}

        def call(method):
            try:
                silent.request(method, "/x")
            except KycaidError as error:
                ended[method] = (type(error).__name__, error.maybe_processed, error.retryable)

        calls = [threading.Thread(target=call, args=(method,)) for method in ("GET", "POST")]
        for one in calls:
            one.start()
        held = []
        for _ in calls:
            connected, _ = server.accept()
            connected.recv(1000)
            held.append(connected)
        loop = loop_thread.current_loop()
        loop.call_soon_threadsafe(loop.stop)
        print(len(Kycaid().forms.list()) > 0)
        for one in calls:
            one.join()
        print(sorted(ended.items()))
        """,
        "-u",
    )
    expected = [("GET", ("ConnectionLostError", False, True)), ("POST", ("ConnectionLostError", True, False))]
    assert (done.code, done.out) == (0, f"True\n{expected}\n"), done.err
