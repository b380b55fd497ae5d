"""The thread around a model. The model itself is for `make semantic`; here a function stands in its place."""

import asyncio
import threading
from importlib.machinery import ModuleSpec
from pathlib import Path
from time import sleep

import pytest

from llmgw.adapters.local_embedder import TEXT_CHARS_MAX, WAITING_MAX, LocalEmbedder, Model, fault
from llmgw.chat.usage import Usage
from llmgw.errors import EmbeddingError
from llmgw.ports import Embedded
from llmgw.providers import embedding_libraries

NAME = "local/stand-in"


def loading(_name: str) -> Model:
    return lambda text: (b"\0" * 4, len(text.split()))


async def test_a_text_becomes_a_vector_off_the_loop() -> None:
    threads = []

    def load(name: str) -> Model:
        threads.append((name, threading.current_thread() is threading.main_thread()))
        return loading(name)

    embedder = LocalEmbedder(NAME, load=load)
    await embedder.load()
    told = [await embedder.embed("how are you") for _ in range(2)]
    await embedder.close()

    assert told == [Embedded(b"\0" * 4, Usage(input_tokens=3))] * 2
    assert threads == [(NAME, False)]


async def test_it_takes_no_longer_than_it_may_and_goes_on_afterwards() -> None:
    def load(_name: str) -> Model:
        sleep(0.2)
        return loading(_name)

    embedder = LocalEmbedder(NAME, within_s=0.02, load=load)
    with pytest.raises(EmbeddingError, match=r"no vector within 0\.02 s"):
        await embedder.embed("a")
    await embedder.load()

    assert (await embedder.embed("a")).usage == Usage(input_tokens=1)
    await embedder.close()


async def test_only_so_many_may_wait() -> None:
    going = threading.Event()

    def load(name: str) -> Model:
        going.wait(5)
        return loading(name)

    embedder = LocalEmbedder(NAME, within_s=5.0, load=load)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(embedder.embed("a")) for _ in range(WAITING_MAX)]
        await asyncio.sleep(0)
        with pytest.raises(EmbeddingError, match=f"{WAITING_MAX} texts are waiting already"):
            await embedder.embed("a")
        going.set()

    assert len({task.result() for task in tasks}) == 1
    assert (await embedder.embed("a")).vector
    await embedder.close()


async def test_a_text_that_is_too_long_is_refused() -> None:
    embedder = LocalEmbedder(NAME, load=loading)
    with pytest.raises(EmbeddingError, match=f"over {TEXT_CHARS_MAX} characters"):
        await embedder.embed("a" * (TEXT_CHARS_MAX + 1))
    await embedder.close()


async def test_a_model_that_cannot_be_loaded_says_so() -> None:
    def load(name: str) -> Model:
        raise EmbeddingError(f"{name}: cannot be loaded")

    embedder = LocalEmbedder(NAME, load=load)
    with pytest.raises(EmbeddingError, match="cannot be loaded"):
        await embedder.load()
    with pytest.raises(EmbeddingError, match="cannot be loaded"):
        await embedder.embed("a")
    await embedder.close()


@pytest.mark.parametrize("error", [IndexError("index out of range in self"), MemoryError("no room"), KeyError("x")])
async def test_whatever_a_model_raises_is_an_error_of_the_embedding(error: Exception) -> None:
    def model(_text: str) -> tuple[bytes, int]:
        raise error

    embedder = LocalEmbedder(NAME, load=lambda _name: model)
    with pytest.raises(EmbeddingError, match=f"{NAME}: {type(error).__name__}: "):
        await embedder.embed("a")
    with pytest.raises(EmbeddingError, match=type(error).__name__):
        await embedder.load()
    await embedder.close()


async def test_what_waits_when_it_is_closed_is_told_so_and_so_is_who_comes_later() -> None:
    going = threading.Event()

    def load(name: str) -> Model:
        going.wait(5)
        return loading(name)

    embedder = LocalEmbedder(NAME, within_s=5.0, load=load)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(refused(embedder)) for _ in range(3)]
        await asyncio.sleep(0.05)
        await embedder.close()
        going.set()
    with pytest.raises(EmbeddingError, match="it is closed"):
        await embedder.load()

    assert [task.result() for task in tasks] == ["", *[f"{NAME}: it is closed"] * 2]
    assert await refused(embedder) == f"{NAME}: it is closed"


async def test_who_is_cancelled_stays_cancelled_and_takes_his_text_along() -> None:
    going, seen = threading.Event(), list[str]()

    def model(text: str) -> tuple[bytes, int]:
        going.wait(5)
        seen.append(text)
        return b"", 0

    embedder = LocalEmbedder(NAME, within_s=5.0, load=lambda _name: model)
    async with asyncio.TaskGroup() as group:
        first, second = [group.create_task(embedder.embed(text)) for text in ("a", "b")]
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.sleep(0.05)
        going.set()
    await embedder.embed("c")
    await embedder.close()

    assert (first.cancelled(), second.cancelled()) == (False, True)
    assert seen == ["a", "c"]


async def refused(embedder: LocalEmbedder) -> str:
    """Why; empty if it was not."""
    try:
        await embedder.embed("a")
    except EmbeddingError as error:
        return error.message
    return ""


def missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        embedding_libraries, "find_spec", lambda wanted: None if wanted == name else ModuleSpec(wanted, None)
    )


def test_a_missing_library_is_a_fault_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    missing("sentence_transformers", monkeypatch)

    assert fault(NAME) == "a local model needs sentence-transformers: pip install 'llmgw[embed]'"
    assert fault("openai/text-embedding-3-small") is None


def test_the_index_has_its_needs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    missing("numpy", monkeypatch)

    assert fault("openai/text-embedding-3-small") == "semantic rules need numpy: pip install 'llmgw[semantic]'"


def test_a_path_is_a_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing("nothing", monkeypatch)

    assert fault(f"local/{tmp_path}") is None
    assert fault(f"local/{tmp_path}/not-there") == f"{tmp_path}/not-there is no directory with a model"
    assert fault("local/BAAI/bge-small-en-v1.5") is None
