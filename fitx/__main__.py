"""`python -m fitx`."""

from fitx.cli import main

main()
