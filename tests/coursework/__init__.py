"""Coursework: what a student and a teacher do with the steps.

    PYTHONPATH=tests python3 -m coursework VERB ARGUMENTS

A verb is a module with main(arguments); the Makefile calls it (rules.mk).

What is left to a student, and how a starter is made of it:

    homework  reads steps/NN-name/homework.txt
    csource   finds functions and variables in C source
    blank     takes bodies and helpers out
    units     the parser and other files as assignments of their own
    units_run, units_tell   run their tests, and tell how one failed
    stages    the starter with some of the answers, for the tests

The student's verbs:

    start, grade, watch, hint, solution, reset, progress
    student   the step, the work, and how it is built
    path      the order in which a student meets the checks
    state     what is remembered: work/progress.json
    warm      the grader of watch, loaded once

The teacher's:

    handout       an archive for a class, without answers
    hosts         what Gradescope, Autolab and Classroom 50 take
    export        a report in the formats of others (exports/, formats/)
    grade_class   all submissions, merge_class joins parts of that
    grade_submission, class_*   one of them; the table and pages of all
    similarity*   who shares code with whom
    sandbox*      where untrusted programs are built and run
"""
