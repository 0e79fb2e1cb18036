"""The bytes of which the digests of a certificate are made. All of them are SHA-256, of UTF-8 text.

Of the document: its JSON without the key `digest`, keys sorted, no spaces, everything beyond ASCII escaped.
Of the gradients: for each case a line such as `case T=1 D=2, generic, seed 7`, then for each gradient, in the order of
the leaves, a line `name<TAB>shape e<power of ten> <integers>` (or `shape zero`); each line ends with a newline. The
digest of one gradient is that of its own lines and those of the cases, the digest of one case that of its lines.
Of the source of a module: its text, with lines that end in a single newline. Nothing else is changed: a comment counts.
Of the gradient program: the text that `oracle.program.canonical` gives.
"""

from __future__ import annotations

import hashlib
import json
import linecache
import os
import sys
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from oracle.arithmetic.decimal_grid import Rounded
from oracle.cases import Case
from oracle.forms.form import short_name

Gradients = Mapping[str, Rounded]


class Unreadable(ValueError):
    """The source text of a module is not there, or is not what was run."""


def sha256(text: str) -> str:
    """The digest of a text.

    >>> sha256("")[:23]
    'sha256:e3b0c44298fc1c14'
    """
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def digest_of_document(document: Mapping[str, Any]) -> str:
    """The digest of everything in a document but its own digest."""
    rest = {key: value for key, value in document.items() if key != "digest"}
    return sha256(json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False))


# ---- gradients


def digest_of_gradients(cases: Sequence[tuple[Case, Gradients]], leaves: Sequence[str]) -> str:
    """The digest of these gradients in these cases."""
    return sha256("".join(line for case, gradients in cases for line in _lines(case, gradients, leaves)))


def _lines(case: Case, gradients: Gradients, leaves: Sequence[str]) -> Iterable[str]:
    yield f"case {case}\n"
    for leaf in leaves:
        yield f"{leaf}\t{gradients[leaf].text}\n"


# ---- source


def digests_of_sources(files: Iterable[str]) -> dict[str, str]:
    """By the name of each module that was compiled from one of these files: the digest of its text.

    Raises
    ------
    Unreadable
        If a text is not there, or the file has been changed since it was first looked at.
    """
    found: dict[str, str] = {}
    for name, file in sorted((_module_name(file), file) for file in files):
        title, again = name, 2
        while title in found:
            title, again = f"{name} ({again})", again + 1
        found[title] = sha256(_text(file))
    return found


def _text(file: str) -> str:
    """The text of a file, as tracebacks and the rewriting for balls have seen it."""
    text = "".join(linecache.getlines(file))
    if not text:
        raise Unreadable(f"the source text of {file} cannot be read, so its digest cannot be made")
    if os.path.exists(file):
        with tokenize.open(file) as stream:
            if stream.read().rstrip("\n") != text.rstrip("\n"):
                raise Unreadable(f"{file} was changed while it was verified; verify it again")
    return text


def _module_name(file: str) -> str:
    """The name of the module that a file is; of one loaded by path, or nobody's, the name of the file."""
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) == file and name != "__main__":
            return short_name(name)
    return Path(file).stem
