"""None of some thousand cells of a manifest gets through."""

import sys

import pytest

from tests.security import manifests


@pytest.mark.skipif(sys.platform == "win32", reason="links and special files of POSIX")
def test_no_attack_by_a_cell_of_a_manifest_gets_through():
    tried, through = manifests.attack()
    assert through == []
    assert tried > 6000
