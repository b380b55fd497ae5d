"""The little YAML that we write ourselves."""

import json


def quoted(text: str) -> str:
    """A text as a double-quoted scalar: JSON's quoting is YAML's too."""
    return json.dumps(text, ensure_ascii=False)
