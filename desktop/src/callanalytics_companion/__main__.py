"""Lets `python -m callanalytics_companion` run the companion."""

from callanalytics_companion.cli import main

raise SystemExit(main())
