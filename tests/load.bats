# machine: here
# needs: developer
# The load generator: a measurement is worth what its counting is worth.
bats_require_minimum_version 1.5.0
load helper

LOAD=$TOOLS/load
BARE=$TOOLS/bare-copy

# said KEY: what load has printed for it, from run's output.
said() {
	sed -n "s/^$1 //p" <<<"$output"
}

@test "load counts every byte that comes through, both ways" {
	run -0 "$LOAD" carry -t 20 -2 -b 5000001 \
		-- "$BARE" listen unix:s -- "$BARE" connect unix:s
	expect "$(said result)" ok
	expect "$(said bytes)" 10000002
}

@test "load: a dialer that drops the end has lost bytes" {
	run -1 "$LOAD" carry -t 20 -b 5000000 \
		-- "$BARE" listen unix:s \
		-- sh -c "head -c 4999999 | '$BARE' connect unix:s"
	expect "$(said result)" lost
	expect "$(said bytes)" 4999999
}

@test "load: a file that comes out too short has lost bytes" {
	head -c 100000 /dev/zero >in
	run -1 "$LOAD" carry -t 20 -b 100000 -i in -o out \
		-- "$BARE" listen unix:s \
		-- sh -c "head -c 99999 | '$BARE' connect unix:s"
	expect "$(said result)" lost
}

@test "load floods a forwarder on many connections" {
	run -0 "$LOAD" flood -t 20 -n 20 -b 100003 unix:a unix:b \
		-- "$BARE" forward unix:a unix:b
	expect "$(said result)" ok
	expect "$(said bytes)" 2000060
}

@test "load: a forwarder that never connects on is out of time" {
	run -124 "$LOAD" delay -t 1 unix:a unix:b \
		-- socat UNIX-LISTEN:a EXEC:'sleep 10'
	expect "$(said result)" timed-out
	run ! pgrep -f "UNIX-LISTEN:a EXEC:sleep"
}

@test "load: round trips through a forwarder come back" {
	run -0 "$LOAD" delay -r 100 -m 1024 unix:a unix:b \
		-- "$BARE" forward unix:a unix:b
	expect "$(said result)" ok
	run -0 "$LOAD" rate -n 4 -s 0.2 unix:c unix:d \
		-- "$BARE" forward unix:c unix:d
	expect "$(said result)" ok
	expect "$(said failures)" 0
}

@test "load: a forwarder's silent connections are open, and its memory is seen" {
	run -0 "$LOAD" idle -n 50 -s 0.1 unix:a unix:b \
		-- "$BARE" forward unix:a unix:b
	expect "$(said result)" ok
	[[ $(said memory_kib) -gt 100 ]]
}

@test "load writes in pieces of the size that it is given" {
	run -0 strace -ff -qq -e trace=write -e signal=none -o calls \
		"$LOAD" carry -t 20 -w 64 -b 6400 \
		-- "$BARE" listen unix:s -- "$BARE" connect unix:s
	expect "$(said result)" ok
	grep -c 'write([0-9]*, .*, 64) *= 64$' calls.* | grep -q ':100$'
	run -0 "$LOAD" flood -t 20 -w 1000 -n 3 -b 5001 unix:a unix:b \
		-- "$BARE" forward unix:a unix:b
	expect "$(said bytes)" 15003
	run -2 "$LOAD" carry -w 0 -- true -- true
}

@test "load: a forwarder that takes long to start is ready late" {
	run -0 "$LOAD" ready -s 0.1 unix:a unix:b \
		-- sh -c "sleep 0.5; exec '$BARE' forward unix:a unix:b"
	expect "$(said result)" ok
	awk -v ms="$(said ready_ms)" 'BEGIN { exit ms < 500 }'
	[[ $(said visits) -gt 0 ]]
}

@test "load: the CPU time of a forwarder's children counts" {
	run -0 "$LOAD" idle -n 1 -s 0.3 unix:a unix:b \
		-- socat UNIX-LISTEN:a,fork,backlog=128 UNIX-CONNECT:b
	expect "$(said result)" ok
	awk -v us="$(said visit_cpu_us)" 'BEGIN { exit us < 50 }'
}

@test "with-socket passes a socket that listens at an address" {
	start proxy "$TOOLS/with-socket" unix:a \
		/lib/systemd/systemd-socket-proxyd "$T/b"
	start target socat UNIX-LISTEN:b SYSTEM:'echo hello'
	wait_until 10 test -S b
	run -0 timeout "$LIMIT" socat -u UNIX-CONNECT:a -
	expect "$output" hello
}

@test "bench: a row that fails is named, and ends with 1" {
	cp -r "$TOP/tests/bench" bench
	mkdir -p tests build/bench
	mv bench tests/
	: >build/bench/sizes
	: >build/bench/empty
	row() {
		printf 'native\tg\tt\tbytes\t%s\t%s\t%s\t\n' "$1" "$1" "$2"
	}
	facts='{"date":"","runs_each":1,"kernel":"k","kernels":{},"vcat":"","socat":"","ncat":""}'
	ok="seconds 1 bytes 1000 result ok"
	{ row vcat "$ok"; row ncat "result lost"; } >build/bench/raw
	run -0 tests/bench/summary "$facts"
	{ row vcat "result lost"; row ncat "$ok"; } >build/bench/raw
	run -1 --separate-stderr tests/bench/summary "$facts"
	expect "$stderr" "failed: g (native): t: vcat: 1 of 1 lost"
	{ row vcat "$ok"; } >build/bench/raw
	echo "scan (guest-6.1)" >build/bench/empty
	run -1 --separate-stderr tests/bench/summary "$facts"
	expect "$stderr" \
		"failed: scan (guest-6.1): nothing was measured, or not to the end"
}
