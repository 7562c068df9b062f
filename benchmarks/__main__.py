"""Runs every benchmark, one after another: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import argparse

from benchmarks import language, latency, overhead


def main() -> int:
    """Run them all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small shapes only, a minute or two")
    options = parser.parse_args()
    arguments = ["--quick"] if options.quick else []
    return overhead.main(arguments) or latency.main(arguments) or language.main(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
