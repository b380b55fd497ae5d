"""Citations of Converse are Claude's in other words: told in Anthropic's, they mean something to its callers."""

from typing import Any

# By Converse's name of the kind of place: Anthropic's name of it, and of where it starts and ends.
_PLACES = {
    "documentChar": ("char_location", "start_char_index", "end_char_index"),
    "documentPage": ("page_location", "start_page_number", "end_page_number"),
    "documentChunk": ("content_block_location", "start_block_index", "end_block_index"),
}


def read_citation(told: Any) -> dict[str, Any] | None:
    """None: of a kind for which there is no word."""
    location = told.get("location") if isinstance(told, dict) else None
    for kind, (name, start, end) in _PLACES.items():
        place = location.get(kind) if isinstance(location, dict) else None
        if isinstance(place, dict):
            return {
                "type": name,
                "cited_text": _cited_text(told.get("sourceContent")),
                "document_index": place.get("documentIndex", 0),
                "document_title": told.get("title"),
                start: place.get("start", 0),
                end: place.get("end", 0),
            }
    return None


def _cited_text(source: Any) -> str:
    texts = [piece.get("text") for piece in source if isinstance(piece, dict)] if isinstance(source, list) else []
    return "".join(text for text in texts if isinstance(text, str))
