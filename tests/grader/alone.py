"""A network and processes of one's own, where bubblewrap can give them.

No firewall looks at loopback there. Elsewhere one that tracks connections keeps
each of them for minutes after its end, and drops new ones when its table is full.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

ALONE = ["bwrap", "--unshare-net", "--unshare-pid", "--die-with-parent"]
ALONE += ["--dev-bind", "/", "/", "--proc", "/proc"]
INSIDE = "STAIRCASE_ALONE"


def works() -> bool:
    if not shutil.which("bwrap"):
        return False
    return subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0


def again(module: str) -> None:
    """Runs python3 -m module, which this is, again, alone; goes on where it is so
    already, or where that cannot be."""
    if INSIDE in os.environ or not works():
        return
    sys.stdout.flush()
    os.environ[INSIDE] = "yes"
    os.execvp(ALONE[0], [*ALONE, sys.executable, "-m", module, *sys.argv[1:]])
