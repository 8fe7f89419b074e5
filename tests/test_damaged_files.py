"""Files that were damaged at random, through every reader beside those of `images/test_mutated_files.py`."""

from pathlib import Path

import pytest
from damaged_files import CHANGES, READERS, damaged, read_quietly
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_damaged_file_is_read_or_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file, write, _ = READERS[name]
    write()
    whole = Path(file).read_bytes()
    assert read_quietly(name)

    @settings(
        max_examples=4,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(CHANGES | st.just([("cut", 0, 0)]))
    def check(changes):
        Path(file).write_bytes(damaged(whole, changes))
        read_quietly(name)

    check()
