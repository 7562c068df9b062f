"""Runs every benchmark, one after another: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import argparse

from benchmarks import overhead


def main() -> int:
    """Run them all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small shapes only, under a minute")
    options = parser.parse_args()
    return overhead.main(["--quick"] if options.quick else [])


if __name__ == "__main__":
    raise SystemExit(main())
