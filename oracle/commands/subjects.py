"""`oracle subjects`."""

from __future__ import annotations

import click


@click.command()
def subjects() -> None:
    """List the registered subjects."""
    from oracle import subjects as registered

    for name in registered.names():
        click.echo(name)
