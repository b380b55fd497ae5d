"""Contents and parts as they are on the wire, of a request and of an answer (https://ai.google.dev/api/caching#Content).

One Struct for every kind of part, all fields optional: the kinds grow by the month, and one that we do not know must
not make a body unreadable. What has no word in the hub is only known to be there.
"""

from typing import Any

import msgspec

from llmgw.dialects.gemini_generate.names import camel


class Blob(msgspec.Struct, rename="camel"):
    """Data in base64."""

    mime_type: str | None = None
    data: str | None = None
    display_name: str | None = None


class FileData(msgspec.Struct, rename="camel"):
    """A file behind an address: Google's own store, Cloud Storage or the web."""

    file_uri: str | None = None
    mime_type: str | None = None
    display_name: str | None = None


class PartialArg(msgspec.Struct, rename="camel"):
    """A piece of the arguments of a call: what stands, or goes on, at a place."""

    json_path: str = "$"
    string_value: str | None = None
    number_value: float | None = None
    bool_value: bool | None = None


class FunctionCall(msgspec.Struct, rename="camel"):
    """`args` whole, or in pieces: then the call goes on until one says nothing more."""

    id: str | None = None
    name: str | None = None
    args: msgspec.Raw = msgspec.Raw()
    partial_args: list[PartialArg] | None = None
    will_continue: bool | None = None


_FOREIGN = (
    *("inline_data", "file_data", "executable_code", "code_execution_result"),
    *("tool_call", "tool_response", "audio_transcription"),
)


class Part(msgspec.Struct, rename="camel"):
    """Any part of an answer."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    inline_data: Any = None
    file_data: Any = None
    executable_code: Any = None
    code_execution_result: Any = None
    tool_call: Any = None
    tool_response: Any = None
    audio_transcription: Any = None

    @property
    def says(self) -> bool:
        """Whether a client would see something of it."""
        return bool(self.text or self.thought_signature or self.function_call or self.foreign)

    @property
    def foreign(self) -> str:
        """Its kind, if it is one for which the hub has no word."""
        return next((camel(name) for name in _FOREIGN if getattr(self, name)), "")


class AskedPart(msgspec.Struct, rename="camel"):
    """A part of a request, its names in camelCase."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: dict[str, Any] | None = None
    function_response: dict[str, Any] | None = None
    inline_data: Blob | None = None
    file_data: FileData | None = None


KNOWN_PARTS = frozenset(map(camel, AskedPart.__struct_fields__))
