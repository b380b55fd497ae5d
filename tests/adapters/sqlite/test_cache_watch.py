from pathlib import Path

import pytest

from llmgw.adapters.sqlite.cache_file import open_cache_file
from llmgw.adapters.sqlite.cache_watch import CacheWatch, Found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def test_it_tells_what_has_become_of_the_file(path: Path, tmp_path: Path) -> None:
    connection = open_cache_file(path)
    watch = CacheWatch(path)
    found = [watch.look()]
    path.rename(tmp_path / "old.db")
    found.append(watch.look())
    path.write_text("another")
    found.append(watch.look())
    (tmp_path / "old.db").replace(path)
    found.append(watch.look())
    path.write_text("text")
    found.append(watch.look())
    connection.close()
    watch.close()

    assert found == [Found.FINE, Found.GONE, Found.ANOTHER, Found.FINE, Found.OVERWRITTEN]


def test_a_directory_that_is_gone_is_a_file_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "cache.db"
    connection = open_cache_file(path)
    watch = CacheWatch(path)
    path.parent.rename(tmp_path / "elsewhere")
    found = [watch.look()]
    path.parent.write_text("a file now")
    found.append(watch.look())
    connection.close()
    watch.close()

    assert found == [Found.GONE, Found.GONE]


def test_a_link_that_leads_elsewhere_is_another_file(path: Path, tmp_path: Path) -> None:
    (tmp_path / "other.db").write_text("")
    path.symlink_to(tmp_path / "first.db")
    connection = open_cache_file(path)
    watch = CacheWatch(path)
    path.unlink()
    path.symlink_to(tmp_path / "other.db")
    found = watch.look()
    connection.close()
    watch.close()

    assert found is Found.ANOTHER


def test_only_its_own_logs_are_removed(path: Path) -> None:
    connection = open_cache_file(path)
    watch = CacheWatch(path)
    log, shared = (path.with_name(f"cache.db{suffix}") for suffix in ("-wal", "-shm"))
    log.rename(path.with_name("kept"))
    log.write_text("of another file")
    watch.remove_logs()
    left = (log.read_text(), shared.exists())
    connection.close()
    watch.close()

    assert left == ("of another file", False)
