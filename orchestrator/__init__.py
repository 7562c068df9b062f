"""The runner: a checked squad in, recorded turns and an answer out."""
