# make help lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
BASH_COMPLETION = $(PREFIX)/share/bash-completion/completions/vcat
ZSH_COMPLETION = $(PREFIX)/share/zsh/site-functions/_vcat
FISH_COMPLETION = $(PREFIX)/share/fish/vendor_completions.d/vcat.fish
SYSTEMD_UNITS = $(PREFIX)/lib/systemd/system
SYSCONFDIR ?= /etc
EXAMPLES = $(PREFIX)/share/doc/vcat/examples
BUILD ?= release
SECONDS ?= 60
B := build/$(BUILD)
CC ?= gcc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config

# From the v* tags of this tree's own repository; without one, from VERSION.
DESCRIBED := $(shell git --git-dir=.git describe --tags --match 'v[0-9]*' \
	--dirty 2>/dev/null)
VERSION := $(or $(DESCRIBED:v%=%),$(shell cat VERSION))

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wvla -Wmissing-prototypes \
	-Wstrict-prototypes -Wformat=2

# LIBBSD=no: compat/ in the place of libbsd. It asks NSS for nothing.
LIBBSD_static := no
LIBBSD ?= $(or $(LIBBSD_$(BUILD)),$(shell \
	$(PKG_CONFIG) --exists libbsd-overlay && echo yes || echo no))
ifeq ($(LIBBSD),no)
COMPAT := $(B)/compat/compat.o
BSD_CFLAGS := -isystem compat -include compat/compat.h
BSD_LIBS := $(COMPAT)
else
COMPAT :=
BSD_CFLAGS := $(shell $(PKG_CONFIG) --cflags libbsd-overlay)
BSD_LIBS := $(shell $(PKG_CONFIG) --libs libbsd-overlay)
endif
MD_CFLAGS := $(shell $(PKG_CONFIG) --cflags libmd)
MD_LIBS := $(shell $(PKG_CONFIG) --libs libmd)
XXHASH_CFLAGS := $(shell $(PKG_CONFIG) --cflags libxxhash)
XXHASH_LIBS := $(shell $(PKG_CONFIG) --libs libxxhash)
LIBS = $(BSD_LIBS) $(MD_LIBS) $(XXHASH_LIBS)

# A packager's own level wins.
FORTIFY := $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),, \
	-D_FORTIFY_SOURCE=2)
HARDENING_release := -fstack-protector-strong -fPIE $(FORTIFY)
LINK_HARDENING_release := -pie -Wl,-z,relro,-z,now,-z,noexecstack
HARDENING_static := $(HARDENING_release)
LINK_HARDENING_static := -static-pie -Wl,-z,relro,-z,now,-z,noexecstack
SANITIZE_asan := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -DSANDBOX_SANITIZED=1
SANITIZE_fuzz := $(SANITIZE_asan) -fsanitize=fuzzer-no-link

# Files of more than 2 GiB, and times after 2038, on machines of 32 bits, too.
LARGE := -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64

CPPFLAGS_ALL = -D_GNU_SOURCE $(LARGE) $(BSD_CFLAGS) $(MD_CFLAGS) \
	$(XXHASH_CFLAGS) $(CPPFLAGS)
CFLAGS_ALL = -std=c11 $(WARNINGS) -pthread $(HARDENING_$(BUILD)) \
	$(SANITIZE_$(BUILD)) $(CFLAGS)
LDFLAGS_ALL = -pthread $(LINK_HARDENING_$(BUILD)) $(SANITIZE_$(BUILD)) \
	$(LDFLAGS)

