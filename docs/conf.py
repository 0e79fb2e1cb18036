"""How the documentation is built: python -m sphinx -W -b html docs docs/_build."""

from importlib.metadata import version as version_of

project = "gradient-oracle"
author = "the authors of gradient-oracle"
release = version_of("gradient-oracle")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax", "sphinx_click"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = project
pygments_style = "default"
smartquotes = False  # two dashes are an option's

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

default_role = "code"
autodoc_class_signature = "separated"  # subjects and reports are not made by calling the class
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say it in words
napoleon_google_docstring = False
napoleon_use_rtype = False
