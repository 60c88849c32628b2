# The figures of the book (tests/book/figures). Included by the Makefile.

# make figures: docs/figures/*.svg anew, the timelines aside
figures: $(have)/test
	@PYTHONPATH=tests $(python) -m book.figures
.PHONY: figures
