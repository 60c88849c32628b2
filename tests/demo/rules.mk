# Pictures of what a server does while its clients wait (tests/demo). Included
# by the Makefile.

COMPARE = 02 03 04
demo = PYTHONPATH=tests $(python) -m demo \
    $(if $(SCENARIO),--scenario '$(SCENARIO)') $(if $(TEXT),--text,\
    --out $(demo_page).html --trace $(demo_page).json)
# $(call shown,numbers of steps)
shown = $(foreach n,$(1),$(filter steps/$(n)-%,$(steps)))
demo_page = $(BUILD)/demo/$(or $(DEMO),demo)$(if $(SCENARIO),-$(basename \
    $(notdir $(SCENARIO))))
tell_demo = $(if $(TEXT),,@echo 'Open $(abspath $(demo_page)).html in a \
    browser, or $(demo_page).json in ui.perfetto.dev.')

# make demo: the steps of COMPARE above each other
demo: DEMO = $(subst $() ,-,$(strip $(COMPARE)))
demo: $(patsubst steps/%,$(BUILD)/%,$(call shown,$(COMPARE))) $(have)/test
	@$(demo) --step $(COMPARE) --server \
	    $(patsubst steps/%,$(BUILD)/%,$(call shown,$(COMPARE)))
	$(tell_demo)

# $(call demo_verb,directory of the step,its number)
define demo_verb
demo-$(2): DEMO = $(2)
demo-$(2): $(BUILD)/$(notdir $(1)) $(have)/test
	@$$(demo) --step $(2) --server '$$(or $$(SERVER),$$<)'
	$$(tell_demo)
.PHONY: demo-$(2)
endef
$(foreach s,$(steps),$(eval $(call demo_verb,$(s),$(call number,$(s)))))

# The pictures in the lessons, docs/figures/timeline-03.svg and so on.
timelines: $(made_$(BUILD)/) $(have)/test
	@set -e; for step in $(call number,$(steps)); do \
	    PYTHONPATH=tests $(python) -m demo --step $$step --lesson \
	        --server $(BUILD)/$$(basename steps/$$step-*); done
.PHONY: timelines
demo-%:
	$(error There is no step $*; the steps are $(call number,$(steps)))
.PHONY: demo
