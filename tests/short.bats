# machine: here
# needs: developer loopback strace
# How many system calls a short connection through a forwarder takes.
# shellcheck disable=SC2154 # set by helpers
bats_require_minimum_version 1.5.0
load sandbox

setup() {
	T=$(mktemp -d /tmp/vcat.XXXXXX)
	cd "$T" || return
	[[ $BUILD != asan ]] || skip "strace and LeakSanitizer exclude each other"
	need_strace
}

# calls_are FROM TO MOST: a client connects, sends a byte, reads one and closes, again
# and again, and the target echoes; vcat makes MOST calls each time, on average. A
# process that is slow to answer costs a read in vain and a wait. (strace -D leaves
# vcat its own parent.)
calls_are() {
	"$TOOLS/load" rate -t 20 -s 0.5 "$1" "$2" -- strace -D -qq -o calls \
		"$VCAT" -l -k "$1" -t "$2" >said
	expect_in said "result ok"
	awk '/^epoll_wait|EAGAIN/ { next }
		{ calls++ }
		/^accept4\(/ { last = calls; if (!n++) first = calls }
		END { if (n > 10) print (last - first) / (n - 1) }' calls >each
	echo "$1 to $2: $(<each) calls, at most $3"
	awk -v most="$3" '{ n = $1 } END { exit !(n > 10 && n < most + 0.5) }' each
}

# A port that was free just now.
free_port() {
	local port
	start taken "$VCAT" -l -k -d tcp:any
	port_of taken
	stop taken
	echo "$port"
}

@test "short: unix to unix" {
	calls_are unix:in unix:out 15
}

@test "short: tcp to unix" {
	calls_are "tcp:127.0.0.1:$(free_port)" unix:out 19
}

@test "short: unix to tcp" {
	calls_are unix:in "tcp:127.0.0.1:$(free_port)" 16
}

@test "short: tcp to tcp" {
	calls_are "tcp:127.0.0.1:$(free_port)" "tcp:127.0.0.1:$(free_port)" 20
}
