"""A search for the key and for canaries of personal data where others can look during a run on a cluster."""

import subprocess
import urllib.request
from contextlib import suppress

PAGES = ("info/main/workers.html", "info/logs.html", "json/counts.json", "info/main/statistics")
DUMP = """
SELECT string_agg(query_to_xml(format('SELECT * FROM %I', table_name), true, true, '')::text, '')
FROM information_schema.tables WHERE table_schema = 'public'
"""


def leaks(secrets, *, page, ledger, logs):
    """Return where one of ``secrets`` can be read."""
    return [
        f"{place} shows {secret}" for place, text in _places(page, ledger, logs) for secret in secrets if secret in text
    ]


def _places(page, ledger, logs):
    import psycopg

    yield "ps", subprocess.run(["/bin/ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    for name in PAGES:
        with suppress(OSError), urllib.request.urlopen(f"http://{page}/{name}", timeout=5) as answer:
            yield f"Dask's {name}", answer.read().decode(errors="replace")
    with suppress(psycopg.Error), psycopg.connect(ledger.replace("+psycopg", "")) as database:
        yield "the ledger", str(database.execute(DUMP).fetchall())
        yield "pg_stat_activity", str(database.execute("SELECT * FROM pg_stat_activity").fetchall())
    for log in logs:
        yield log.name, log.read_text(errors="replace")
