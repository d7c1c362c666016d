"""A small LCC-Server inside this process, for the demo and the tests.

``with DemoServer() as server:`` serves two collections of synthetic variable stars at
``server.url`` in either API dialect; `populate` makes a dozen datasets by all four
searches.
"""

from .populate import populate
from .searcher import Fate
from .server import DemoServer

__all__ = ["DemoServer", "Fate", "populate"]
