"""Field names: Google takes camelCase and snake_case alike, so whatever comes in is read as camelCase.

What belongs to the caller's own program (arguments, results, schemas, labels) keeps the names that it has.
"""

from typing import Any

_OTHERS_OWN = frozenset(
    {
        *("args", "labels", "partMetadata", "response"),
        *("parameters", "parametersJsonSchema", "responseJsonSchema", "responseSchema"),
    }
)


def camel(name: str) -> str:
    """One name; those that begin with an underscore are no words of the documentation."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest) if head else name


def renamed(value: Any) -> Any:
    """Decoded JSON with all names in camelCase. Raises RecursionError if it is nested too deeply."""
    if isinstance(value, list):
        return [renamed(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = ((camel(name), inner) for name, inner in value.items())
    return {name: inner if name in _OTHERS_OWN else renamed(inner) for name, inner in named}
