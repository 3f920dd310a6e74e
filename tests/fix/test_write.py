"""Files are replaced whole, with their mode, behind links, or left as they were."""

import os
import stat
from pathlib import Path

import pytest

from sqlalint.fix.write import Change, write_file, write_together


def test_the_content_is_replaced_and_nothing_is_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"before\r\n")
    write_file(str(path), b"after\r\n\xff")
    assert path.read_bytes() == b"after\r\n\xff"
    assert [p.name for p in tmp_path.iterdir()] == ["a.py"]


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600, 0o664])
def test_the_mode_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"before")
    path.chmod(mode)
    write_file(str(path), b"after")
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_of_a_link_the_file_behind_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "a.py", tmp_path / "link.py"
    target.write_bytes(b"before")
    link.symlink_to(Path("there") / "a.py")
    write_file(str(link), b"after")
    assert link.is_symlink()
    assert target.read_bytes() == b"after"
    assert [p.name for p in tmp_path.iterdir() if not p.is_dir()] == ["link.py"]


def test_a_read_only_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"before")
    path.chmod(0o444)
    with pytest.raises(OSError) as problem:
        write_file(str(path), b"after")
    assert problem.value.strerror == "is read-only"
    assert path.read_bytes() == b"before"


def test_what_is_no_file_or_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="regular"):
        write_file(str(tmp_path), b"after")
    with pytest.raises(FileNotFoundError):
        write_file(str(tmp_path / "none.py"), b"after")
    assert list(tmp_path.iterdir()) == []


def test_where_replacing_fails_the_file_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"before")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError) as problem:
        write_file(str(path), b"after")
    assert problem.value.strerror == "No space left on device"
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.py"]


# --- several files ---


def changes(folder: Path, *names: str) -> dict[str, Change]:
    for name in names:
        (folder / name).write_bytes(b"before")
    return {str(folder / name): Change(b"before", b"after") for name in names}


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_several_files_are_written_together(tmp_path: Path) -> None:
    write_together(changes(tmp_path, "a.py", "b.py"))
    assert contents(tmp_path) == {"a.py": b"after", "b.py": b"after"}


def test_where_one_is_read_only_none_is_written_and_the_error_names_it(tmp_path: Path) -> None:
    both = changes(tmp_path, "a.py", "b.py")
    (tmp_path / "b.py").chmod(0o444)
    with pytest.raises(OSError) as problem:
        write_together(both)
    assert problem.value.filename == str(tmp_path / "b.py")
    assert contents(tmp_path) == {"a.py": b"before", "b.py": b"before"}


def test_what_has_changed_in_the_meantime_is_left_alone(tmp_path: Path) -> None:
    both = changes(tmp_path, "a.py", "b.py")
    (tmp_path / "b.py").write_bytes(b"somebody else's")
    with pytest.raises(OSError, match="has changed since it was read"):
        write_together(both)
    assert contents(tmp_path) == {"a.py": b"before", "b.py": b"somebody else's"}


def test_what_was_written_is_taken_back_where_a_later_file_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, replace = changes(tmp_path, "a.py", "b.py"), os.replace

    def fail_for_b(draft: str, target: str) -> None:
        if target.endswith("b.py"):
            raise OSError(28, "No space left on device")
        replace(draft, target)

    monkeypatch.setattr(os, "replace", fail_for_b)
    with pytest.raises(OSError, match="No space"):
        write_together(both)
    assert contents(tmp_path) == {"a.py": b"before", "b.py": b"before"}
