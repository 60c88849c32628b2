# The verbs of coursework: each runs a module of this directory. Included by the
# Makefile; a section for each theme.

coursework = PYTHONPATH=tests $(python) -m coursework

# ---- The student's loop ----------------------------------------------------

# $(call student,verb,number): the module builds by make, with the same words.
student = $(coursework) $(1) $(2) --work '$(WORK)' --build '$(BUILD)' \
    --make '$(MAKE) CC="$(CC)" CFLAGS="$(CFLAGS)"'
force = $(if $(filter-out 0,$(FORCE)),--force)
yes = $(if $(filter-out 0,$(YES)),--yes)
# $(call grading,options for pytest)
grading = $(if $(SERVER),--server '$(SERVER)') \
    $(if $(CLIENT),--client '$(CLIENT)') \
    $(if $(EXERCISE),--exercise '$(EXERCISE)') \
    $(if $(REPORTS),--reports '$(REPORTS)') -- $(1) \
    $(if $(COURSE),--course '$(COURSE)') $(ARGS)

# $(call student_verbs,number)
define student_verbs
start-$(1) hint-$(1) watch-$(1): $(have)/test
	@$$(call student,$$(subst -$(1),,$$@),$(1))
grade-$(1): $(have)/test
	@$$(call student,grade,$(1)) $$(call grading,$(if $(filter 0%,$(1)),$$(workers)))
solution-$(1): $(have)/test
	@$$(call student,solution,$(1)) $$(force)
reset-$(1): $(have)/test
	@$$(call student,reset,$(1)) $$(yes)
.PHONY: $(addsuffix -$(1),start hint watch grade solution reset)
endef
$(foreach s,$(call number,$(steps)),$(eval $(call student_verbs,$(s))))

progress: $(have)/test
	@$(call student,progress,all)
.PHONY: progress

start-% hint-% watch-% grade-% solution-% reset-%:
	$(error There is no step or unit $*; there are $(call number,$(steps)) $(unit_names))
work-%:
	$(error There is no $(WORK)/$*; make start-$* makes it)

# ---- Units -----------------------------------------------------------------
# A unit assignment is a line of tests/units.md: its name, step, files and unit
# tests. build/work/unit/parser/test_request is made of work/parser/*.c, of the
# test as it is, and of common/ without the names of any file of the unit. Of the
# student's functions those are seen that the reference has in its headers: no
# other may take the place of one of the test's, or of libcheck's.

unit_lines := $(shell sed -n -e 's/^| \([a-z]*\) | [0-9][0-9] | \([a-z ]*\) |\
 \([a-z ]*\) |$$/\1:\2:\3/p' \
    tests/units.md 2>/dev/null | tr ' ' ,)
unit_names := $(foreach u,$(unit_lines),$(firstword $(subst :, ,$(u))))
comma := ,
unit_words = $(subst $(comma), ,$(word $(2),$(subst :, ,\
    $(filter $(1):%,$(unit_lines)))))
