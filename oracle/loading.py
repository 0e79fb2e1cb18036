"""From what a user names to subjects: a registered name, `module:name`, `path/to/file.py:name`, or a whole file.

Loading a file runs it, as Python runs any script or module.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from oracle import subjects
from oracle.draws import key
from oracle.forms.form import takes
from oracle.subject import Subject


class UnknownSubject(LookupError):
    """What was named is not a subject."""


def load(text: str) -> list[Subject]:
    """The subjects that `text` names; a file without `:name` gives all that it defines.

    Raises
    ------
    UnknownSubject
        If nothing of that name can be found; the message says what was looked for and where.
    """
    if text in subjects.REGISTERED:
        return [subjects.load(text)]
    place, name = _parts(text)
    if not place.endswith(".py") and not (name and all(part.isidentifier() for part in place.split("."))):
        raise _unknown(text)
    with _no_exit(text):
        module = _file(Path(place)) if place.endswith(".py") else _module(place)
        if name:
            return [_named(module, name, text)]
    found = [(title, value) for title, value in vars(module).items() if isinstance(value, Subject)]
    if not found:
        raise UnknownSubject(
            f"{place} defines no oracle.Subject at its top level; make one there, or name a function: {place}:name"
        )
    return [_titled(value, f"{place}:{title}") for title, value in found]


def _unknown(text: str) -> UnknownSubject:
    """What is said of a word that is neither a registered name nor a place."""
    if text and Path(text).is_dir():
        return UnknownSubject(f"{text!r} is a directory; expected a file with subjects in it: path/to/file.py:name")
    near = difflib.get_close_matches(text, subjects.names(), 1, 0.8)
    hint = f"did you mean {near[0]}? Expected " if near else "expected "
    known = ", ".join(subjects.names())
    return UnknownSubject(
        f"there is no subject {text!r}; {hint}one of {known}, or module:name, or path/to/file.py:name"
    )


def _parts(text: str) -> tuple[str, str]:
    """Place and name; the colons of a path that ends in .py belong to the path, as that of a Windows drive does."""
    if text.endswith(".py"):
        return text, ""
    place, _, name = text.rpartition(":")
    return place, name


@contextlib.contextmanager
def _no_exit(text: str) -> Iterator[None]:
    """Code that ends the program while it is loaded must not end ours, least of all with exit code 0."""
    try:
        yield
    except SystemExit as end:
        raise UnknownSubject(
            f"{text} ended the program (exit code {end.code!r}) while it was loaded; "
            "guard that with if __name__ == '__main__', or use oracle.load_definitions"
        ) from None


def _named(module: ModuleType, name: str, text: str) -> Subject:
    try:
        value: Any = getattr(module, name)
    except AttributeError:
        there = [title for title, value in vars(module).items() if isinstance(value, Subject)]
        raise UnknownSubject(f"{text}: there is no {name!r}; its subjects are {', '.join(there) or 'none'}") from None
    if callable(value) and not isinstance(value, Subject) and takes(value, 0):
        value = value()
    if not isinstance(value, Subject):
        raise UnknownSubject(
            f"{text} is of type {type(value).__name__}; expected an oracle.Subject, "
            "or a function without arguments that returns one"
        )
    return _titled(value, text)


def _titled(subject: Subject, text: str) -> Subject:
    """The subject with the name under which the user knows it."""
    return dataclasses.replace(subject, name=text, spec=text)


def _module(name: str) -> ModuleType:
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise UnknownSubject(
                f"there is no module {name!r}; run from its folder, or give path/to/file.py:name"
            ) from None
        raise


def _file(path: Path) -> ModuleType:
    """The module that running a file gives; loaded once, with its folder importable."""
    full = path.resolve()
    if full.is_dir():
        raise UnknownSubject(f"{str(path)!r} is a directory; expected a file with subjects in it")
    if not full.is_file():
        raise UnknownSubject(f"there is no file {str(path)!r}")
    name = f"{full.stem}_{key(str(full)):016x}"
    if name in sys.modules:
        return sys.modules[name]
    if str(full.parent) not in sys.path:
        sys.path.insert(0, str(full.parent))
    spec = importlib.util.spec_from_file_location(name, full)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module
