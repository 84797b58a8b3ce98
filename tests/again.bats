# machine: here
# -k without -l: connect, and when that has ended connect again.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load helper
load forward

# said NAME COUNT TEXT: its stderr has just so many lines with the text.
said() {
	[[ $(grep -cF -- "$3" "$1.err") == "$2" ]]
}

# says NAME COUNT TEXT: waits for it.
says() {
	wait_until 15 said "$@" || {
		echo "not $2 lines of $1 with '$3':"
		cat "$1.err"
		return 1
	}
}

@test "again: -d takes what each connection brings, until a signal" {
	start here "$VCAT" -k -d unix:far </dev/null
	for word in one two three; do
		start far "$PEER" listen unix:far text "$word." close
		ended far 0
		rm -f far
	done
	wait_until 10 grep -qx one.two.three. here.out
	pid_of here
	kill "$pid"
	finish here
	expect "$status" 143
}

@test "again: the error of a dial is told once, and again after a success" {
	start here "$VCAT" -k -d unix:far </dev/null
	says here 1 "vcat: unix:far: connect: No such file or directory"
	# it has tried for a second, in four or more attempts
	sleep 1
	said here 1 "vcat: unix:far: connect: No such file or directory"
	start far "$PEER" listen unix:far text hello close
	ended far 0
	rm -f far
	says here 2 "vcat: unix:far: connect: No such file or directory"
	# another error is told, too
	: >far
	says here 1 "unix:far: connect: Socket operation on non-socket"
	expect "$(<here.out)" hello
}

@test "again: stdin's EOF is the end, after that of the connection" {
	start far "$PEER" listen unix:far save got read-eof text answer
	wait_until 10 test -S far
	run -0 vcat -k unix:far <<<question
	expect "$output" answer
	expect "$(<got)" question
	ended far 0
}

# feeds SCRIPT: a fifo, lines, into which it writes.
feeds() {
	mkfifo lines
	start feed bash -c "await() { until [[ -e \$1 ]]; do sleep 0.02; done; }
		{ $1; } >lines" </dev/null
}

@test "again: a pipe as stdin stays open, and its lines come over one connection or another" {
	feeds 'for word in one two; do await $word; echo $word; done; await end'
	start here "$VCAT" -k unix:far <lines
	for word in one two; do
		start far "$PEER" listen unix:far save got text hi. read "$((${#word} + 1))"
		# nothing is in flight: the line is written once the connection is there
		his+=hi.
		wait_until 15 grep -qx "$his" here.out
		: >$word
		ended far 0
		rm -f far
	done
	expect "$(<got)" $'one\ntwo'
	# the next connection brings the end
	start far "$PEER" listen unix:far touch there expect-eof
	wait_until 15 test -e there
	: >end
	ended far 0
	finish here
	expect "$status" 0
	expect "$(<here.out)" hi.hi.
}

@test "again: bytes that a connection has lost are a failure in the end" {
	feeds 'await go; head -c 3000000 /dev/zero; await end'
	start far "$PEER" listen unix:far text hi wait-file reset linger-reset
	start here "$VCAT" -k unix:far <lines
	wait_until 15 grep -q hi here.out
	: >go
	# its buffers are full
	sleep 0.3
	: >reset
	ended far 0
	rm -f far
	start far "$PEER" listen unix:far touch there read-eof
	wait_until 15 test -e there
	: >end
	ended far 0
	finish here
	expect "$status" 1
	expect_in here.err "vcat: unix:far: "
}

@test "again: a server that starts again is found again" {
	for _ in 1 2 3; do
		start server socat UNIX-LISTEN:far,fork,unlink-early EXEC:'echo hello'
		[[ -e here.pid ]] || start here "$VCAT" -k -d unix:far </dev/null
		wait_until 15 has_lines $((++n * 2))
		stop server
		rm -f far
	done
}

has_lines() {
	(($(wc -l <here.out) >= $1))
}

@test "again: -t relays each connection, and bytes are the same" {
	$PATTERN 1 2000000 >sent-there
	$PATTERN 2 2000000 >sent-back
	start here "$VCAT" -k unix:far -t unix:near </dev/null
	for _ in 1 2; do
		start near "$PEER" listen unix:near save back seed 2 both 2000000
		wait_until 10 test -S near
		start far "$PEER" listen unix:far save there seed 1 both 2000000
		ended far 0
		ended near 0
		# what the far side has got is what the near side sent
		same_bytes there sent-back
		same_bytes back sent-there
		rm -f there back far near
	done
	pid_of here
	kill "$pid"
	finish here
	expect "$status" 143
}

