"""Every parser of foreign bytes, under bytes that nobody meant to write.

`targets` says what is fuzzed and what has to hold; `judge` runs one input. `python -m
tests.fuzz` does it for as long as wanted, guided by coverage; `make test` replays the corpus
and everything that was ever found.
"""
