"""Mutants: the reference with one planted mistake each, and the proof that the
grader finds every one of them by the check that its patch names.

patches.py    reads NN-name/some-words.patch
workshop.py   builds a mutant, only what the patch touches
by_hand.py    runs a report's shell lines on the mutant and on the reference
proof.py      all of it for one mutant: what is still wrong, and how long it took
run.py        the table; the proofs, four at a time: they mostly wait

permitted/ has patches that are no mistakes: what the contract permits besides
what the reference does, which its checks must pass (test_permitted.py).
"""
