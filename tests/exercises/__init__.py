"""Exercises beyond the steps: the lessons tell them, make grade-03
EXERCISE=threads grades them.

checks.md            their checks; test_NN_name.py has the code
NN-name/answer.patch the reference answer
plants*.py           mistakes in the answers, which the checks have to find
workbench.py         builds and grades answers, and mistakes
test_exercises.py    the proof of all that: make test-exercises
"""
