"""What callers call the things that the hub calls by OpenAI's names: what was left out is told in their words."""

from collections.abc import Container, Mapping

Words = Mapping[str, tuple[str, ...]]  # from the hub's to those of one dialect; where it has several, the usual first

NO_WORDS: Words = {}


def in_words(words: Words, name: str, fields: Container[str]) -> str:
    """The name, or what it is inside of, as the caller wrote it in the fields of his request."""
    known = name
    while known and known not in words:
        known = known.rpartition(".")[0]
    if not known:
        return name
    own = words[known]
    written = (word for word in own if word.partition(".")[0] in fields)
    return f"{next(written, own[0])}{name.removeprefix(known)}"
