"""How the documentation is built: ``python -m sphinx -W docs docs/_build``."""

from __future__ import annotations

import sys
from pathlib import Path

from mailcore import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "mailcore"
copyright = "the mailcore developers"
release = version = __version__
html_title = f"mailcore {release}"
html_theme = "furo"
html_static_path: list[str] = []
exclude_patterns = ["_build", "_ext"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinxcontrib.mermaid",
    "tables",
]
myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_heading_anchors = 3
myst_fence_as_directive = ["mermaid"]
# What links to a file of the repository is a link for its readers there.
suppress_warnings = ["myst.xref_missing", "ref.python"]

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_use_rtype = False
napoleon_custom_sections = [("Arguments", "params_style")]
