# Staircase: how an HTTPS server works, in seven steps.
#
#   make                 all steps: build/01-tcp-echo ... build/07-https
#   make run             serve a site over https on port 8443, and say where
#   make run-03          run one step; PORT=9000 HOST=:: TIMEOUT=3 ROOT=dir ...
#   make diff-03         what step 03 changes against step 02
#   make test            everything that must hold, in a few minutes
#   make test-03         the suite of one step on the reference
#   make test-all        what is slow too
#   make unit            the unit tests of common/
#   make check-tree      the rules of the tree: twins, layers, sizes
#   make format          C by clang-format, Python by black
#   make lint            what the compilers, linters and type checker say
#   make analyze         what gcc -fanalyzer says
#   make coverage        which lines of common/ and of each step are run
#   make musl            the steps without TLS, linked statically with musl
#   make doctor          what this machine has and lacks, and what mends it
#   make clean           remove build/
#
# CC=clang takes another compiler, BUILD=dir another place for what is made,
# V=1 shows the commands. Programs with sanitizers are build/san/01-tcp-echo
# and so on. Needs GNU make 3.81 or newer.

# Another make reads the next line as a directive, GNU make as a harmless rule.
.error : This Makefile needs GNU make. Its name may be gmake.

BUILD = build
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += -r

