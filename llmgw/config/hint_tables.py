"""How tables of hints are written, and what rules of every kind are asked for in the words of others."""

Hints = tuple[str, str]
"""Words, with a space between them, and what to write instead of each."""

CONDITION: Hints = ("if when where condition filter", "here it is `match`, a condition in CEL")
MODELS: Hints = ("model routes route", "here it is `models`, a list of names")


def under(section: str, *hints: Hints) -> dict[str, str]:
    """Each word at that place, with its hint."""
    return {f"{section}.{word}": hint for words, hint in hints for word in words.split()}
