"""The program, in whose background a look comes every second instead of every twenty: `python hurried.py COMMAND`."""

from __future__ import annotations

from webapp.commands import main
from webapp.core.background import upkeep

if __name__ == "__main__":
    upkeep.PAUSE = 1.0
    main()
