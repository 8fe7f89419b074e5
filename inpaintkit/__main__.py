"""`python -m inpaintkit` is the command `inpaintkit`."""

from inpaintkit.cli import main

if __name__ == "__main__":
    main()
