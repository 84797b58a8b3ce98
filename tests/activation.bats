# machine: here
# needs: loopback socat systemd-socket-activate
# -l -: sockets that whoever started vcat has opened, as systemd does.
bats_require_minimum_version 1.5.0
load helper

# activate OPTION... -- ARG...: vcat -l - ARG..., once a client has come to ./s.
activate() {
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	start unit systemd-socket-activate -l "$T/s" "${options[@]}" \
		"$VCAT" -l - "$@" </dev/null
	wait_until 10 grep -q ^Listening unit.err
}

# A command that lists its descriptors, and opens none for that.
list='i=0; while [ $i -lt 300 ]; do
	[ -e /proc/$$/fd/$i ] && printf "%s " $i
	i=$((i + 1))
done; :'

# wrong MESSAGE COMMAND...: it says that, the hint for -l -, and exits with 1.
wrong() {
	local message=$1
	shift
	fails 1 "-: $message" "systemd-socket-activate -l PATH vcat -l -" "$@"
}

@test "activation: once, the connection is on stdin and stdout, and vcat ends" {
	activate -- -v
	run -0 vcat "unix:$T/s" <<<hello
	finish unit
	expect "$status" 0
	expect "$(<unit.out)" hello
	expect_in unit.err "vcat: unix:$T/s: accepted"
}

@test "activation: the socket file is not ours, and stays" {
	activate --
	run -0 vcat "unix:$T/s" </dev/null
	finish unit
	[[ -S s ]]
	rm s
	activate -- -k -e 'echo hello'
	run -0 vcat "unix:$T/s" </dev/null
	pid_of unit
	kill -TERM "$pid"
	finish unit
	expect "$status" 143
	[[ -S s ]]
}

@test "activation: -k serves one after the other" {
	activate -- -k
	for word in one two three; do
		run -0 vcat "unix:$T/s" <<<$word
	done
	wait_until 10 grep -q three unit.out
	expect "$(<unit.out)" $'one\ntwo\nthree'
	running unit
}

@test "activation: -t forwards, once or with -k many" {
	start echo socat -t 30 UNIX-LISTEN:t,fork,backlog=256 PIPE
	wait_until 10 test -S t
	activate -- -t unix:t
	run -0 vcat "unix:$T/s" <<<hello
	expect "$output" hello
	finish unit
	expect "$status" 0
	rm s
	activate -- -k -t unix:t
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 100 -c 20 -b 100000 "unix:$T/s"
	expect "${lines[0]}" "100 whole"
}

@test "activation: -e runs commands, and no LISTEN_ variable is in their environment" {
	local command="env | grep ^LISTEN; $list"
	activate --fdname=ours -- -e "$command"
	run -0 vcat "unix:$T/s" </dev/null
	expect "$output" "0 1 2 "
	rm s
	activate --fdname=ours -- -k -e "$command"
	for _ in 1 2; do
		run -0 vcat "unix:$T/s" </dev/null
		expect "$output" "0 1 2 "
	done
}

@test "activation: TCP is named as TCP, and the peer by its address" {
	port=$((20000 + RANDOM % 10000))
	start unit systemd-socket-activate -l "127.0.0.1:$port" \
		"$VCAT" -l - -v -e 'echo "$VCAT_LOCAL_PORT"'
	wait_until 10 grep -q ^Listening unit.err
	run -0 vcat "tcp:127.0.0.1:$port" </dev/null
	expect "$output" "$port"
	finish unit
	grep -qE '^vcat: tcp:127\.0\.0\.1:[0-9]+: accepted$' unit.err
}

@test "activation: a socket of messages keeps them" {
	activate --seqpacket --
	timeout "$LIMIT" "$PEER" -s connect unix:s text one text two shutdown read-eof
	finish unit
	expect "$status" 0
	expect "$(<unit.out)" onetwo
}

@test "activation: --accept passes a connection, which is served as it is" {
	activate --accept -- -e 'echo hello'
	for _ in 1 2 3; do
		run -0 vcat "unix:$T/s" </dev/null
		expect "$output" hello
	done
	stop unit
	rm s
	start echo socat -t 30 UNIX-LISTEN:t,fork,backlog=256 PIPE
	wait_until 10 test -S t
	activate --accept -- -t unix:t
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 20 -c 5 -b 300000 "unix:$T/s"
	expect "${lines[0]}" "20 whole"
}

@test "activation: without a passed socket it is one line and a hint" {
	wrong "no socket was passed (LISTEN_FDS is not set)" "$VCAT" -l -
	wrong "no socket was passed (LISTEN_FDS is not set)" \
		env LISTEN_FDS=0 LISTEN_PID=1 "$VCAT" -l -
}

@test "activation: what was passed to another process is not taken" {
	wrong "the socket was passed to another process (LISTEN_PID)" \
		env LISTEN_FDS=1 LISTEN_PID=1 "$VCAT" -l -
	wrong "the socket was passed to another process (LISTEN_PID)" \
		env LISTEN_FDS=1 "$VCAT" -l -
}

@test "activation: of two sockets it does not choose" {
	start unit systemd-socket-activate -l "$T/s" -l "$T/s2" "$VCAT" -l -
	wait_until 10 test -S s2
	run -1 vcat "unix:$T/s" </dev/null
	finish unit
	expect "$status" 1
	expect_in unit.err "vcat: -: more than one socket was passed (LISTEN_FDS)"
	expect_in unit.err "hint: -l - takes a socket that systemd passes"
}

@test "activation: what is no socket, or is closed, is not taken" {
	# shellcheck disable=SC2016 # expanded by the inner shell
	wrong "descriptor 3 is not a socket (LISTEN_FDS)" bash -c \
		'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" -l - 3</dev/null' "$VCAT"
	# shellcheck disable=SC2016
	wrong "descriptor 3 is not a socket (LISTEN_FDS)" bash -c \
		'LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" -l - 3<&-' "$VCAT"
}

@test "activation: neither a datagram socket nor one that is not bound is taken" {
	for type in dgram unbound; do
		fails 1 "-: the passed socket is neither listening nor connected" \
			"systemd-socket-activate" "$TOOLS/with-socket" $type \
			"$VCAT" -l -
	done
	fails 1 "-: no socket was passed (LISTEN_FDS is not set)" \
		"systemd-socket-activate" env "LISTEN_FDS= 1" "$VCAT" -l -
}
