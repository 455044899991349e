"""`python -m cgraph` is the command `cgraph`."""

from cgraph.cli import main

raise SystemExit(main())
