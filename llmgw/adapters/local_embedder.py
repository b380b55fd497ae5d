"""Embeddings made in this process, by a model of sentence-transformers: `local/NAME` of its hub, or `local/PATH`.

It is loaded once, and works in one thread of its own: the event loop never waits for it. What does not fit into the
model's window is refused, for of a text that is cut off two could be alike which are not.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from llmgw.chat.usage import Usage
from llmgw.errors import EmbeddingError
from llmgw.ports import Embedded, Embedder
from llmgw.providers.embedding_libraries import LOCAL, lacking

WITHIN_S = 0.2
TEXT_CHARS_MAX = 8192
WAITING_MAX = 32  # texts, until one is refused
LOAD_S_MAX = 300.0  # by name it may have to be fetched first

# Gives the vector of a text, and how many tokens that has.
Model = Callable[[str], tuple[bytes, int]]


def fault(name: str) -> str | None:
    """Why a semantic rule cannot work with this embedder here, and what to do; None if it can. Imports no library.

    `name` is as the file has it. One that does not run in this process only needs the index.
    """
    library = lacking(name)
    if library is not None:
        return f"{library.message}: {library.install}"
    if not name.startswith(LOCAL):
        return None
    path = _path(name)
    return None if path is None or path.is_dir() else f"{path} is no directory with a model"


def _path(name: str) -> Path | None:
    """`local//opt/minilm`, `local/./minilm` and `local/~/minilm` are paths, all others names."""
    model = name.removeprefix(LOCAL)
    return Path(model).expanduser() if model[:1] in {"/", ".", "~"} else None


class LocalEmbedder:
    """Close it at the end."""

    def __init__(self, name: str, within_s: float = WITHIN_S, load: Callable[[str], Model] | None = None) -> None:
        self._name = name
        self._within_s = within_s
        self._load = load or _sentence_transformer
        self._model: Model | None = None
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="llmgw-embed")

    async def load(self) -> None:
        """Before the first text, which would come too late: so would the second, were the first one not made here.

        Raises EmbeddingError.
        """
        await self._come(self._submit("ready"), LOAD_S_MAX, "not loaded")

    async def embed(self, text: str, request_id: str = "") -> Embedded:  # noqa: ARG002 - the port's
        """Raises EmbeddingError, and nothing else."""
        if len(text) > TEXT_CHARS_MAX:
            raise EmbeddingError(f"{self._name}: a text of over {TEXT_CHARS_MAX} characters")
        if self._waiting >= WAITING_MAX:
            raise EmbeddingError(f"{self._name}: {WAITING_MAX} texts are waiting already")
        done = self._submit(text)
        self._waiting += 1
        loop = asyncio.get_running_loop()
        done.add_done_callback(lambda _: loop.is_closed() or loop.call_soon_threadsafe(self._note_done))
        return await self._come(done, self._within_s, "no vector")

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _submit(self, text: str) -> Future[Embedded]:
        try:
            return self._thread.submit(self._embed, text)
        except RuntimeError:
            raise self._closed() from None

    async def _come(self, done: Future[Embedded], within_s: float, late: str) -> Embedded:
        """Whatever a model raises, or does not: who asked it goes on."""
        answer = asyncio.wrap_future(done)
        try:
            await asyncio.wait([answer], timeout=within_s)
        finally:
            is_late = answer.cancel()
        if is_late:
            raise EmbeddingError(f"{self._name}: {late} within {within_s:g} s")
        if answer.cancelled():
            raise self._closed()
        error = answer.exception()
        if error is None:
            return answer.result()
        raise error if isinstance(error, EmbeddingError) else EmbeddingError(f"{self._name}: {_told(error)}")

    def _closed(self) -> EmbeddingError:
        return EmbeddingError(f"{self._name}: it is closed")

    def _note_done(self) -> None:
        self._waiting -= 1

    # In the thread.

    def _embed(self, text: str) -> Embedded:
        vector, tokens = self._loaded()(text)
        return Embedded(vector, Usage(input_tokens=tokens))

    def _loaded(self) -> Model:
        if self._model is None:
            self._model = self._load(self._name)
        return self._model


def _sentence_transformer(name: str) -> Model:
    why = fault(name)
    if why is not None:
        raise EmbeddingError(f"{name}: {why}")
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)  # a question is a few words: more threads would only wait for each other, and for ours
    try:
        model = SentenceTransformer(str(_path(name) or name.removeprefix(LOCAL)), device="cpu")
    except (OSError, ValueError, RuntimeError) as error:
        raise EmbeddingError(f"{name}: cannot be loaded ({_told(error)})") from None
    return lambda text: _vector(model, name, text)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".partition("\n")[0][:300]


def _vector(model: Any, name: str, text: str) -> tuple[bytes, int]:
    tokens = len(model.tokenizer(text)["input_ids"])
    if tokens > (model.max_seq_length or tokens):
        raise EmbeddingError(f"{name}: {tokens} tokens, and its window has {model.max_seq_length}")
    (values,) = model.encode([text], normalize_embeddings=True, show_progress_bar=False)
    return values.astype("<f4").tobytes(), tokens


_: type[Embedder] = LocalEmbedder
