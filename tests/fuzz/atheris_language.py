"""A target for atheris, which finds new files by what they reach in the compiler.

    pip install atheris
    python -m tests.fuzz.atheris_language [CORPUS_FOLDER] [-max_total_time=3600]

It starts from the valid files of this repository besides those in the corpus folder, which also gets what is
found. A file that makes neither a squad nor a diagnostic ends it and is left in the folder it was started in;
`python -m tests.fuzz.atheris_language FILE` runs that file again. Input that begins with a zero byte is taken
as a seed for one of those files, damaged by `configurations.py`.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path
from random import Random

from tests.fuzz.configurations import damaged

HERE = Path(__file__).resolve().parents[2]
SEEDS = (*sorted(HERE.glob("tests/cases/*.lark")), *sorted(HERE.glob("examples/*.lark")))


def main() -> None:
    """Fuzz until something is found or the time is up."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["agentlark"]):
        running = importlib.import_module("tests.fuzz.running")
    valid = [path.read_bytes() for path in SEEDS]
    with tempfile.TemporaryDirectory() as folder:
        file = running.prepare(Path(folder))
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        for number, data in enumerate(valid):
            (seeds / str(number)).write_bytes(data)

        def one(data: bytes) -> None:
            if data[:1] == b"\0":
                data = damaged(Random(data), valid)
            running.outcome(file, data)

        is_one_file = any(Path(argument).is_file() for argument in sys.argv[1:])
        atheris.Setup(sys.argv if is_one_file else [*sys.argv, str(seeds)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
