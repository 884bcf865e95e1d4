"""The set-up's progress, while an installer writes and removes files in the folder that is measured."""

import threading
from pathlib import Path

from bootstrap import size


def test_files_that_go_while_they_are_counted_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"x" * 5000)
    ended = threading.Event()

    def install() -> None:
        folder = tmp_path / "package"
        folder.mkdir()
        files = [folder / f"{number}.pyc" for number in range(40)]
        while not ended.is_set():
            for file in files:
                file.touch()
            for file in files:
                file.unlink()
        folder.rmdir()

    installer = threading.Thread(target=install)
    installer.start()
    try:
        sizes = [size(tmp_path) for _ in range(2_000)]
    finally:
        ended.set()
        installer.join()
    assert min(sizes) >= 5000 / 1e9
    assert size(tmp_path) == 5000 / 1e9
