# Autolab names this file Makefile, puts it beside autograde.tar and what a
# student handed in (handin.tar.gz, or handin.zip), and runs make as a user of its
# own. The last line that it prints is the scores.

handin := $(firstword $(wildcard handin*))

autograde:
	@tar xf autograde.tar
	@cd staircase && YES=1 tests/tools/packages.sh test build/have/test >&2
	@cd staircase && PYTHONPATH=tests $$(cat build/have/python) \
	    -m coursework grade_submission --step {number} --name submission \
	    --submission '../$(handin)' --report report.json {course} >&2 || :
	@cd staircase && PYTHONPATH=tests $$(cat build/have/python) \
	    -m coursework export report.json --autolab -
