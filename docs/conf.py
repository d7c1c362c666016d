"""How Sphinx builds this site: `make docs`. Nothing is fetched while it is built."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import lccmirror

project = "lccmirror"
author = copyright = "The lccmirror maintainers"
version = release = lccmirror.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sitepages"]
exclude_patterns = ["_ext", "_site"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"
napoleon_google_docstring = False
# Words in single backquotes in a docstring are for the reader.
default_role = "code"
# Two dashes are what people type.
smartquotes = False
# What is documented here is linked, and must be there. What other projects document cannot be
# without fetching their lists; nor can what only rooms within know.
nitpick_ignore_regex = [("py:.*", r"(?!lccmirror\.(offline|server|formats|errors)\b).*")]

html_theme = "pydata_sphinx_theme"
html_title = f"lccmirror {release}"
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 8,
}
html_sidebars = {"index": []}
html_copy_source = False
html_show_sourcelink = False
