"""Runs a program as another user who may have so many processes.

    confined.py USER PROCESSES PROGRAM [ARGUMENT...]

The program need not lie where that user may go: it is opened before.
"""

from __future__ import annotations

import os
import resource
import sys


def main() -> None:
    user, processes, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    opened = os.open(program, os.O_RDONLY)
    resource.setrlimit(resource.RLIMIT_NPROC, (processes, processes))
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    os.execve(opened, sys.argv[3:], dict(os.environ))


if __name__ == "__main__":
    main()
