"""Runs every benchmark, one after another: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import argparse

from benchmarks import journal, language, latency, limits, memory, overhead, resume, reuse, startup


def main() -> int:
    """Run them all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small shapes only, a minute or two")
    options = parser.parse_args()
    arguments = ["--quick"] if options.quick else []
    benchmarks = (overhead, latency, reuse, resume, startup, limits, journal, language, memory)
    return next((code for each in benchmarks if (code := each.main(arguments))), 0)


if __name__ == "__main__":
    raise SystemExit(main())
