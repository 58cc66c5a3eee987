"""The page about an upload: whole in itself, and without a person in it."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async import BadRow, BulkResult, BulkRow, BulkSummary, FieldProblem, InvalidFileError
from kycaid_async.bulk.row import BulkStatus
from kycaid_async.cli.upload.report import page, plot
from kycaid_async.cli.upload.stats import History, UploadStats

EVIL = "<script>alert('&')</script>"


class Page(HTMLParser):
    """What a browser would find in a page: its elements, and its text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def account(**changes):
    made = UploadStats(
        **{"manifest": Path("/srv/people.csv"), "server": "https://api.kycaid.com", "clock": lambda: 0.0} | changes
    )
    made.rows = 1234
    made.begin(BulkSummary(created=1000, done_before=200, failed=1, files=999, bytes=5_000_000, seconds=75.0))
    for second in range(75):
        made.history.note(second)
    return made


def test_the_counts_the_duration_and_the_reasons_stand_in_it():
    made = account()
    made.note_bad(BadRow(line=7, problems=(FieldProblem("type", "a value", "nothing"),)))
    text = Page(page(made)).text
    for part in ("people.csv", "1,234", "1,000", "5.0 MB", "1 min 15 s", "type: expected a value, got nothing"):
        assert part in text


def test_it_says_where_the_rows_are_that_were_set_aside_and_what_to_do_with_them():
    made = account()
    made.summary.uncertain = 1
    assert "stand" not in Page(page(made)).text
    made.rejects, made.uncertain = Path("/srv/people.rejects.csv"), Path(f"/srv/{EVIL.replace('/', '')}.csv")
    found = Page(page(made))
    assert "In people.rejects.csv stand the rows that are bad or failed, to be corrected and sent again." in found.text
    assert "stand the uncertain rows: KYCAID may have them already. Look for each before" in found.text
    assert (found.all("script"), "/srv" in found.text) == ([], False)


def test_it_runs_no_script_and_loads_nothing_and_its_policy_lets_only_its_own_style_in():
    found = Page(page(account()))
    (policy,) = [m["content"] for m in found.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", page(account()), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert not {name for name, _ in found.elements} & {"script", "link", "img", "iframe", "object"}
    assert not any({"src", "href", "style"} & set(attributes) for _, attributes in found.elements)
    assert "url(" not in style


def test_whatever_stands_in_a_name_or_a_reason_is_text():
    made = account(manifest=Path(f"{EVIL}.csv".replace("/", "")), server=EVIL)
    made.ended = EVIL
    made.note_bad(BadRow(line=1, problems=(FieldProblem(EVIL, "a value", EVIL),)))
    found = Page(page(made))
    assert found.all("script") == []
    assert found.text.count(EVIL) == 4


def test_the_path_of_a_file_is_not_in_it():
    made = account()
    path = "/srv/Ada Quill passport.png"
    row = BulkRow(document={"type": "PASSPORT"}, applicant_id="1" * 36, front_side=path, line=3)
    error = InvalidFileError("***.png: is empty", file=path)
    made.note(BulkResult(row=row, status=BulkStatus.FAILED, error=error))
    assert "front_side: is empty" in Page(page(made)).text
    assert "Quill" not in page(made)


def test_a_thousand_reasons_are_listed_and_the_others_counted():
    made = account()
    for line in range(1, 3001):
        made.note_bad(BadRow(line=line, problems=(FieldProblem("type", "a value", "nothing"),)))
    found = Page(page(made))
    assert len(found.all("tr")) == 1001
    assert "and 2,001 more" in found.text


def test_without_failures_it_says_so_and_without_documents_there_is_no_plot():
    made = account()
    made.begin(BulkSummary(done_before=1234))
    found = Page(page(made))
    assert "None." in found.text
    assert [plot for plot in found.all("svg") if plot.get("role") == "img"] == []


# The plot.


@given(st.lists(st.floats(0, 1e6), max_size=300).map(sorted))
def test_history_forgets_no_document_and_stays_small(moments):
    history = History()
    for moment in moments:
        history.note(moment)
    assert sum(history.counts) == len(moments)
    assert len(history.counts) <= 120
    assert all(history.step * len(history.counts) > moment for moment in moments)


def test_history_shows_the_silence_at_the_end():
    history = History(step=1)
    history.note(0)
    history.extend(9.5)
    assert history.counts == [1, *[0] * 9]


@pytest.mark.parametrize(
    ("seconds", "unit", "below"),
    [
        (10, "seconds", ["0", "2", "4", "6", "8", "10"]),
        (300, "minutes", ["0", "1", "2", "3", "4", "5"]),
        (7 * 3600, "hours", ["0", "2", "4", "6"]),
    ],
)
def test_the_axes_have_round_numbers_and_a_unit_that_fits(seconds, unit, below):
    history = History(step=seconds / 100)
    for number in range(100):
        history.note((number + 0.5) * seconds / 100)
    drawn = plot(history)
    labels = re.findall(r'<text class="(?:start|middle|end)"[^>]*>([\d.]+)<', drawn)
    assert f"time since the start ({unit})" in drawn
    assert labels == below
    assert drawn.count('class="bar"') == 100


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=120))
def test_no_bar_stands_out_of_the_plot(counts):
    history = History(step=1)
    history.counts = counts
    drawn = plot(history)
    bars = re.findall(r'class="bar" x="([\d.]+)%" width="([\d.]+)%" y="([\d.]+)" height="([\d.]+)"', drawn)
    assert len(bars) == sum(map(bool, counts))
    for x, width, y, height in (map(float, bar) for bar in bars):
        assert 0 <= x <= x + width <= 100.01
        assert 7.9 <= y <= y + height <= 208.1
    ticks = [float(y) for y in re.findall(r'class="(?:grid|axis)" x1="0" x2="100%" y1="([\d.]+)"', drawn)]
    assert 2 <= len(ticks) <= 7


def test_the_way_from_rows_to_documents_stands_below_the_bad_rows():
    made = account()
    made.note_bad(BadRow(line=7, problems=(FieldProblem("type", "a value", "nothing"),)))
    text = Page(page(made)).text
    funnel = text[text.index("From rows to documents") :]
    assert text.index("got nothing") < text.index("From rows to documents") < text.index("This run")
    assert "rows1,234documents delivered1,200bad1failed1uncertain0left32" in funnel