SOURCES := $(wildcard src/*.c)
OBJECTS := $(SOURCES:src/%.c=$(B)/src/%.o) $(B)/src/filters.o
MODULES := $(filter-out $(B)/src/vcat.o,$(OBJECTS))
UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*_test.c))

all: $(B)/vcat completions

include tests/tools/tools.mk

$(B)/vcat: $(OBJECTS)
	$(CC) $(LDFLAGS_ALL) -o $@ $(OBJECTS) $(LIBS)

$(B)/compat/%.o: compat/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Rewritten only when the version has changed.
$(B)/version: FORCE
	@mkdir -p $(@D)
	@echo '$(VERSION)' | cmp -s - $@ || echo '$(VERSION)' > $@

$(B)/src/vcat.o $(B)/src/greeting.o: CPPFLAGS_ALL += -DVCAT_VERSION='"$(VERSION)"'
$(B)/src/vcat.o $(B)/src/greeting.o: $(B)/version

$(B)/src/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# The seccomp filters, made when vcat is built, by a program for this machine.
HOST_CC ?= $(CC)
HOST_PKG_CONFIG ?= pkg-config
MACHINE ?= $(shell $(CC) -dumpmachine)

$(B)/filters/generate: filters/generate.c src/filters.h src/sandbox.h \
		src/landlock.h src/value.h src/address.h Makefile
	@mkdir -p $(@D)
	$(HOST_CC) -D_GNU_SOURCE -std=c11 $(WARNINGS) -O1 -Isrc -o $@ $< \
		$(shell $(HOST_PKG_CONFIG) --cflags --libs libseccomp)

$(B)/filters/filters.c: $(B)/filters/generate
	$< $(MACHINE) > $@

$(B)/src/filters.o: $(B)/filters/filters.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -Isrc $(CFLAGS_ALL) -c -o $@ $<

$(B)/unit/%: tests/unit/%.c $(MODULES) Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -Isrc $(CFLAGS_ALL) -MMD -MP $(LDFLAGS_ALL) \
		-o $@ $< $(MODULES) $(LIBS)

COMPLETIONS := $(patsubst %,$(B)/completions/vcat.%,bash zsh fish)

completions: $(COMPLETIONS)

$(B)/completions/generate: completions/generate.c $(MODULES) Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -Isrc $(CFLAGS_ALL) -MMD -MP $(LDFLAGS_ALL) \
		-o $@ $< $(MODULES) $(LIBS)

$(B)/completions/vcat.%: completions/vcat.% $(B)/completions/generate
	$(B)/completions/generate $* > $@.options
	sed -e '/^# @OPTIONS@$$/{' -e 'r $@.options' -e d -e '}' $< > $@

UNITS_OF_SYSTEMD := vcat@.socket vcat@.service vcat-forwards.service

# For PREFIX and SYSCONFDIR, which may be others at each make install.
$(B)/systemd/%: systemd/%.in systemd/common FORCE
	@mkdir -p $(@D)
	sed -e '/^# @COMMON@$$/{' -e 'r systemd/common' -e d -e '}' \
		-e 's|@BINDIR@|$(PREFIX)/bin|' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|' $< > $@

# Helpers of tests/docs*.bats, which ask the program's own modules.
ASKERS := $(B)/unit/parse_options $(B)/unit/list_hints

# libFuzzer's, which brings a main() of its own.
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))

# They hear the messages themselves, see tests/fuzz/fuzz.h; and the time of
# tests/fuzz/relay.c is its own.
FUZZ_WRAP = -Wl,--wrap=log_write
$(B)/fuzz/relay: FUZZ_WRAP += -Wl,--wrap=clock_gettime

$(B)/fuzz/%: tests/fuzz/%.c $(MODULES) Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS_ALL) -Isrc $(CFLAGS_ALL) -MMD -MP $(LDFLAGS_ALL) \
		-fsanitize=fuzzer $(FUZZ_WRAP) -o $@ $< $(MODULES) $(LIBS)

$(B)/vcat $(UNITS) $(ASKERS) $(FUZZERS) $(TOOLS) $(B)/completions/generate: \
	| $(COMPAT)

# One file that needs nothing but a kernel. The linker warns of what looks up names,
# of hosts and of --owner's users: glibc does that without NSS modules as far as it
# can, by the files in /etc and DNS.
static:
	$(MAKE) BUILD=static build/static/vcat
	strip build/static/vcat
	@echo "build/static/vcat: $$(stat -c %s build/static/vcat) bytes"

# The files of a clone, or of an unpacked tarball: always the same bytes. Debian's
# packaging is no part of it.
DIST := vcat-$(shell cat VERSION)
dist:
	@mkdir -p build/dist
	{ git --git-dir=.git ls-files -z -- . ':!debian' 2>/dev/null || find . \
		\( -path ./build -o -path ./debian \) -prune -o ! -type d -printf '%P\0'; } | \
		LC_ALL=C sort -z | tar --null --no-recursion -T - --format=ustar \
		--transform='s,^,$(DIST)/,S' --mtime=@$(DIST_TIME) --mode=u+rw,go=rX \
		--owner=0 --group=0 --numeric-owner -cf build/dist/$(DIST).tar
	gzip -9nf build/dist/$(DIST).tar
	@echo build/dist/$(DIST).tar.gz

# Of the last commit; in a tarball, all files have it.
DIST_TIME = $(or $(SOURCE_DATE_EPOCH),$(shell \
	git --git-dir=.git log -1 --format=%ct 2>/dev/null || stat -c %Y VERSION))

# Debian's source package of that tarball, and its binary packages, in build/deb.
deb: dist
	packaging/deb build/dist/$(DIST).tar.gz debian build/deb

units: $(UNITS) $(ASKERS)
fuzzers: $(FUZZERS)
tools: $(TOOLS)

EXAMPLE_SCRIPTS = $(shell grep -l '^\#!' examples/*)
EXAMPLE_FILES = $(filter-out $(EXAMPLE_SCRIPTS),$(wildcard examples/*))

install: $(B)/vcat completions $(UNITS_OF_SYSTEMD:%=$(B)/systemd/%)
	install -D -m 755 $(B)/vcat $(DESTDIR)$(PREFIX)/bin/vcat
	install -D -m 644 man/vcat.1 $(DESTDIR)$(PREFIX)/share/man/man1/vcat.1
	install -D -m 644 man/vcat-frames.5 \
		$(DESTDIR)$(PREFIX)/share/man/man5/vcat-frames.5
	install -D -m 644 $(B)/completions/vcat.bash $(DESTDIR)$(BASH_COMPLETION)
	install -D -m 644 $(B)/completions/vcat.zsh $(DESTDIR)$(ZSH_COMPLETION)
	install -D -m 644 $(B)/completions/vcat.fish $(DESTDIR)$(FISH_COMPLETION)
	install -D -m 644 -t $(DESTDIR)$(SYSTEMD_UNITS) \
		$(UNITS_OF_SYSTEMD:%=$(B)/systemd/%)
	install -D -m 755 -t $(DESTDIR)$(EXAMPLES) $(EXAMPLE_SCRIPTS)
	install -D -m 644 -t $(DESTDIR)$(EXAMPLES) $(EXAMPLE_FILES)

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/vcat
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/vcat.1 \
		$(DESTDIR)$(PREFIX)/share/man/man5/vcat-frames.5
	rm -f $(DESTDIR)$(BASH_COMPLETION) $(DESTDIR)$(ZSH_COMPLETION) \
		$(DESTDIR)$(FISH_COMPLETION)
	rm -f $(UNITS_OF_SYSTEMD:%=$(DESTDIR)$(SYSTEMD_UNITS)/%)
	rm -rf $(DESTDIR)$(EXAMPLES)

# The build is a make of its own: pkg-config must find the packages that
# tests/deps has just installed.
check:
	tests/deps
	$(MAKE) -j$(shell nproc) BUILD=$(BUILD) all units tools
	BUILD=$(BUILD) tests/check $(T)

# For packagers: no virtual machine, no root, no network, and nothing is installed.
check-here:
	$(MAKE) BUILD=$(BUILD) all units tools
	BUILD=$(BUILD) tests/check --here $(T)

# What a fuzzer finds out stays in build/fuzz/corpus, for the next time.
fuzz:
	tests/deps
	$(MAKE) BUILD=fuzz CC=clang fuzzers
	for fuzzer in $(notdir $(FUZZERS)); do \
		mkdir -p build/fuzz/corpus/$$fuzzer; \
		tests/fuzz/run $$fuzzer -max_total_time=$(SECONDS) \
			-print_final_stats=1 -artifact_prefix=build/fuzz/ \
			build/fuzz/corpus/$$fuzzer tests/fuzz/$$fuzzer || exit; \
	done

# All faults in all jobs, about ten minutes. CALLS="read,write" ERRNOS="EINTR" and
# FAULTY="connect_unix" are lists of what to try only.
faults:
	tests/deps
	$(MAKE) BUILD=$(BUILD) all tools
	BUILD=$(BUILD) tests/faults/run $(if $(CALLS),-c $(CALLS)) \
		$(if $(ERRNOS),-e $(ERRNOS)) $(FAULTY)

# PORTS="i386 s390x" builds for these only.
ports:
	tests/deps
	tests/ports/run $(PORTS)

# A build of its own: valgrind makes all that slow, and needs the names of functions.
memcheck:
	tests/deps
	$(MAKE) BUILD=memcheck CFLAGS='-O1 -g' CPPFLAGS=-DTEST_SECONDS=200 \
		all units tools
	BUILD=memcheck tests/memcheck/run

demo:
	tests/deps
	$(MAKE) BUILD=$(BUILD) all
	BUILD=$(BUILD) tests/demo

# ROWS="vsock forward" measures these rows only, RUNS=9 each case nine times.
bench:
	tests/deps
	$(MAKE) BUILD=$(BUILD) all tools
	BUILD=$(BUILD) RUNS=$(or $(RUNS),5) BEFORE=$(BEFORE) \
		tests/bench/run $(ROWS)

# CONNECTIONS=1000000 makes so many, SEED=2 others.
soak:
	tests/deps
	$(MAKE) BUILD=$(BUILD) all tools
	BUILD=$(BUILD) CONNECTIONS=$(or $(CONNECTIONS),100000) \
		SEED=$(or $(SEED),1) tests/soak/run

lint:
	tests/lint/run

format:
	clang-format -i $(shell git ls-files '*.c' '*.h')

clean:
	rm -rf build

help:
	@echo 'make                  build $(B)/vcat'
	@echo 'make static           one static binary, build/static/vcat'
	@echo 'make dist deb         a source tarball; Debian packages, from that'
	@echo 'make install          install to PREFIX ($(PREFIX)) below DESTDIR; make uninstall'
	@echo 'make check            run all tests, or with T=tests/ends.bats one file'
	@echo 'make check BUILD=asan run them under ASan and UBSan'
	@echo 'make check-here       only those without a VM, root or network; installs nothing'
	@echo 'make fuzz SECONDS=60  run each fuzzer that long'
	@echo 'make faults           inject faults into the system calls of every kind of job'
	@echo 'make ports            the unit tests by other compilers, and for i386 and s390x'
	@echo 'make memcheck         the unit tests and every kind of job under valgrind'
	@echo 'make lint             run all static checks'
	@echo 'make demo             show a session over vsock in the test machine'
	@echo 'make bench            compare vcat with socat, ncat and the limit; ROWS="vsock start"'
	@echo 'make soak             check 100,000 connections; CONNECTIONS=1000 SEED=2'
	@echo 'make format           format the C sources'
	@echo 'make clean            remove build/'
	@echo 'BUILD=release|asan, CC, CFLAGS, CPPFLAGS, LDFLAGS are respected.'

FORCE:
.PHONY: all completions units tools fuzzers install uninstall check check-here \
	static dist deb fuzz demo faults ports memcheck bench soak lint format clean help FORCE
.DELETE_ON_ERROR:

-include $(OBJECTS:.o=.d) $(B)/completions/generate.d $(UNITS:=.d) $(ASKERS:=.d) \
	$(FUZZERS:=.d)