unit_files = $(foreach n,$(call unit_words,$(1),2),$(wildcard common/*/$(n).c))
unit_tests = $(addprefix tests/unit/test_,$(addsuffix .c,\
    $(call unit_words,$(1),3)))
unit_tls = $(if $(filter $(uses_tls),$(call unit_tests,$(1))),\
    $$(openssl_libs))

# $(call unit_program,unit,directory of what is made,a test)
define unit_program
$(2)/$(basename $(notdir $(3))): $(call objects,$(BUILD)/san/,$(3)) \
    $(2)/own.o $(2)/common.a
	$$(call say,link,$$@)
	$$(Q)$$(compiler) $$(sanitized) -o $$@ $$^ $$(check_libs) \
	    $(call unit_tls,$(1))
work-$(1): $(2)/$(basename $(notdir $(3)))
endef

# $(call unit_work,unit,directory of what is made,the student's files,the
# reference's)
define unit_work
$(call work_objects,$(3)): $(2)/headers
$(2)/headers: $(4:.c=.h) $(wildcard $(work)/$(1)/*.h)
	@mkdir -p $$(@D)
	$$(Q)for file in $(4:.c=.h); do \
	    own=$(work)/$(1)/$$$$(basename $$$$file); \
	    test ! -e $$$$own || cmp -s $$$$file $$$$own || { \
	    echo "$$$$own is not what the tests are made with. To mend it:"; \
	    echo "  cp $$$$file $$$$own"; exit 1; }; done
	@touch $$@
$(2)/own.o: $(call work_objects,$(3)) $(2)/names
	$$(Q)$$(LD) -r -o $$@ $$(filter %.o,$$^)
	$$(Q)objcopy --keep-global-symbols=$(2)/names $$@
$(2)/names: $(call objects,$(BUILD)/san/,$(4))
	@mkdir -p $$(@D)
	$$(Q)nm -g --defined-only $$^ | sed -n 's/.* //p' > $$@
$(2)/common.a: Makefile $(wildcard common/*) $(work)/$(1) $(filter-out \
    $(addprefix %/,$(notdir $(patsubst %.c,%.o,$(3) $(4)))),$(call objects,\
    $(BUILD)/san/,$(unit_help) \
    $(if $(call unit_tls,$(1)),$(common),$(plain))))
	@mkdir -p $$(@D)
	$$(Q)rm -f $$@
	$$(Q)$$(AR) rc $$@ $$(filter %.o,$$^)
$(foreach t,$(call unit_tests,$(1)),\
    $(eval $(call unit_program,$(1),$(2),$(t))))
.PHONY: work-$(1)
-include $(patsubst %.o,%.d,$(call work_objects,$(3)))
endef
$(foreach u,$(unit_names),$(if $(wildcard $(work)/$(u)),\
    $(eval $(call unit_work,$(u),$(BUILD)/work/unit/$(u),\
        $(wildcard $(work)/$(u)/*.c),$(call unit_files,$(u))))))
$(BUILD)/work/obj/tls/%.o: more = $(openssl_flags)

# ---- Exercises -------------------------------------------------------------
# make grade-03 EXERCISE=threads is above. This is the proof that they are sound.

exercises = BUILD=$(BUILD) $(pytest) tests/exercises/test_exercises.py
test-exercises: $(made_$(BUILD)/san/) $(have)/test
	@$(exercises) $(workers) $(ARGS)
.PHONY: test-exercises

# ---- For a class -----------------------------------------------------------
# PARTS=01-04 makes one archive a step; COURSE=file is the teacher's.

parts = $(or $(PARTS),$(1))
hosts = gradescope autolab classroom50

# $(call class_verbs,number)
define class_verbs
handout-$(1): $(have)/test
	@$$(coursework) handout '$$(call parts,$(1))' --out '$(BUILD)/handout'
$(foreach h,$(hosts),$(call host_verb,$(h),$(1)))
.PHONY: handout-$(1)
endef
define host_verb
$(1)-$(2): $(have)/test
	@$$(coursework) hosts $(1) $(2) --out '$(BUILD)/hosts' \
	    $$(if $$(COURSE),--course '$$(COURSE)')
.PHONY: $(1)-$(2)

endef
$(foreach s,$(call number,$(steps)),$(eval $(call class_verbs,$(s))))
# make grade-class SUBMISSIONS=dir STEP=03 JOBS=2: a class, in build/class/03.
class_place = $(or $(OUT),$(BUILD)/class/$(STEP))
grade-class: $(have)/test
	$(if $(and $(STEP),$(SUBMISSIONS)),,$(error Say which: make grade-class \
	    SUBMISSIONS=dir STEP=03))
	@$(coursework) grade_class --step '$(STEP)' \
	    --submissions '$(SUBMISSIONS)' --out '$(class_place)' \
	    $(if $(JOBS),--jobs '$(JOBS)') $(if $(SHARD),--shard '$(SHARD)') \
	    $(if $(SEED),--seed '$(SEED)') $(if $(COURSE),--course '$(COURSE)') \
	    $(if $(TIMES),--times '$(TIMES)') --build '$(BUILD)' \
	    --make '$(MAKE) CC="$(CC)" CFLAGS="$(CFLAGS)"' $(ARGS)
merge-class: $(have)/test
	$(if $(STEP),,$(error Say which: make merge-class STEP=03 PARTS="dir dir"))
	@$(coursework) merge_class --step '$(STEP)' --out '$(class_place)' $(PARTS)
.PHONY: grade-class merge-class

handout-% $(addsuffix -%,$(hosts)):
	$(error There is no step $*; the steps are $(call number,$(steps)))
$(foreach u,$(unit_names),$(eval $(call student_verbs,$(u))))
