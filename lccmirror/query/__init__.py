"""Reading the mirror: read-only SQL. Needs no network, no daemon and no write permission."""

from .readonly import ReadOnlyCatalog, open_readonly
from .run import Result, Value, run_query

__all__ = ["ReadOnlyCatalog", "Result", "Value", "open_readonly", "run_query"]
