# The book (tests/book): woven from the source, checked, made into a site.
# Included by the Makefile.

book = PYTHONPATH=tests $(python) -m book
check_docs = $(book) check --build $(BUILD) --cc "$(CC)" --flags "$(flags)"
book_jobs = 'verb check-docs: $(check_docs)' \
    'pytest book: BUILD=$(BUILD) $(pytest) tests/book -m "not slow"'
test check-docs: $(certificate) $(have)/docs
$(have)/docs: | $(have)/test
test-all: $(book_made) # for the browser

# make weave, or make weave PAGES='03-fork parser'
weave: $(have)/test
	@$(book) weave $(PAGES)

# make check-docs PAGES=03-fork ARGS='--only sessions --times'
check-docs: $(made_$(BUILD)/) $(made_$(BUILD)/san/) $(have)/test $(certificate)
	@$(check_docs) $(PAGES) $(ARGS)
.PHONY: weave check-docs

# The site that `make run` serves, with the book where MkDocs is there.
book_made = $(BUILD)/book/site/book/index.html
$(book_made): $(wildcard docs/*.* docs/teaching/* docs/theme/* docs/theme/*/* \
    docs/figures/* docs/welcome/* steps/*/README.md tests/*.md tests/book/*.py) \
    | $(have)/book
	@PYTHONPATH=tests $$(cat $(have)/book-python) -m book site \
	    --to $(BUILD)/book

book: $(book_made)
	@echo 'The book is $(book_made); make run serves it.'
.PHONY: book

# make run, without ROOT=dir: what can be made is made, but nothing is installed.
site = $(shell test ! -e $(book_made) || echo $(BUILD)/book/site)
ifneq ($(origin ROOT),command line)
run-06 run-07: | book-to-serve
run-07: export BOOK = $(if $(site),book/index.html,none)
endif
book-to-serve:
	@! tests/tools/packages.sh has book || MAKEFLAGS= $(MAKE) -s \
	    --no-print-directory BUILD=$(BUILD) $(book_made) >&2 || \
	    echo 'The book could not be made; the site is served without it.' >&2
.PHONY: book-to-serve
