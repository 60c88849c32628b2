"""Coursework: what a student and a teacher do with the steps.

    PYTHONPATH=tests python3 -m coursework VERB ARGUMENTS

A verb is a module with main(arguments); the Makefile calls it (rules.mk).
"""
