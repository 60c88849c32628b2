# Hostile clients (tests/attack). Included by the Makefile.

attacks = BUILD=$(BUILD) $(pytest) tests/attack

# make attack STEP=04 ARGS='-k deaf'; SERVER='any command' is attacked instead
attack: $(made_$(BUILD)/) $(have)/test
	@STEP='$(STEP)' SERVER='$(SERVER)' $(attacks) $(workers) $(ARGS)

soak: $(made_$(BUILD)/) $(have)/test
	@BUILD=$(BUILD) PYTHONPATH=tests $(python) -m attack.soak \
	    $(if $(STEP),--step $(STEP)) $(if $(REQUESTS),--requests $(REQUESTS)) \
	    $(if $(MINUTES),--minutes $(MINUTES))
.PHONY: attack soak
