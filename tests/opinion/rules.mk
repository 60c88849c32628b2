# A second opinion: the same requests to step 06, nginx, lighttpd and Apache.
second-opinion: $(BUILD)/06-static-files $(have)/test-all
	@PYTHONPATH=tests $(python) -m opinion.opinion --build $(BUILD) \
	    --requests $(or $(N),5000) --seed $(or $(SEED),1)
.PHONY: second-opinion
opinion_tests = BUILD=$(BUILD) $(pytest) tests/opinion
