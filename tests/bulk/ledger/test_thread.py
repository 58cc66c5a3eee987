"""The thread of a ledger does all that it is given, also what comes as it ends."""

import threading

import pytest

from kycaid_async.bulk.ledger import thread as module


class EndingProgram:
    """A main thread that is over, and that something is given to the ledger's thread after it was asked."""

    def __init__(self, monkeypatch):
        self.asked, self.go_on = threading.Event(), threading.Event()
        monkeypatch.setattr(module, "_LOOK", 0.001)
        monkeypatch.setattr(module.threading, "main_thread", lambda: self)

    def is_alive(self):
        self.asked.set()
        assert self.go_on.wait(20)
        return False


@pytest.fixture
def ending(monkeypatch):
    return EndingProgram(monkeypatch)


def test_what_comes_while_the_thread_finds_that_its_program_is_over_is_done(ending):
    thread = module.LedgerThread()
    assert ending.asked.wait(20)
    done = thread.submit(lambda: "done")
    ending.go_on.set()
    assert done.result(timeout=20) == "done"


def test_what_comes_after_the_thread_has_ended_is_done_where_it_comes(ending):
    ending.go_on.set()
    thread = module.LedgerThread()
    thread._thread.join(20)
    assert thread.submit(threading.get_ident).result(timeout=0) == threading.get_ident()


def test_what_comes_after_the_end_was_asked_for_is_done_after_all_before_it():
    thread, begin, order = module.LedgerThread(), threading.Event(), []
    thread.put(lambda: (begin.wait(20), order.append("before")))
    thread.end()
    threading.Timer(0, begin.set).start()
    thread.put(lambda: order.append("after"))
    assert order == ["before", "after"]
