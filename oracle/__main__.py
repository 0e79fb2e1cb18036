"""`python -m oracle`: the command line from a checkout."""

from oracle.cli import main

main(prog_name="oracle")
