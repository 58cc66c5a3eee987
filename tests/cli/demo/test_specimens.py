"""The drawn documents."""

from collections import Counter
from io import BytesIO

import pytest
from PIL import Image

from kycaid_async.cli.demo.people import Flaw, specimens
from kycaid_async.cli.demo.specimens import draw_into, encode

ALL = specimens()
ONE_OF_EACH = list({specimen.format: specimen for specimen in ALL}.values())


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("specimens")
    return [draw_into(folder, specimen) for specimen in ALL]


def test_there_are_at_least_48_of_at_least_four_formats(files):
    assert len({file.path for file in files}) == len(files) >= 48
    assert min(Counter(file.path.suffix for file in files).values()) >= 4
    assert {file.path.suffix for file in files} >= {".jpg", ".png", ".pdf", ".webp"}


def test_their_sizes_are_those_of_real_files(files):
    sizes = [file.size for file in files]
    assert all(file.path.stat().st_size == file.size for file in files)
    assert min(sizes) < 40_000
    assert 1_000_000 < max(sizes) < 3_000_000


@pytest.mark.parametrize("specimen", ONE_OF_EACH, ids=lambda specimen: specimen.format)
def test_each_is_drawn_the_same_way_every_time(specimen):
    assert encode(specimen) == encode(specimen)


@pytest.mark.parametrize("specimen", ONE_OF_EACH, ids=lambda specimen: specimen.format)
def test_each_is_what_its_name_says(specimen):
    content = encode(specimen)
    if specimen.format == "pdf":
        assert content.startswith(b"%PDF-")
    else:
        assert Image.open(BytesIO(content)).get_format_mimetype() == Image.MIME[_format(specimen.format)]


def _format(suffix):
    return Image.registered_extensions()["." + suffix]


def test_nobody_has_two_documents_of_one_type():
    owned = Counter((id(specimen.holder), specimen.type) for specimen in ALL)
    assert set(owned.values()) == {1}


def test_numbers_repeat_only_where_one_was_copied():
    numbers = Counter(specimen.number for specimen in ALL if specimen.number)
    assert len([number for number, count in numbers.items() if count > 1]) == 1


def test_most_are_without_a_flaw_and_every_flaw_is_shown():
    flaws = Counter(specimen.flaw for specimen in ALL)
    assert set(flaws) == set(Flaw)
    assert flaws[Flaw.NONE] > len(ALL) * 2 / 3


def test_names_are_latin_letters():
    assert all((specimen.holder.first_name + specimen.holder.last_name).isascii() for specimen in ALL)
