"""What must never come out: unique strings, made at run time so that no source line that a reporter quotes has them."""

import secrets
from typing import Final


class Marks:
    """Gives each mark by its name. It prints none of them, so that it can stand in any frame."""

    __slots__ = ("_texts",)

    NAMES: Final = (
        "key",
        "name",
        "surname",
        "number",
        "card",
        "email",
        "content",
        "folder",
        "secret",
        "answer",
        "born",
        "ident",
        "word",
    )

    def __init__(self) -> None:
        # Letters and digits that no hash, address or time has in a row; a name has to be Latin letters.
        letters = str.maketrans("0123456789abcdef", "GHIJKLMNOPQRSTUV")
        self._texts = {name: "Zq" + secrets.token_hex(8).translate(letters) for name in self.NAMES}
        self._texts["card"] = str(4_929_000_000_000_000 + secrets.randbelow(10**12))
        self._texts["word"] = self._texts["word"].lower()  # as codes and names of fields begin
        self._texts["email"] = f"{self._texts['email'].lower()}@canary.example"
        self._texts["ident"] = ("Zq" + secrets.token_hex(20).translate(letters))[:36]
        self._texts["born"] = f"19{secrets.randbelow(90) + 10}-0{secrets.randbelow(9) + 1}-{secrets.randbelow(18) + 10}"

    def __getattr__(self, name: str) -> str:
        return self._texts[name]

    def found_in(self, text: str) -> list[str]:
        """Return the names of the marks that stand in ``text``."""
        return [name for name, mark in self._texts.items() if mark in text]

    def hidden(self, text: str) -> str:
        """Return ``text`` with the name of each mark in its place."""
        for name, mark in self._texts.items():
            text = text.replace(mark, f"<{name}>")
        return text
