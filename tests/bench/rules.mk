# What each step costs (tests/bench). Included by the Makefile.

bench = PYTHONPATH=tests $(python) -m bench
bench_made = $(BUILD)/bench/floor $(BUILD)/bench/load
bench_objects = $(call objects,$(BUILD)/,$(patsubst %,tests/bench/%.c,floor load))

$(BUILD)/obj/tests/bench/load.o: more = $(openssl_flags)
$(bench_objects): | $(have)/run
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(compiler) $(release_link) -o $@ $< $(openssl_libs)
objects_made += $(bench_objects)

# make bench, or make bench QUICK=1 PARTS='kept https-kept' ROUNDS=9 SECONDS=5
bench: $(made_$(BUILD)/) $(bench_made) $(certificate) $(have)/bench
	@$(bench) run --build $(BUILD) --certificate $(certificate) \
	    --out $(or $(OUT),$(BUILD)/bench/run.json) $(if $(QUICK),--quick) \
	    $(if $(ROUNDS),--rounds $(ROUNDS)) \
	    $(if $(SECONDS),--seconds $(SECONDS)) $(PARTS)

# make bench-figures: the book's figures, of the run that is kept; those of
# RUN=build/bench/run.json go to build/bench/
bench-figures: $(have)/test
	@$(bench) figures $(if $(RUN),$(RUN) --out $(BUILD)/bench)

# make test-cost STEPS='05 06'; WRITE=1 keeps what was counted
test_cost = $(bench) cost --build $(BUILD) --cc "$(CC)"
test-cost: $(made_$(BUILD)/) $(bench_made) $(certificate) $(have)/cost
	@$(test_cost) $(if $(WRITE),--write) $(STEPS)
bench_jobs = 'verb test-cost: $(test_cost)' \
    'pytest bench: BUILD=$(BUILD) $(pytest) tests/bench'
test-all: $(certificate)
.PHONY: bench bench-figures test-cost
