"""Side-by-side measurements of lccmirror and of what a user would use instead.

``make bench`` measures every row and writes ``docs/benchmarks.json`` and, made from it,
``docs/benchmarks.md``; ``BENCH_ROWS=idle_poll,startup make bench`` measures those rows and
keeps the others. A row is a function of the folder it may work in (`benchmarks.rows`); to
add one, write it beside those of its kind and name it in `benchmarks.registry`.

Nothing here is a test, and no test measures time.
"""
