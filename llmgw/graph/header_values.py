"""What keeps a text from being sent in a header. Said at load: the first call would blame the provider for it.

The text may be a secret, so no fault repeats any of it.
"""

REMEDY = "set it again: one line, nothing around it"


def header_fault(text: str) -> str | None:
    """What is wrong with the value of a header."""
    if text != text.strip():
        return "begins or ends with white space or a line break"
    return None if text.isprintable() else "holds a character that cannot be seen, and that no header may carry"


def key_fault(text: str) -> str | None:
    """The same of a credential, which no provider gives out with other letters than ASCII."""
    return header_fault(text) or (None if text.isascii() else "holds a character beyond ASCII, perhaps a curly quote")