machine := $(shell uname -s; getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
system := $(word 1,$(machine))
jobs := $(word 2,$(machine))
ifeq ($(filter -j% --jobs%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(jobs)
endif

# ---- Flags -----------------------------------------------------------------

warnings = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror
language = -std=c11 -D_POSIX_C_SOURCE=200809L
flags = $(language) $(warnings) $(CFLAGS)

release = -O2 -g -fPIE -fstack-protector-strong \
          -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
sanitized = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
            -fno-sanitize-recover=all
covered = -O0 -g --coverage
static = -O2 -g
analyzed = -O2 -fanalyzer
MUSL_CC = musl-gcc
ifneq ($(system),Darwin) # whose linker always makes such programs
release_link = -pie -Wl,-z,relro,-z,now,-z,noexecstack
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
$(have)/test $(have)/musl: | $(have)/run
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
$(1)obj/%.o: %.c $(BUILD)/flags | $(3)
	@mkdir -p $$(@D)
	$$(call say,compile,$$<)
	$$(Q)$$(CC) $$(flags) $(2) $$(more) -I$$(<D) $$(include_path) \
	    -MMD -MP -c -o $$@ $$<
$(1)obj/%.a:
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@
	$$(Q)$$(AR) rc $$@ $$(filter %.o,$$^)
$(1)obj/common/tls/%.o: more = $$(openssl_flags)
$(1)obj/tests/unit/%.o: more = $$(check_flags) $$(openssl_flags)
endef

# A program links the objects of its sources and an archive of common/ without
# the members of the same names: what is left out of a step is missing, not
# silently taken from common/. Directories are among the prerequisites because
# files come and go.
# $(call program,prefix,name,sources,flags of the link,libraries)
define program
$(1)$(2): $(call objects,$(1),$(3)) $(1)obj/$(2).a $(sort $(dir $(3)))
	@mkdir -p $$(@D)
	$$(call say,link,$$@)
	$$(Q)$$(CC) $(4) $$(call map,$(1)obj/$(2).map) -o $$@ \
	    $$(filter %.o %.a,$$^) $(5)
$(1)obj/$(2).a: $(wildcard common/*) $(filter-out \
    $(addprefix %/,$(notdir $(3:.c=.o))),$(call objects,$(1),\
    $(if $(findstring openssl,$(5)),$(common),$(plain))))
made_$(1) += $(1)$(2)
objects_made += $(call objects,$(1),$(3) $(common))
endef

# $(call step,prefix,directory,flags of the link): its program, and for a client.c
# a second one, 01-tcp-client in 01-tcp-echo.
define step
$(call program,$(1),$(notdir $(2)),$(call server_of,$(2)),$(3),$(call tls_of,$(2)))
$(if $(call client_of,$(2)),$(call program,$(1),$(call client_name,$(2)),$(call client_of,$(2)),$(3)))
endef

server_of = $(filter-out %/client.c,$(wildcard $(1)/*.c))
client_of = $(if $(wildcard $(1)/client.c),$(filter-out %/main.c,$(wildcard $(1)/*.c)))
client_name = $(call number,$(1))-$(word 2,$(subst -, ,$(notdir $(1))))-client
number = $(foreach s,$(1),$(firstword $(subst -, ,$(notdir $(s)))))
tls_of = $(if $(filter $(1),$(uses_tls)),$$(openssl_libs))

# $(call unit,prefix,source,flags of the link): a unit test, PREFIXunit/test_x.
define unit
$(call program,$(1),unit/$(basename $(notdir $(2))),$(2) $(unit_help),$(3),$$(check_libs) $(call tls_of,$(2)))
endef

$(eval $(call variant,$(BUILD)/,$(release)))
$(eval $(call variant,$(BUILD)/san/,$(sanitized)))
$(eval $(call variant,$(BUILD)/cov/,$(covered)))
$(eval $(call variant,$(BUILD)/musl/,$(static),$(have)/musl))
$(eval $(call variant,$(BUILD)/analyzed/,$(analyzed)))
$(foreach s,$(steps),\
    $(eval $(call step,$(BUILD)/,$(s),$(release_link)))\
    $(eval $(call step,$(BUILD)/san/,$(s),$(sanitized)))\
    $(eval $(call step,$(BUILD)/cov/,$(s),$(covered))))
$(foreach s,$(filter-out $(uses_tls),$(steps)),\
    $(eval $(call step,$(BUILD)/musl/,$(s),-static)))
$(foreach u,$(units),\
    $(eval $(call unit,$(BUILD)/san/,$(u),$(sanitized)))\
    $(eval $(call unit,$(BUILD)/cov/,$(u),$(covered))))

# What uses OpenSSL and libcheck waits until they are there.
$(foreach v,$(BUILD)/ $(BUILD)/san/ $(BUILD)/cov/,$(call objects,$(v),\
    $(filter %.c,$(uses_tls) $(wildcard common/tls/*.c)))): | $(have)/run
$(foreach v,$(BUILD)/san/ $(BUILD)/cov/,$(call objects,$(v),\
    $(units) $(unit_help))): | $(have)/test
$(BUILD)/musl/obj/%: CC = $(MUSL_CC)
$(BUILD)/musl/%: CC = $(MUSL_CC)
$(BUILD)/analyzed/%: CC = gcc

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
analyze: $(call objects,$(BUILD)/analyzed/,$(common) $(wildcard steps/*/*.c))

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

doctor:
	@rm -rf $(have)
	@CC='$(CC)' MUSL_CC='$(MUSL_CC)' tests/tools/packages.sh doctor

clean:
	rm -rf $(BUILD)

always:
.PHONY: all san cov musl analyze help doctor clean always

# $(call option,--port,PORT): --port '9000' after `make run-03 PORT=9000`, and
# the third word where that was not said. What the environment says is no option.
option = $(if $(filter command,$(origin $(2))),$(1) '$($(2))',$(if $(3),$(1) $(3)))
flag = $(if $(filter command,$(origin $(2))),$(1))
options = $(strip $(call option,--host,HOST) $(call option,--port,PORT) \
    $(call option,--timeout,TIMEOUT) $(call option,--max-children,MAX_CHILDREN) \
    $(call flag,--show,SHOW) $(call flag,--quiet,QUIET) \
    $(call option,--root,ROOT,$(root)) $(call option,--cert,CERT,$(cert)) \
    $(call option,--key,KEY,$(key)) $(call option,--hsts,HSTS) $(ARGS))

certificate = $(BUILD)/certificate/cert.pem
$(certificate): | $(have)/run
	@mkdir -p $(@D)
	@umask 077; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
	    -nodes -days 365 -subj /CN=localhost \
	    -addext subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1 \
	    -keyout $(@D)/key.pem -out $@ 2>$(@D)/log || { cat $(@D)/log; exit 1; }

# ---- Testing ---------------------------------------------------------------

pytest = $(python) -m pytest -c tests/pytest.ini
run_jobs = $(python) tests/tools/run_jobs.py --logs $(BUILD)/logs
programs_of = $(1)$(notdir $(2)) \
    $(if $(call client_of,$(2)),$(1)$(call client_name,$(2)))

# $(call suite,prefix of the variant,directory of the step,options)
suite = $(pytest) tests/checks --step $(call number,$(2)) \
    --server $(1)$(notdir $(2)) \
    $(if $(call client_of,$(2)),--client $(1)$(call client_name,$(2))) $(3)

# $(call suite_jobs,prefix,word for it,options): a job for each step
suite_jobs = $(foreach s,$(steps),\
    'pytest $(notdir $(s)) $(2): $(call suite,$(1),$(s),--full $(3))')
unit_jobs = $(foreach u,$(units),\
    'check $(basename $(notdir $(u))): $(1)unit/$(basename $(notdir $(u)))')
verb_jobs = $(foreach v,$(1),'verb $(v): MAKEFLAGS= $(MAKE) BUILD=$(BUILD) $(v)')

test: $(made_$(BUILD)/) $(made_$(BUILD)/san/) $(have)/test
	@$(run_jobs) $(call suite_jobs,$(BUILD)/san/,sanitized,-m 'not slow') \
	    $(call suite_jobs,$(BUILD)/,release,-m 'not slow' --new-only) \
	    $(call unit_jobs,$(BUILD)/san/) $(tree_jobs)

test-all: $(made_$(BUILD)/) $(made_$(BUILD)/san/) $(have)/test
	@$(run_jobs) $(call suite_jobs,$(BUILD)/san/,slow,-m slow)

unit: $(filter $(BUILD)/san/unit/%,$(made_$(BUILD)/san/)) $(have)/test
	@$(run_jobs) $(call unit_jobs,$(BUILD)/san/)

check-tree: $(made_$(BUILD)/) $(have)/test
	@$(python) tests/tools/check_tree.py --build $(BUILD)
.PHONY: test test-all unit check-tree

# ---- The verbs of one step -------------------------------------------------

# $(call step_verbs,directory,number)
define step_verbs
run-$(2): $(BUILD)/$(notdir $(1)) $(if $(filter $(1),$(uses_tls)),$(certificate))
	@$(if $(KEYLOG),SSLKEYLOGFILE='$(KEYLOG)') \
	$(if $(filter $(1),$(uses_tls)),tests/tools/serve.sh $(certificate),exec) \
	$$< $$(options)
test-$(2): $(call programs_of,$(BUILD)/san/,$(1)) $(have)/test
	@$$(call suite,$(BUILD)/san/,$(1),$$(ARGS))
diff-$(2):
	@tests/tools/diff_step.sh $(2)
$(if $(filter-out 01 02 03 04 05,$(2)),run-$(2): root = docs/welcome)
$(if $(filter $(1),$(uses_tls)),run-$(2): cert = $(certificate)
run-$(2): key = $(BUILD)/certificate/key.pem)
.PHONY: run-$(2) test-$(2) diff-$(2)
endef
$(foreach s,$(steps),$(eval $(call step_verbs,$(s),$(call number,$(s)))))

run: run-07
.PHONY: run

run-% test-% diff-%:
	$(error There is no step $*; the steps are $(call number,$(steps)))

# ---- Care ------------------------------------------------------------------

c_files := $(wildcard common/*/*.[ch] steps/*/*.[ch] tests/*/*.[ch])
shell_files := $(wildcard tests/tools/*.sh) .ci/run
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
        $(include_path) $(no_twins)' \
    'verb shellcheck: shellcheck $(shell_files)' \
    'verb black: black --check -q tests' \
    'verb mypy: cd tests && mypy'
lint: $(have)/lint
	@$(run_jobs) $(lint_jobs)

# The suites once more, on programs that count; alone, for the counts add up.
coverage: $(made_$(BUILD)/cov/) $(have)/coverage
	@find $(BUILD)/cov -name '*.gcda' -exec rm {} +
	@$(run_jobs) $(call suite_jobs,$(BUILD)/cov/,coverage,-m 'not slow') \
	    $(call unit_jobs,$(BUILD)/cov/)
	@$(python) tests/tools/coverage.py --build $(BUILD)/cov
.PHONY: format lint coverage
