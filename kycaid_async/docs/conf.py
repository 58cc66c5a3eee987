"""Configuration of the documentation's site: ``sphinx-build -W --keep-going kycaid_async/docs site``."""

import builtins
import importlib
import inspect
from typing import Any

import attrs
from sphinx.addnodes import pending_xref

import kycaid_async

project = "kycaid_async"
author = "the authors of kycaid_async"
copyright = author  # noqa: A001 - Sphinx's word
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
autodoc_class_signature = "mixed"
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


def _fields_of(_app: Any, what: str, _name: str, obj: Any, *_: Any) -> Any:
    """Show of a model the names of its fields, as far as they may be given: their types stand beside them."""
    if what != "class" or not attrs.has(obj):
        return None
    taken = [field for field in attrs.fields(obj) if field.init and field.alias[0] != "_"]
    names = [field.alias if field.default is attrs.NOTHING else f"{field.alias}=…" for field in taken]
    keywords = ["*"] if any(field.kw_only for field in taken) else []
    return f"({', '.join([*keywords, *names])})" if taken else "", None


def _public_bases(_app: Any, _name: str, _obj: Any, _options: Any, bases: list[type]) -> None:
    """Name in the place of a private base the public class that it is of."""
    bases[:] = [
        next(one for one in getattr(base, "__mro__", (base,)) if getattr(one, "__name__", "")[:1] != "_")
        for base in bases
    ]


def _own_words(_app: Any, what: str, _name: str, obj: Any, *others: Any) -> None:
    """Leave out what Python says of the type of a constant."""
    lines: list[str] = others[-1]
    if what in ("data", "attribute") and inspect.cleandoc(type(obj).__doc__ or "") == "\n".join(lines).strip():
        lines.clear()


def setup(app: Any) -> None:
    """Set Sphinx up."""
    app.connect("autodoc-process-signature", _fields_of)
    app.connect("autodoc-process-bases", _public_bases)
    app.connect("autodoc-process-docstring", _own_words)
    app.connect("doctree-read", _without_builtins)
    app.connect("missing-reference", _elsewhere)
