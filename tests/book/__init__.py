"""The book: what keeps it true, and what makes a site of it.

    PYTHONPATH=tests python3 -m book VERB, from the top of the tree

| module | what |
|---|---|
| `pages` | the pages, their fenced blocks and the comments above them |
| `fragments` | finds a function, a struct, a rule or a few lines in a source |
| `weave` | puts such fragments into the pages, or compares them |
| `tables` | the tables that are made from the tree |
| `experiments` | programs that stand in the pages alone: compiles and runs them |
| `script`, `terminal`, `sessions` | console sessions: read, run, compared |
| `names`, `links`, `spelling` | what the prose names, where it leads, its words |
| `check` | all of these side by side, for `make check-docs` |
| `layout`, `stage`, `drawings`, `site_verb` | the sources of the site, laid out for MkDocs |
"""
