"""`python -m inpaintkit` is the command `inpaintkit`."""

from inpaintkit.cli import main

main()
