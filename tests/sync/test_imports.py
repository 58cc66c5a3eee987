"""Imports of the first call, beside those of other threads."""

import importlib
import sys
import threading

from kycaid_async.sync import imports

SLOW = """
from tests.sync import test_imports
test_imports.seen.append(test_imports.imports.is_amid_an_import())
test_imports.begun.set()
test_imports.may_end.wait()
"""

seen, begun, may_end = [], threading.Event(), threading.Event()


def test_an_import_of_another_thread_is_not_taken_for_ones_own(tmp_path, monkeypatch):
    """Of eight threads that made their first calls together, one could be refused for what another was importing."""
    (tmp_path / "slow_to_import.py").write_text(SLOW, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(imports, "_OPTIONAL", ("slow_to_import",))
    thread = threading.Thread(target=importlib.import_module, args=["slow_to_import"])
    thread.start()
    try:
        assert begun.wait(10)
        assert sys.modules["slow_to_import"].__spec__._initializing
        assert not imports.is_amid_an_import()
    finally:
        may_end.set()
        thread.join(10)
    assert seen == [True], "what is imported there itself is"
    assert not imports.is_amid_an_import()
    del sys.modules["slow_to_import"]
