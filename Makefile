# Staircase: how an HTTPS server works, in seven steps.
#
#   make                 all steps: build/01-tcp-echo ... build/07-https
#   make run             serve the book over https on port 8443, and say where
#   make run-03          run one step; PORT=9000 HOST=:: TIMEOUT=3 ROOT=dir ...
#   make certificate     make the certificate of `make run`, and say where it is
#   make diff-03         what step 03 changes against step 02
#   make test            everything that must hold, in a few minutes
#   make test-03         the suite of one step on the reference
#   make test-all        what is slow besides: real browsers, large files, lint,
#                        coverage, other compilers
#
#   make start-03        begin the homework of step 03, in work/03-fork/
#   make watch-03        grade it whenever a file is saved
#   make grade-03        grade it; SERVER='any command' grades any program
#   make grade-03 EXERCISE=threads       with an exercise of the lesson
#   make grade-03 REPORTS=dir            with the results as HTML, JUnit, CSV, ...
#   make grade-03 COURSE=course.ini      by a teacher's points and deadline
#   make hint-03         the next hint for its first failing check
#   make progress        the staircase, and where you are
#   make solution-03     what the reference does differently, once it passes
#   make reset-03        begin again; a copy of the old work is kept
#   make work-03         build it alone: build/work/03-fork
#   make start-parser    the parser as a homework, with the same verbs; it is
#                        graded by unit tests, as others in tests/units.md
#
#   make handout-03      an archive for a class, without answers; PARTS=01-04
#   make grade-class SUBMISSIONS=dir STEP=03 JOBS=2   all of a class; with
#                        SHARD=1/4 a part, and make merge-class joins the parts
#   make gradescope-03   what Gradescope takes; autolab-03, classroom50-03
#
#   make demo            see 02, 03 and 04 with a silent client, side by side
#   make demo-05 SCENARIO=pipelining     see what a step does, on a timeline
#   make timelines       draw the lessons' timelines anew
#   make figures         draw the book's other figures anew
#
#   make book            the book as a site, for `make run`: build/book/site
#   make weave           the book's code and tables, anew from the source
#   make check-docs      that the book says what is so: code, sessions, links
#
#   make fuzz TIME=60    gives parser, connection and site inputs that a fuzzer
#                        makes up; KEEP=1 keeps what is new
#   make fuzz-coverage   which lines the kept ones reach
#   make faults STEP=04  makes each of a server's system calls and allocations
#                        fail, and wants nobody harmed; STEP unsaid: all
#   make second-opinion N=5000   the same requests to 06, nginx, lighttpd and
#                        Apache: every difference is explained
#
#   make attack          hostile clients against every step, or STEP=04
#   make soak            REQUESTS=1000000 to each, then MINUTES=10 of all attacks
#
#   make bench           what each step costs, beside nginx, lighttpd, Apache and
#                        h2o; QUICK=1 in five minutes; PARTS='kept https-kept'
#   make test-cost       instructions and system calls of a request, against what
#                        is kept; WRITE=1 keeps what was counted
#   make bench-figures   the book's figures of a run
#
#   make unit            the unit tests of common/
#   make test-exercises  answers of the exercises, and mistakes in them
#   make test-graders    that the graders are right: their own tests, mutants,
#                        correct servers in Python, nginx, lighttpd and Apache
#   make mutants         the mistakes that the suites must find, as a table
#   make test-mutants    plants each of them, and wants it to be found;
#                        NAMES='03 zomb' takes those of these steps or names
#   make flaky RUNS=10   the same verdicts each time? BUSY=2 works beside
#   make bench-parser    the parser beside http-parser and llhttp
#   make check-tree      the rules of the tree: twins, layers, sizes
#   make format          C by clang-format, Python by black
#   make lint            what the compilers, linters and type checker say
#   make analyze         what gcc -fanalyzer says
#   make coverage        which lines of common/ and of each step are run
#   make musl            the steps without TLS, linked statically with musl
#   make clang           all steps by clang, in build/clang/
#   make doctor          what this machine has and lacks, and what mends it
#   make clean           remove build/
#
# CC=clang takes another compiler, BUILD=dir another place for what is made,
# WORK=dir for a student's own work, V=1 shows the commands. Programs with sanitizers are build/san/01-tcp-echo
# and so on. Needs GNU make 3.81 or newer.

