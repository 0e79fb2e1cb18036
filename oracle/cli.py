"""The command line: one group, and the commands of `oracle.commands`, each imported when it is named."""

from __future__ import annotations

import functools
import importlib
import sys
from typing import Any, Final

import click

from oracle.commands.common import EXIT_INTERRUPTED
from oracle.commands.pipes import Unbroken

COMMANDS: Final = ("verify", "watch", "mutate", "replay", "subjects", "vectors")  # as in the help


class Commands(click.Group):
    """A group that finds its commands in `oracle.commands`."""

    def list_commands(self, context: click.Context) -> list[str]:
        """The commands that work, in the order in which they are shown."""
        return list(COMMANDS)

    def invoke(self, context: click.Context) -> Any:
        """Run a command; Ctrl-C ends it with 130, as shells have it: 1 would be a verdict."""
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(EXIT_INTERRUPTED)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The command of this name."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"oracle.commands.{name}"), name)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="gradient-oracle", prog_name="oracle")
@click.pass_context
def main(context: click.Context) -> None:
    """Certify hand-written backpropagation: your NumPy code and JAX's gradient program, both in ball arithmetic.

    Exit codes: 0 ok, 1 a verdict that is not ok, 2 misuse, 3 the witnesses contradict each other. Ctrl-C ends
    with 130.
    """
    for name in ("stdout", "stderr"):  # whoever reads may stop: that is no verdict
        stream = getattr(sys, name)
        context.call_on_close(functools.partial(setattr, sys, name, stream))
        setattr(sys, name, Unbroken(stream))
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # names may hold what the terminal's encoding has not


if __name__ == "__main__":
    main()
