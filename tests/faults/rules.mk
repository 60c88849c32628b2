# The servers, linked with functions that fail when told to (plan.h).

fault_sources := $(wildcard tests/faults/*.c)
fault_programs := $(addprefix $(BUILD)/san/faults/,$(notdir $(steps)))

# They are called before the sanitizer has begun.
$(BUILD)/san/obj/tests/faults/%.o: more = -fno-sanitize=all

ifeq ($(system),Linux) # where a program's own function is before the library's
$(foreach s,$(steps),\
    $(eval $(call program,$(BUILD)/san/,faults/$(notdir $(s)),\
        $(call server_of,$(s)) $(fault_sources),$(sanitized),$(call tls_of,$(s)))))
test check-docs: $(fault_programs)
fault_tests = BUILD=$(BUILD) $(pytest) tests/faults
fault_jobs = 'pytest faults: $(fault_tests) $(workers) -m "not slow"'
fault_jobs_slow = 'pytest faults slow: $(fault_tests) -m slow --sample 8'
endif

# STEP=04 of one step; SHARE=1/12 takes that part of the faults.
faults: $(fault_programs) $(have)/test
	@PYTHONPATH=tests BUILD=$(BUILD) $(python) -m faults.run \
	    $(if $(STEP),--step $(STEP)) --jobs $(or $(JOBS),4) \
	    --share $(or $(SHARE),1/1)
.PHONY: faults