@test "again: a target that is away is told once while the far side is there" {
	start far socat UNIX-LISTEN:far,fork,backlog=64 EXEC:'sleep 60'
	wait_until 10 test -S far
	start here "$VCAT" -v -k unix:far -t unix:near </dev/null
	# each attempt connects to the far side first
	wait_until 15 more_than 3
	said here 1 "vcat: unix:near: connect: No such file or directory"
	start near "$PEER" listen unix:near read-eof
	says here 1 "vcat: unix:near: connected"
}

more_than() {
	(($(grep -cF "vcat: unix:far: connected" here.err) > $1))
}

@test "again: -e runs the command for each connection" {
	start here "$VCAT" -k unix:far -e 'read word; echo "$word back"; exit 3' </dev/null
	for word in one two three; do
		start far "$PEER" listen unix:far save got text "$word"$'\n' read-eof
		ended far 0
		expect "$(<got)" "$word back"
		rm -f got far
	done
	# the process that dials has closed its descriptors of them
	pid_of here
	child=$(pgrep -P "$pid" | head -n 1)
	expect "$(find "/proc/$child/fd" -lname 'socket:*' | wc -l)" 1 "sockets"
	kill "$pid"
	finish here
	expect "$status" 143
	run -1 grep -vE ': connect: No such file|^hint: ' here.err
}

@test "again: -e, one command at a time" {
	start here "$VCAT" -k unix:far -e 'read word; : >here; exec sleep 60' </dev/null
	start far socat -d -d UNIX-LISTEN:far,fork,backlog=64 EXEC:'echo word'
	wait_until 15 test -e here
	expect "$(grep -c 'accepting connection' far.err)" 1 "connections"
	pid_of here
	kill "$pid"
	finish here
	expect "$status" 143
}

@test "again: pauses grow after short connections" {
	start far socat -d -d UNIX-LISTEN:far,fork,backlog=64 EXEC:true
	wait_until 10 test -S far
	start here timeout 5 "$VCAT" -v -k -d unix:far </dev/null
	finish here
	# after 0.1, 0.2, 0.4, 0.8, 1.6 and 3.2 seconds; without pauses, thousands
	count=$(grep -cF "vcat: unix:far: connected" here.err)
	((count >= 3 && count <= 8)) || expect "$count" "3 to 8" connections
}

@test "again: --retry with a time gives up by then" {
	run timeout "$LIMIT" "$VCAT" -k --retry=0.3 -d unix:far </dev/null
	expect "$status" 3
	expect_in <(echo "$output") "vcat: unix:far: connect: No such file"
	run timeout "$LIMIT" "$VCAT" -k --retry=0.3 unix:far -e cat </dev/null
	expect "$status" 3
}

@test "again: the first dial waits for a listener, without --retry" {
	start here "$VCAT" -k unix:far <<<hello
	says here 1 "connect: No such file or directory"
	start far "$PEER" listen unix:far save got read-eof
	finish here
	expect "$status" 0
	expect "$(<got)" hello
}

@test "again: a stdout that nobody reads is the end" {
	start far socat UNIX-LISTEN:far,fork EXEC:'echo hello'
	wait_until 10 test -S far
	start here bash -c '"$0" -k -d unix:far | head -n 2
		exit "${PIPESTATUS[0]}"' "$VCAT" </dev/null
	finish here
	expect "$status" 1
	expect "$(<here.out)" $'hello\nhello'
	expect_in here.err stdout
}

@test "again: a signal ends the pause, the dial and the connection" {
	start pause "$VCAT" -k -d unix:none </dev/null
	says pause 1 "connect: No such file"
	start far "$PEER" -r up listen unix:far sleep 60
	wait_until 10 test -e up
	start connected "$VCAT" -v -k -d unix:far </dev/null
	says connected 1 "unix:far: connected"
	for name in pause connected; do
		pid_of $name
		kill -INT "$pid"
		finish $name
		expect "$status" 130 "status of $name"
	done
}

@test "again: what does not go with -k alone" {
	for words in -F "--into ." "--files x"; do
		# shellcheck disable=SC2086 # words
		run -2 "$VCAT" -k $words unix:x
		expect "$output" "vcat: -k without -l does not work with -F, --files, --into and --verified (see vcat --help)"
	done
}

@test "again: stdout's reader that has gone is noticed although nothing is dialled just then" {
	run -0 timeout 20 bash -c '"$1" -k -d unix:none | true; echo "${PIPESTATUS[0]}"' bash "$VCAT"
	expect "${lines[-1]}" 1 "status"
	expect "${lines[-2]}" "vcat: stdout: the reader has gone"
}
