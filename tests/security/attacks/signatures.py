"""Only what was signed with one of the keys is taken for a callback."""

import base64
import hashlib
import hmac
import random

from kycaid_async import KycaidError
from kycaid_async.callbacks import construct_event
from tests.security.outcome import Outcome

NAME = "Forged and changed signatures of callbacks"
KEY = "key-of-the-account"
BODY = b'{"type": "VERIFICATION_COMPLETED", "request_id": "r", "verified": true}'


def signature(body: bytes, key: str) -> str:
    """Sign as the vendor's reference says, by no code of the package."""
    return hmac.new(key.encode(), base64.b64encode(body), hashlib.sha512).hexdigest()


def attack(chance: random.Random, cases: int) -> Outcome:
    outcome = Outcome()
    good = signature(BODY, KEY)
    for _ in range(cases * 10):
        body, given = BODY, good
        name, change = chance.choice(CHANGES)
        body, given = change(chance, body, given)
        try:
            construct_event(body, given, KEY)
        except KycaidError:
            held = True
        else:
            held = (body, (given or "").strip()) == (BODY, good)
        outcome.count(held, f"{name}: {body!r} with {given!r} was taken")
    outcome.count(construct_event(BODY, good, KEY).request_id == "r", "a good one was refused")
    return outcome


def _flip(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice("0123456789abcdef\x00\uff45") + text[at + 1 :]


def _in_body(chance: random.Random, body: bytes) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + bytes([chance.randrange(256)]) + body[at + chance.randrange(2) :]


CHANGES = (
    ("a byte of the body", lambda chance, body, given: (_in_body(chance, body), given)),
    ("a digit", lambda chance, body, given: (body, _flip(chance, given))),
    ("a part", lambda chance, body, given: (body, given[: chance.randrange(len(given))])),
    ("more", lambda chance, body, given: (body, given + chance.choice("0a\x00,;"))),
    ("upper case", lambda _chance, body, given: (body, given.upper())),
    ("nothing", lambda chance, body, _given: (body, chance.choice((None, "", " ", "null", "0" * 128)))),
    ("another key", lambda chance, body, _given: (body, signature(body, f"key{chance.randrange(10**9)}"))),
    ("no key", lambda _chance, body, _given: (body, signature(body, ""))),
    ("another hash", lambda _chance, body, _given: (body, hmac.new(KEY.encode(), body, hashlib.sha512).hexdigest())),
    ("a shorter hash", lambda _chance, body, _given: (body, hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest())),
    ("wide digits", lambda _chance, body, given: (body, given.translate({ord("a"): "\uff41", ord("1"): "\uff11"}))),
)
