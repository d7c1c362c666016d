"""An offline mirror and sync daemon for LCC-Servers."""

__version__ = "0.1.0.dev0"
