"""Configuration of the documentation's site: ``sphinx-build -W --keep-going kycaid_async/docs site``."""

import builtins
import importlib
from typing import Any

from sphinx.addnodes import pending_xref

import kycaid_async

project = "kycaid_async"
author = "the authors of kycaid_async"
version = release = kycaid_async.__version__
html_title = f"kycaid_async {version}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
default_role = "any"
exclude_patterns = ["README.md"]
myst_enable_extensions = ["attrs_block", "colon_fence", "deflist"]
myst_heading_anchors = 4
myst_links_external_new_tab = True

# A page has its own text first; names are documented where they are public, in the order of the source.
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
autodoc_class_signature = "separated"
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
html_static_path = ["_static"]
html_css_files = ["site.css"]
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True


def _elsewhere(app: Any, env: Any, node: Any, contents: Any) -> Any:
    """Leave names of Python and of other libraries without a link, and let what exists nowhere be a warning."""
    name = node.get("reftarget", "")
    if hasattr(builtins, name) or _exists(name):
        return contents
    return None


def _exists(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if not module or module.startswith("kycaid_async"):
        return False
    try:
        return hasattr(importlib.import_module(module), attribute)
    except ImportError:
        return False


def _without_builtins(app: Any, doctree: Any) -> None:
    """Take the links off types such as ``bytes``: fields of that name would be taken for them."""
    for node in list(doctree.findall(pending_xref)):
        if node.get("refdomain") == "py" and hasattr(builtins, node["reftarget"]):
            node.replace_self(node.children)


def setup(app: Any) -> None:
    """Set Sphinx up."""
    app.connect("doctree-read", _without_builtins)
    app.connect("missing-reference", _elsewhere)