# Another make reads the next line as a directive, GNU make as a harmless rule.
.error : This Makefile needs GNU make. Its name may be gmake.

BUILD = build
WORK = work
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += -r
ifneq ($(filter clean,$(MAKECMDGOALS)),)
.NOTPARALLEL: # `make clean all` in that order
endif

machine := $(shell uname -s; getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
system := $(word 1,$(machine))
jobs := $(word 2,$(machine))
ifeq ($(filter -j% --jobs%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(jobs)
endif

# ---- Flags -----------------------------------------------------------------

warnings = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
language = -std=c11 -D_POSIX_C_SOURCE=200809L
ifneq ($(findstring musl,$(CC))$(wildcard /etc/alpine-release),)
warnings += $(for_musl)
endif
for_musl = -Wno-sign-conversion # in its FD_SET
flags = $(language) $(warnings) $(CFLAGS)

release = -O2 -g -fPIE -fstack-protector-strong \
          -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
sanitized = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
            -fno-sanitize-recover=all
covered = -O0 -g --coverage -Wno-error
static = -O2 -g -fstack-protector-strong $(for_musl)
analyzed = -O2 -fanalyzer
MUSL_CC = musl-gcc
ifneq ($(system),Darwin) # whose linker always makes such programs
release_link = -pie $(hardened)
hardened = -Wl,-z,relro,-z,now,-z,noexecstack
link_map = -Wl,-Map=
endif

# Found when first needed: only what speaks TLS is built with OpenSSL.
config = $(shell pkg-config $(1) $(2) 2>/dev/null || echo $(3))
openssl_flags = $(call config,--cflags,openssl)
openssl_libs = $(call config,--libs,openssl,-lssl -lcrypto)
check_flags = $(call config,--cflags,check)
check_libs = $(call config,--libs,check,-lcheck)

Q = $(if $(V),,@)
say = $(if $(V),,@echo '  $(1) $(2)')
map = $(if $(link_map),$(link_map)$(1))

# ---- What there is ---------------------------------------------------------

steps := $(patsubst %/,%,$(sort $(dir $(wildcard steps/*/main.c))))
common := $(wildcard common/*/*.c)
units := $(wildcard tests/unit/test_*.c)
unit_help := $(filter-out $(units),$(wildcard tests/unit/*.c))
include_path := $(addprefix -I,$(wildcard common/*))
plain := $(filter-out common/tls/%,$(common))

# The directories and unit tests that use OpenSSL.
uses_tls := $(shell grep -l -e '^.include "tls' -e '^.include <openssl/' \
    /dev/null $(wildcard steps/*/*.[ch]) $(units))
uses_tls := $(sort $(uses_tls) $(patsubst %/,%,$(dir $(uses_tls))))
ifneq ($(findstring musl,$(CC)),) # which finds no OpenSSL
steps := $(filter-out $(uses_tls),$(steps))
units := $(filter-out $(uses_tls),$(units))
endif

# ---- What a verb needs -----------------------------------------------------
# The file build/have/VERB says that this machine has it. Otherwise the script
# says what is missing, and installs it where it can; one verb after the other.

have = $(BUILD)/have
python = $$(cat $(have)/python)
$(have)/%: tests/tools/packages.sh
	@CC='$(CC)' MUSL_CC='$(MUSL_CC)' $< $* $@
$(have)/test $(have)/musl $(have)/clang: | $(have)/run
$(have)/lint $(have)/coverage: | $(have)/test
ifneq ($(filter test-all,$(MAKECMDGOALS)),)
$(have)/run: | $(have)/test-all
endif

# ---- How a program is made -------------------------------------------------
# A variant is a prefix, such as build/san/, and its flags. A source x.c becomes
# the object PREFIXobj/x.o. Its own directory is searched first for headers,
# then all of common/.

objects = $(patsubst %.c,$(1)obj/%.o,$(2))

# $(call variant,prefix,flags,what must be there first)
define variant
$(1)obj/%.o: %.c Makefile $(BUILD)/flags | $(3)
	@mkdir -p $$(@D)
	$$(call say,compile,$$<)
	$$(Q)$$(compiler) $$(flags) $(2) $$(more) -I$$(<D) $$(include_path) \
	    -MMD -MP -c -o $$@ $$<
$(1)obj/%.a: Makefile
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@
	$$(Q)$$(AR) rc $$@ $$(filter %.o,$$^)
$(1)obj/common/tls/%.o: more = $$(openssl_flags)
$(1)obj/tests/unit/%.o: more = $$(check_flags) $$(openssl_flags)
endef

# A program links the objects of its sources and an archive of common/ without
# the members of the same names: what is left out of a step is missing, not
# silently taken from common/. The directories stand there for files that come
# and go.
# $(call program,prefix,name,sources,flags of the link,libraries,more for the
# archive)
define program
$(1)$(2): $(call objects,$(1),$(3)) $(1)obj/$(2).a
	@mkdir -p $$(@D)
	$$(call say,link,$$@)
	$$(Q)$$(compiler) $(4) $$(call map,$(1)obj/$(2).map) -o $$@ \
	    $$(filter %.o %.a,$$^) $(5)
$(1)obj/$(2).a: $(wildcard common/*) $(sort $(dir $(3))) $(filter-out \
    $(addprefix %/,$(notdir $(3:.c=.o))),$(call objects,$(1),$(6) \
    $(if $(findstring openssl,$(5)),$(common),$(plain))))
made_$(1) += $(1)$(2)
objects_made += $(call objects,$(1),$(3) $(6) $(common))
endef

# $(call step,prefix,directory,flags of the link): its program, and where there
# is a client.c a second one: 01-tcp-client in 01-tcp-echo.
define step
$(call program,$(1),$(notdir $(2)),$(call server_of,$(2)),$(3),\
    $(call tls_of,$(2)))
$(if $(call client_of,$(2)),$(call program,$(1),$(call client_name,$(2)),\
    $(call client_of,$(2)),$(3)))
endef

server_of = $(filter-out %/client.c,$(wildcard $(1)/*.c))
client_of = $(if $(wildcard $(1)/client.c),\
    $(filter-out %/main.c,$(wildcard $(1)/*.c)))
client_name = $(call number,$(1))-$(word 2,$(subst -, ,$(notdir $(1))))-client
number = $(foreach s,$(1),$(firstword $(subst -, ,$(notdir $(s)))))
tls_of = $(if $(filter $(1),$(uses_tls)),$$(openssl_libs))

# $(call unit,prefix,source,flags of the link): a unit test, PREFIXunit/test_x.
# It takes what it needs of the other files of tests/unit/.
define unit
$(call program,$(1),unit/$(basename $(notdir $(2))),$(2),$(3),\
    $$(check_libs) $(call tls_of,$(2)),$(unit_help))
endef

$(eval $(call variant,$(BUILD)/,$(release)))
$(eval $(call variant,$(BUILD)/san/,$(sanitized)))
$(eval $(call variant,$(BUILD)/cov/,$(covered)))
$(eval $(call variant,$(BUILD)/musl/,$(static),$(have)/musl))
$(eval $(call variant,$(BUILD)/clang/,$(release),$(have)/clang))
$(eval $(call variant,$(BUILD)/analyzed/,$(analyzed)))
$(foreach s,$(steps),\
    $(eval $(call step,$(BUILD)/,$(s),$(release_link)))\
    $(eval $(call step,$(BUILD)/clang/,$(s),$(release_link)))\
    $(eval $(call step,$(BUILD)/san/,$(s),$(sanitized)))\
    $(eval $(call step,$(BUILD)/cov/,$(s),$(covered))))
$(foreach s,$(filter-out $(uses_tls),$(steps)),\
    $(eval $(call step,$(BUILD)/musl/,$(s),-static $(hardened))))
$(foreach u,$(units),\
    $(eval $(call unit,$(BUILD)/san/,$(u),$(sanitized)))\
    $(eval $(call unit,$(BUILD)/cov/,$(u),$(covered))))

# ---- A student's own programs ----------------------------------------------
# build/work/03-fork is made of work/03-fork/ and of common/ without the names of
# any file of that step, whether the student has it or not. Its warnings are
# shown and do no harm, those aside that are always mistakes.

work := $(patsubst $(CURDIR)/%,%,$(abspath $(WORK)))
work_dir = $(work)/$(notdir $(1))
worked_on = $(foreach s,$(steps),$(if $(wildcard $(call work_dir,$(s))),$(s)))
mistakes = -Wno-error -Werror=implicit-function-declaration \
    -Werror=incompatible-pointer-types -Werror=int-conversion \
    -Werror=return-type

$(BUILD)/work/obj/%.o: $(work)/%.c Makefile $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,compile,$<)
	$(Q)$(compiler) $(flags) $(sanitized) $(mistakes) $(more) -I$(<D) \
	    $(include_path) -MMD -MP -c -o $@ $<
$(BUILD)/work/obj/07-https/%.o: more = $(openssl_flags)

# $(call work_program,directory of the step,name,sources)
define work_program
$(BUILD)/work/$(2): $(call work_objects,$(3)) $(BUILD)/work/obj/$(2).a
	@mkdir -p $$(@D)
	$$(call say,link,$$@)
	$$(Q)$$(compiler) $$(sanitized) -o $$@ $$(filter %.o %.a,$$^) \
	    $(call tls_of,$(1))
$(BUILD)/work/obj/$(2).a: Makefile $(wildcard common/*) \
    $(call work_dir,$(1)) $(filter-out $(addprefix %/,$(notdir \
    $(patsubst %.c,%.o,$(3) $(wildcard $(1)/*.c)))),$(call objects,\
    $(BUILD)/san/,$(if $(call tls_of,$(1)),$(common),$(plain))))
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@
	$$(Q)$$(AR) rc $$@ $$(filter %.o,$$^)
$(work_verb): $(BUILD)/work/$(2)
.PHONY: $(work_verb)
objects_made += $(call work_objects,$(3))
endef
work_objects = $(patsubst $(work)/%.c,$(BUILD)/work/obj/%.o,$(1))
work_verb = work-$(call number,$(1))
$(foreach s,$(worked_on),\
    $(eval $(call work_program,$(s),$(notdir $(s)),\
        $(call server_of,$(call work_dir,$(s)))))\
    $(if $(call client_of,$(call work_dir,$(s))),\
        $(eval $(call work_program,$(s),$(call client_name,$(s)),\
            $(call client_of,$(call work_dir,$(s)))))))

# What uses OpenSSL and libcheck waits until they are there.
$(foreach v,$(BUILD)/ $(BUILD)/san/ $(BUILD)/cov/,$(call objects,$(v),\
    $(filter %.c,$(uses_tls) $(wildcard common/tls/*.c)))): | $(have)/run
$(foreach v,$(BUILD)/san/ $(BUILD)/cov/,$(call objects,$(v),\
    $(units) $(unit_help))): | $(have)/test

# Each variant has its compiler.
compiler = $(CC)
$(BUILD)/cov/%: compiler = gcc
$(BUILD)/analyzed/%: compiler = gcc
$(BUILD)/clang/%: compiler = clang
$(BUILD)/musl/%: compiler = $(MUSL_CC)

# Other flags or another compiler: everything is built anew.
$(BUILD)/flags: always
	@mkdir -p $(@D)
	@echo '$(CC) $(flags)' | cmp -s - $@ || echo '$(CC) $(flags)' > $@

-include $(sort $(objects_made:.o=.d))

# ---- Making and running ----------------------------------------------------

all: $(made_$(BUILD)/)
san: $(made_$(BUILD)/san/)
cov: $(made_$(BUILD)/cov/)
musl: $(made_$(BUILD)/musl/)
clang: $(made_$(BUILD)/clang/)
analyze: $(call objects,$(BUILD)/analyzed/,$(common) $(wildcard steps/*/*.c))

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

doctor:
	@rm -rf $(have)
	@CC='$(CC)' MUSL_CC='$(MUSL_CC)' tests/tools/packages.sh doctor

clean:
	rm -rf $(BUILD)

always:
.PHONY: all san cov musl clang analyze help doctor clean always

# $(call option,--port,PORT): --port '9000' after `make run-03 PORT=9000`, or
# the third word where nothing was said. The environment does not count.
option = $(if $(filter command,$(origin $(2))),$(1) '$($(2))',\
    $(if $(3),$(1) $(3)))
flag = $(if $(filter command,$(origin $(2))),$(1))
options = $(strip $(call option,--host,HOST) $(call option,--port,PORT) \
    $(call option,--timeout,TIMEOUT) $(call flag,--quiet,QUIET) \
    $(call option,--max-children,MAX_CHILDREN) $(call flag,--show,SHOW) \
    $(call option,--root,ROOT,$(root)) $(call option,--cert,CERT,$(cert)) \
    $(call option,--key,KEY,$(key)) $(call option,--hsts,HSTS) $(ARGS))

certificate = $(BUILD)/certificate/cert.pem
$(certificate): | $(have)/run
	@mkdir -p $(@D)
	@umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
	    -nodes -days 3650 -subj /CN=localhost \
	    -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1 \
	    -keyout $(@D)/key.pem -out $@ 2>$(@D)/log || { cat $(@D)/log; exit 1; }

certificate: $(certificate)
	@echo $(certificate) $(<D)/key.pem
.PHONY: certificate

# ---- Testing ---------------------------------------------------------------

export PYTHONPYCACHEPREFIX = $(abspath $(BUILD))/pycache
export HYPOTHESIS_STORAGE_DIRECTORY = $(abspath $(BUILD))/hypothesis
pytest = $(python) -m pytest -c tests/pytest.ini
workers = $$(cat $(have)/workers)
run_jobs = $(python) tests/tools/run_jobs.py --logs $(BUILD)/logs
programs_of = $(1)$(notdir $(2)) \
    $(if $(call client_of,$(2)),$(1)$(call client_name,$(2)))

# $(call suite,prefix of the variant,directory of the step,options)
suite = $(pytest) $(workers) tests/checks --step $(call number,$(2)) \
    --server $(1)$(notdir $(2)) \
    $(if $(call client_of,$(2)),--client $(1)$(call client_name,$(2))) $(3)

# $(call suite_jobs,prefix,word for it,options,kind): a job for each step
suite_jobs = $(foreach s,$(steps),\
    '$(or $(4),pytest) $(notdir $(s)) $(2): \
        $(call suite,$(1),$(s),--full $(3))')
unit_jobs = $(foreach u,$(units),\
    'check $(basename $(notdir $(u))): $(1)unit/$(basename $(notdir $(u)))')
verb_jobs = $(foreach v,$(1),\
    'verb $(v): MAKEFLAGS= $(MAKE) --no-print-directory BUILD=$(BUILD) $(v)')
tree_jobs = 'verb check-tree: $(check_tree)' \
    'pytest tools: BUILD=$(BUILD) $(pytest) tests/tools' \
    'pytest grader: $(pytest) $(workers) tests/selftest -m "not slow"' \
    'pytest coursework: $(coursework_tests) $(workers) -m "not slow"' \
    'pytest exercises: $(exercises) -m "not slow"' \
    'pytest mutants: $(mutant_tests) -m "not slow"' \
    'pytest demo: BUILD=$(BUILD) $(pytest) tests/demo -m "not slow"' \
    'pytest fuzz: BUILD=$(BUILD) $(pytest) tests/fuzz' \
    'pytest attack: $(attacks) -m "not slow"' \
    $(fault_jobs) $(book_jobs)
check_tree = $(python) tests/tools/check_tree.py --build $(BUILD)

test: $(made_$(BUILD)/) $(made_$(BUILD)/san/) $(have)/test
	@exec $(run_jobs) $(tree_jobs) $(call unit_jobs,$(BUILD)/san/) \
	    $(call suite_jobs,$(BUILD)/san/,sanitized,-m "not slow") \
	    $(call suite_jobs,$(BUILD)/,release,-m "not slow" --new-only)

test-all: $(made_$(BUILD)/) $(made_$(BUILD)/san/) $(have)/test-all
	@exec $(run_jobs) $(call verb_jobs,coverage lint analyze musl clang) \
	    'pytest browser: $(pytest) tests/browser --programs $(BUILD)' \
	    'pytest grader slow: $(pytest) $(workers) tests/selftest -m slow \
	        --sample 24' \
	    'pytest mutants slow: $(mutant_tests) $(workers) -m slow --sample 24' \
	    'pytest exercises slow: $(exercises) $(workers) -m slow --sample 16' \
	    'pytest coursework slow: $(coursework_tests) $(workers) -m slow \
	        --sample 48' \
	    'pytest attack slow: $(attacks) $(workers) -m slow --sample 24' \
	    'pytest opinion: $(opinion_tests)' \
	    'pytest demo slow: BUILD=$(BUILD) $(pytest) tests/demo -m slow' \
	    $(bench_jobs) $(fault_jobs_slow) \
	    $(call suite_jobs,$(BUILD)/,slow,-m slow,maybe)

# That the graders are right: every mistake is found, nothing right is refused.
# `make test-all` takes a share of it.
test-graders: $(made_$(BUILD)/) $(made_$(BUILD)/san/) $(have)/test
	@exec $(run_jobs) --deadline 7200 \
	    'pytest grader: $(pytest) $(workers) tests/selftest' \
	    'pytest mutants: $(mutant_tests) $(workers)' \
	    'pytest coursework: $(coursework_tests) $(workers)' \
	    'pytest exercises: $(exercises) $(workers)'
coursework_tests = BUILD=$(BUILD) $(pytest) tests/coursework
mutant_tests = BUILD=$(BUILD) $(pytest) tests/mutants
.PHONY: test-graders

# RUNS=n of each suite, with BUSY=n other processes at work; STEPS="03 04" of some.
flaky: $(filter-out $(BUILD)/san/unit/%,$(made_$(BUILD)/san/)) $(have)/test
	@$(python) tests/tools/flaky.py --build $(BUILD) --workers "$(workers)" \
	    --runs $(or $(RUNS),10) --busy $(or $(BUSY),0) --steps $(STEPS)
.PHONY: flaky

mutants_run = PYTHONPATH=tests BUILD=$(BUILD) $(python) -m mutants.run
mutants: $(have)/test
	@$(mutants_run) $(NAMES)
test-mutants: $(made_$(BUILD)/san/) $(have)/test
	@$(mutants_run) --prove $(NAMES)
.PHONY: mutants test-mutants

unit: $(filter $(BUILD)/san/unit/%,$(made_$(BUILD)/san/)) $(have)/test
	@exec $(run_jobs) $(call unit_jobs,$(BUILD)/san/)

check-tree: $(made_$(BUILD)/) $(have)/test
	@$(check_tree)
.PHONY: test test-all unit check-tree

# ---- The verbs of one step -------------------------------------------------

# $(call step_verbs,directory,number)
define step_verbs
run-$(2): $(BUILD)/$(notdir $(1)) $(if $(call tls_of,$(1)),$(certificate))
	@$(if $(KEYLOG),SSLKEYLOGFILE='$(KEYLOG)') \
	$(if $(call tls_of,$(1)),tests/tools/serve.sh $(certificate),exec) \
	$$< $$(options)
test-$(2): $(call programs_of,$(BUILD)/san/,$(1)) $(have)/test
	@$$(call suite,$(BUILD)/san/,$(1),$$(ARGS))
diff-$(2):
	@tests/tools/diff_step.sh $(2)
$(if $(filter-out 01 02 03 04 05,$(2)),\
    run-$(2): root = $$(or $$(site),docs/welcome))
$(if $(call tls_of,$(1)),run-$(2): cert = $(certificate)
run-$(2): key = $(BUILD)/certificate/key.pem)
.PHONY: run-$(2) test-$(2) diff-$(2)
endef
$(foreach s,$(steps),$(eval $(call step_verbs,$(s),$(call number,$(s)))))

run: run-07
.PHONY: run

run-% test-% diff-%:
	$(error There is no step $*; the steps are $(call number,$(steps)))

# ---- Coursework ------------------------------------------------------------

include tests/coursework/rules.mk

# ---- Pictures --------------------------------------------------------------

include tests/demo/rules.mk
-include tests/book/figures.mk # which no handout has

# ---- The book --------------------------------------------------------------

-include tests/book/rules.mk # which no handout has

# ---- Attacks ----------------------------------------------------------------

-include tests/fuzz/rules.mk # which no handout has
-include tests/faults/rules.mk # which no handout has
-include tests/opinion/rules.mk
-include tests/bench/parser/rules.mk
-include tests/attack/rules.mk # nor this
-include tests/bench/rules.mk # nor this

# ---- Care ------------------------------------------------------------------

c_files := $(wildcard common/*/*.[ch] steps/*/*.[ch] tests/*/*.[ch])
shell_files := $(wildcard tests/*/*.sh tests/coursework/host_scripts/*.sh) \
    $(wildcard docs/teaching/examples/*.sh) .ci/run
no_twins := $(common) $(wildcard steps/*/main.c steps/*/client.c)

format: $(have)/lint
	clang-format -i $(c_files)
	black -q tests

# What `make lint` runs, side by side. A twin is read once.
lint_jobs = \
    'verb clang-format: clang-format --dry-run -Werror $(c_files)' \
    'verb clang-tidy: echo $(no_twins) | xargs -n 4 -P $(jobs) sh -c \
        "clang-tidy --quiet \"\$$@\" -- $(language) $(include_path)" sh' \
    'verb cppcheck: cppcheck --quiet --std=c11 --error-exitcode=1 \
        --enable=warning,style,performance,portability --inline-suppr \
        --suppress=variableScope --suppress=knownConditionTrueFalse \
        --suppress=redundantContinue --suppress=redundantAssignInSwitch \
        $(include_path) $(no_twins)' \
    'verb shellcheck: shellcheck $(shell_files)' \
    'verb black: black --check tests' \
    'verb mypy: cd tests && mypy'
lint: $(have)/lint
	@exec $(run_jobs) $(lint_jobs)

# The suites once more, on programs that count what they run.
coverage: $(made_$(BUILD)/cov/) $(have)/coverage
	@find $(BUILD)/cov -name '*.gcda' -exec rm {} +
	@$(run_jobs) $(call suite_jobs,$(BUILD)/cov/,coverage,-m "not slow") \
	    $(call unit_jobs,$(BUILD)/cov/) || failed=1; \
	$(python) tests/tools/coverage.py --build $(BUILD)/cov && exit $$failed

.PHONY: format lint coverage
