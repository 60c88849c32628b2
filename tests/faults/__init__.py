"""Fault injection: each system call and allocation of the servers made to fail.

plan.c      the plan of a run, from the environment: plan.h is its manual
calls.c     system calls that can fail, linked into a server
blocks.c    allocations that can
kinds.py    which errors each call may give, and what a client may see of them
log.py      what a run has called, and from where
talks.py    what clients of each step say
session.py  a server with a plan and all its clients, from start to stop
judge.py    what must hold of that, whatever failed
run.py      all of it: `make faults`

A call site is a place in a server's own code: where it calls, or where it calls a
library that does. First a run without a fault counts; then each site meets each
error that its call may give.
"""
