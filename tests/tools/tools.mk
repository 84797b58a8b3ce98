# The tests' own peers: independent of src/, built into $(B)/tools.
# The including Makefile defines B, CC, LARGE, CPPFLAGS, CFLAGS_ALL, LDFLAGS_ALL,
# BSD_CFLAGS and BSD_LIBS.

TOOLS_PEER_OBJS := $(addprefix $(B)/tools/,peer.o action.o verbs.o duplex.o \
	session.o place.o prng.o timing.o)
TOOLS_C := $(addprefix $(B)/tools/,peer pattern dead-guest nonblock-check \
	can-bind-local bare-copy fake-vmm load hold-vmci without-vsock \
	without-splice \
	crowd take-fd with-socket nonblocking meddler intrude soaker \
	name-server)

# vsock-go needs Debian's golang-go and golang-github-mdlayher-vsock-dev.
TOOLS_GOPATH := /usr/share/gocode
ifneq ($(and $(shell command -v go 2>/dev/null),$(wildcard \
	$(TOOLS_GOPATH)/src/github.com/mdlayher/vsock)),)
TOOLS_GO := $(B)/tools/vsock-go
endif

# Our own side of a verified transfer, with Debian's libxxhash-dev.
TOOLS_COURIER_OBJS := $(addprefix $(B)/tools/,courier.o courier_link.o \
	courier_says.o courier_waits.o wire.o place.o timing.o)

TOOLS := $(TOOLS_C) $(TOOLS_GO) $(addprefix $(B)/tools/,courier bare-init) \
	$(addprefix $(B)/tools/,fsync-fails.so raise-exits.so rough.so \
	bad-names.so)

$(B)/tools/%.o: tests/tools/%.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) -D_GNU_SOURCE $(LARGE) $(BSD_CFLAGS) $(CFLAGS_ALL) -pthread \
		-MMD -MP -c -o $@ $<

$(B)/tools/peer: $(TOOLS_PEER_OBJS)
	$(CC) $(CFLAGS_ALL) -pthread $(LDFLAGS_ALL) -o $@ $^ $(BSD_LIBS) -lmd

$(B)/tools/courier: $(TOOLS_COURIER_OBJS)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(BSD_LIBS) -lxxhash

# It runs where there is no libc.
$(B)/tools/bare-init: tests/tools/bare-init.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=c11 $(WARNINGS) -O2 -static -o $@ $<

# They are loaded into programs that have a sanitizer, or none.
$(B)/tools/%.so: tests/tools/%.c
	@mkdir -p $(@D)
	$(CC) -D_GNU_SOURCE -std=c11 $(WARNINGS) -O2 -fPIC -shared -o $@ $< -ldl

$(B)/tools/pattern: $(addprefix $(B)/tools/,pattern.o number.o prng.o)
$(B)/tools/dead-guest $(B)/tools/hold-vmci: $(addprefix $(B)/tools/,hold-cid.o \
	number.o)
$(B)/tools/nonblock-check: $(B)/tools/nonblock-check.o
$(B)/tools/can-bind-local: $(B)/tools/can-bind-local.o
$(B)/tools/bare-copy: $(addprefix $(B)/tools/,bare-copy.o number.o place.o)
$(B)/tools/load: $(addprefix $(B)/tools/,load.o command.o carry.o flood.o echo.o \
	rounds.o idle.o place.o serve.o timing.o)
$(B)/tools/fake-vmm: $(addprefix $(B)/tools/,fake-vmm.o muxer.o pump.o \
	number.o place.o prng.o)
$(B)/tools/without-vsock $(B)/tools/without-splice: $(B)/tools/filtered.o
$(B)/tools/without-vsock: $(B)/tools/without-vsock.o
$(B)/tools/without-splice: $(B)/tools/without-splice.o
$(B)/tools/crowd: $(addprefix $(B)/tools/,crowd.o number.o place.o prng.o \
	timing.o)
$(B)/tools/soaker: $(addprefix $(B)/tools/,soaker.o soaker_plan.o soaker_end.o \
	soaker_exchange.o soaker_chain.o soaker_look.o soaker_table.o number.o \
	place.o prng.o timing.o)
$(B)/tools/take-fd: $(B)/tools/take-fd.o
$(B)/tools/intrude: $(addprefix $(B)/tools/,intrude.o number.o)
$(B)/tools/with-socket: $(addprefix $(B)/tools/,with-socket.o place.o)
$(B)/tools/nonblocking: $(B)/tools/nonblocking.o
$(B)/tools/name-server: $(B)/tools/name-server.o
$(B)/tools/meddler: $(addprefix $(B)/tools/,meddler.o place.o timing.o)
$(filter-out $(B)/tools/peer,$(TOOLS_C)):
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(BSD_LIBS)

# No module, no network, no cache outside build/; static, for any guest.
$(B)/tools/vsock-go: tests/tools/go/main.go
	@mkdir -p $(@D)
	GOPATH=$(TOOLS_GOPATH) GO111MODULE=off GOFLAGS= CGO_ENABLED=0 \
		GOCACHE=$(abspath $(B)/tools/go-cache) \
		go build -o $(abspath $@) $<

-include $(wildcard $(B)/tools/*.d)
