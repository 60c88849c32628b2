# Our parser beside others (tests/bench/parser). Included by the Makefile.
#
# make bench-parser: `request` against http-parser, llhttp where its sources are
# (Debian's node-llhttp), and a bare search for line ends. ROUNDS=21 TURN=10 (ms).
# All are compiled with the flags of `make`; http-parser is the system's library.

bench_parser_dir = tests/bench/parser
llhttp_sources := $(wildcard /usr/share/llhttp/*.c)
llhttp_include = /usr/share/include/llhttp
bench_parser_sources := $(filter-out $(if $(llhttp_sources),,%/parser_llhttp.c),\
    $(wildcard $(bench_parser_dir)/*.c))
bench_parser_ours := $(addprefix common/,http/request.c http/judge.c \
    http/target.c http/span.c base/slice.c)
bench_parser_program = $(BUILD)/bench/parser
bench_parser_objects = $(patsubst %.c,$(BUILD)/bench/obj/%.o,\
    $(bench_parser_sources) $(bench_parser_ours)) \
    $(patsubst %.c,$(BUILD)/bench/obj/llhttp/%.o,$(notdir $(llhttp_sources)))

$(BUILD)/bench/obj/llhttp/%.o: /usr/share/llhttp/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(release) -I$(llhttp_include) -c -o $@ $<
$(BUILD)/bench/obj/%.o: %.c Makefile $(BUILD)/flags | $(have)/bench-parser
	@mkdir -p $(@D)
	$(call say,compile,$<)
	$(Q)$(CC) $(flags) $(release) -I$(<D) $(include_path) $(if \
	    $(llhttp_sources),-DWITH_LLHTTP -I$(llhttp_include)) \
	    -MMD -MP -c -o $@ $<
$(bench_parser_program): $(bench_parser_objects)
	$(call say,link,$@)
	$(Q)$(CC) $(release_link) -o $@ $^ -lhttp_parser
objects_made += $(patsubst %.c,$(BUILD)/bench/obj/%.o,\
    $(bench_parser_sources) $(bench_parser_ours))

bench-parser: $(bench_parser_program)
	@$(bench_parser_program) $(or $(ROUNDS),21) $(or $(TURN),10)
.PHONY: bench-parser
