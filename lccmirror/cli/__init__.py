"""The command line: words, tables, progress bars and exit codes; everything else it calls."""
