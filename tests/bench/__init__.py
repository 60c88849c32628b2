"""What each step costs, measured beside the servers that people use.

    python3 -m bench run       every part, or some: a JSON and a table
    python3 -m bench table     the table of a run
    python3 -m bench figures   the book's figures of a run
    python3 -m bench cost      instructions and system calls a request, compared
                               with what is kept in cost.json

parts.py has what is measured, with which load; servers.py the servers, each on a
core; loads.py wrk, h2load and load.c on another; quiet.py what tells that a run was
disturbed; idle.py memory and start; calls.py system calls; floor.c the floor. A
figure stands beside that of nginx in the same round, never alone.
"""
