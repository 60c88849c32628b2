# Fuzzing: targets that libFuzzer feeds, and the same targets fed with what it
# has found before (replay.c).

fuzz_targets := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz_shared = tests/fuzz/fuzz.c tests/fuzz/conversation.c
fuzzing = -O2 -g -fsanitize=fuzzer-no-link,address,undefined \
    -fno-sanitize-recover=all
fuzzing_link = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

$(BUILD)/fuzz/%: compiler = clang
$(have)/fuzz: | $(have)/run
$(eval $(call variant,$(BUILD)/fuzz/,$(fuzzing),$(have)/fuzz))
$(foreach t,$(fuzz_targets),\
    $(eval $(call program,$(BUILD)/fuzz/,$(t),tests/fuzz/fuzz_$(t).c,\
        $(fuzzing_link),,$(fuzz_shared)))\
    $(eval $(call program,$(BUILD)/san/,replay/$(t),\
        tests/fuzz/fuzz_$(t).c tests/fuzz/replay.c,$(sanitized),,$(fuzz_shared)))\
    $(eval $(call program,$(BUILD)/cov/,replay/$(t),\
        tests/fuzz/fuzz_$(t).c tests/fuzz/replay.c,$(covered),,$(fuzz_shared))))

$(BUILD)/san/replay/tell: $(call objects,$(BUILD)/san/,tests/fuzz/tell.c \
    tests/fuzz/fuzz.c $(plain))
	@mkdir -p $(@D)
	$(call say,link,$@)
	$(Q)$(compiler) $(sanitized) -o $@ $^
test: $(addprefix $(BUILD)/san/replay/,tell $(fuzz_targets))
objects_made += $(BUILD)/san/obj/tests/fuzz/tell.o

# TIME=60 seconds of each target, or of TARGETS='request path'; KEEP=1 grows the
# corpora in tests/fuzz/corpus/.
fuzz: $(made_$(BUILD)/fuzz/) $(have)/fuzz
	@PYTHONPATH=tests $(python) -m fuzz.run --build $(BUILD) \
	    --time $(or $(TIME),60) --jobs $(or $(JOBS),2) $(if $(KEEP),--keep) \
	    $(TARGETS)

# Which lines of http/ and files/ the corpora reach.
fuzz-coverage: $(addprefix $(BUILD)/cov/replay/,$(fuzz_targets)) $(have)/coverage
	@find $(BUILD)/cov -name '*.gcda' -exec rm {} +
	@PYTHONPATH=tests $(python) -m fuzz.replay $(BUILD)/cov/replay
	@$(python) tests/tools/coverage.py --build $(BUILD)/cov --least 95 \
	    --only common/http/ common/files/
.PHONY: fuzz fuzz-coverage
