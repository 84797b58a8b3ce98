# machine: here
# needs: jq loopback pgrep ps python3 socat
# --bench against --sink and --echo, over unix and TCP; and against peers that are
# none, die, stall or lie. VM sockets: yardstick-vsock.bats.
bats_require_minimum_version 1.5.0
load helper

GAUGER=$TOP/tests/tools/gauger

# sink OPTION...: a vcat that answers on a free TCP port; sets port.
sink() {
	start sink "$VCAT" -l -k "$@" tcp:any
	port_of sink
}

# sound: a result of --json, on stdin, has rates that are what bytes and seconds
# say, and has measured for at least 0.2 s.
sound() {
	jq -e '.whole and ([to_entries[] | .key | select(endswith("_bytes_per_second"))]
		| length > 0) and
		([.to_seconds, .from_seconds, .echo_seconds] | map(values) | min >= 0.2)
		and ([["to", "from", "echo"][] as $way | select(has($way + "_bytes"))
		| .[$way + "_bytes"] / .[$way + "_seconds"]
		- .[$way + "_bytes_per_second"] | fabs] | max < 1)' >/dev/null
}

@test "sink: the result has rates, CPU time, buffers and kernels of both ends" {
	sink --sink
	run -0 --separate-stderr vcat --bench=0.3 "tcp:$port"
	expect "$stderr" ""
	expect "${#lines[@]}" 5
	[[ ${lines[0]} =~ ^to\ tcp:$port:\ [0-9.]+\ MiB/s\ \([0-9.]+\ s,\ counted\ by\ the\ receiver\)$ ]]
	[[ ${lines[1]} =~ ^CPU:\ [0-9.]+\ s/GiB\ here,\ [0-9.]+\ s/GiB\ there$ ]]
	[[ ${lines[2]} == "buffers here: relay 1.0 MiB, socket "*" to receive, "*" to send" ]]
	[[ ${lines[3]} == "buffers there: relay 1.0 MiB, socket "*" to receive, "*" to send" ]]
	expect "${lines[4]}" "kernel: $(uname -r) here, $(uname -r) there"
	stop sink
	expect_in sink.err "listening on"
	expect "$(wc -l <sink.err)" 1
}

@test "sink: --both measures both directions, --json is one object" {
	sink --sink
	run -0 --separate-stderr vcat --bench=0.2 --both --json --buffer 64KiB "tcp:$port"
	expect "${#lines[@]}" 1
	sound <<<"$output"
	jq -e --arg kernel "$(uname -r)" '.peer == "sink" and .to_bytes > 0 and
		.from_bytes > 0 and .relay_buffer_here == 65536 and
		.relay_buffer_there == 1048576 and .kernel_there == $kernel and
		.cpu_per_gib_here > 0 and .cpu_per_gib_there > 0 and
		.connections_there == 1' <<<"$output"
	run -0 vcat --bench=0.2 --both "tcp:$port"
	[[ ${lines[0]} == "to tcp:$port: "* && ${lines[1]} == "from tcp:$port: "* ]]
	expect "$(wc -l <sink.err)" 1 "a sink that is content says nothing"
}

@test "echo: what is counted has come back" {
	sink --echo
	run -0 --separate-stderr vcat --bench=0.2 "tcp:$port"
	[[ ${lines[0]} == "to and back from tcp:$port: "*" MiB/s ("*" s, counted when it was back)" ]]
	run -0 --separate-stderr vcat --bench=0.2 --json "tcp:$port"
	sound <<<"$output"
	jq -e '.peer == "echo" and .echo_bytes > 0 and (has("to_bytes") | not)' \
		<<<"$output"
	expect "$(wc -l <sink.err)" 1
}

@test "unix: without -k, the sink serves one and ends" {
	start sink "$VCAT" -l --sink unix:s
	wait_until 5 test -S s
	run -0 vcat --bench=0.2 --both unix:s
	ended sink 0
}

@test "mux: a peer that cannot be half-closed is measured, too" {
	start sink "$VCAT" -l -k --sink unix:guest
	wait_until 5 test -S guest
	# a VMM's socket: CONNECT 1, OK 1, and then the guest
	start vmm socat UNIX-LISTEN:vmm,fork "SYSTEM:read line; echo OK 1; exec socat - UNIX-CONNECT\:guest"
	wait_until 5 test -S vmm
	run -0 vcat --bench=0.2 --both --json mux:vmm:1
	sound <<<"$output"
}

@test "many: each client has its own result, and the sink says how many it had" {
	sink --sink -m 3
	for i in 1 2 3; do
		start "client$i" "$VCAT" --bench=1 --json "tcp:$port"
	done
	for i in 1 2 3; do
		ended "client$i" 0
		sound <"client$i.out"
	done
	jq -se 'map(.connections_there) | max >= 2' client?.out
}

@test "count: the sink counts what another client has sent between BEGIN and REPORT" {
	sink --sink
	run -0 timeout "$LIMIT" "$GAUGER" client "$port" none
	[[ ${lines[0]} == "VCAT sink 1 linux=$(uname -r) vcat="* ]]
	expect "${lines[1]}" "reported 3000000"
}

@test "count: the client prints what another sink has counted" {
	start other "$GAUGER" sink none
	port_of other
	run -0 --separate-stderr vcat --bench=0.3 --json "tcp:$port"
	sound <<<"$output"
	finish other
	expect "counted $(jq .to_bytes <<<"$output")" "$(tail -n 1 other.out)"
	# a kernel's name is made fit for a terminal
	expect "$(jq -r .kernel_there <<<"$output")" "9.9-?[31mtest"
	expect "$(jq -c '[.relay_buffer_there, .send_buffer_there,
		.receive_buffer_there, .cpu_per_gib_there > 0]' <<<"$output")" \
		"[111,222,333,true]"
}

@test "count: with --both the client counts what the other sink has sent" {
	start other "$GAUGER" sink none
	port_of other
	run -0 --separate-stderr vcat --bench=1.5 --both --json "tcp:$port"
	expect "$(jq .from_bytes <<<"$output")" 3000000
	finish other
	expect_in other.out "reported 3000000"
	expect_in other.out "counted $(jq .to_bytes <<<"$output")"
}

@test "refusing: a port where nobody listens" {
	fails 1 "tcp:1: connect: Connection refused" "nobody listens" \
		"$VCAT" --bench=0.2 tcp:1
	# --retry does not work with --bench
	[[ $(<fails.err) != *--retry* ]]
}

@test "an echo that changes bytes and does not read on is an error at once" {
	start liar python3 -c '
import socket
door = socket.create_server(("127.0.0.1", 0))
print("listening on tcp:127.0.0.1:%d" % door.getsockname()[1], flush=True)
peer = door.accept()[0]
peer.sendall(b"VCAT echo 1 linux=x vcat=y\n")
peer.recv(4096)
peer.sendall(b"\xff" * 100)
door.accept()'
	port_of liar
	run -1 --separate-stderr vcat -w 5 --bench=0.2 "tcp:$port"
	expect "$output" ""
	expect "$stderr" "vcat: tcp:$port: it sent what is no frame of --bench"
	stop liar || true
}

# speaker TEXT: a peer that sends it at once; sets port.
speaker() {
	printf '%b' "$1" >text
	start speaker "$PEER" listen tcp:127.0.0.1:0 file text read-eof
	port_of speaker
}

@test "not a vcat: a peer with another greeting is refused, and sent nothing" {
	speaker 'SSH-2.0-OpenSSH_9.2\r\n'
	fails 1 "tcp:$port: not a vcat with --sink or --echo: it said \"SSH-2.0-OpenSSH_9.2\"" \
		"\`vcat -l -k --sink tcp:$port\`" "$VCAT" --bench=0.2 "tcp:$port"
	speaker '220 \033[31mesmtp\n'
	fails 1 "tcp:$port: not a vcat with --sink or --echo: it said \"220 ?[31mesmtp\"" \
		"--sink" "$VCAT" --bench=0.2 "tcp:$port"
}

# An AF_UNIX socket keeps what was sent even if the sender has gone.
@test "not a vcat: no byte is sent to a peer that is refused" {
	local text
	for text in 'SSH-2.0-x\n' 'VCAT mirror 1\n' 'VCAT sink 2\n' 'V-' 'VCA'; do
		rm -f s
		start door python3 -c '
import socket, sys
door = socket.socket(socket.AF_UNIX)
door.bind("s")
door.listen()
peer = door.accept()[0]
peer.sendall(sys.argv[1].encode().decode("unicode_escape").encode())
if sys.argv[1] == "VCA":
    peer.shutdown(socket.SHUT_WR)
got = b""
while more := peer.recv(100):
    got += more
print("got", len(got))' "$text"
		wait_until 10 test -S s
		run -1 --separate-stderr vcat --bench=0.2 unix:s
		[[ ${stderr_lines[0]} == "vcat: unix:s: not a vcat with --sink or --echo: "* ]]
		expect "${stderr_lines[1]}" \
			"hint: start \`vcat -l -k --sink unix:s\` there"
		finish door
		expect "$(<door.out)" "got 0"
	done
}

@test "not a vcat: a peer that closes or is silent is refused" {
	start door "$PEER" listen tcp:127.0.0.1:0 close
	port_of door
	fails 1 "tcp:$port: not a vcat with --sink or --echo: it closed without a greeting" \
		"--sink tcp:$port" "$VCAT" --bench=0.2 "tcp:$port"
	start silent "$PEER" listen tcp:127.0.0.1:0 read-eof
	port_of silent
	fails 3 "tcp:$port: greeting: none came in 0.3 s" \
		"--sink tcp:$port" "$VCAT" -w 0.3 --bench=0.2 "tcp:$port"
}

# client_of LIE STATUS MESSAGE OPTION...: --bench with another sink that does this.
client_of() {
	local lie=$1 wanted=$2 message=$3
	shift 3
	start liar "$GAUGER" sink "$lie"
	port_of liar
	run "-$wanted" --separate-stderr vcat --bench=0.3 "$@" "tcp:$port"
	expect "$output" "" "stdout with '$lie'"
	[[ ${stderr_lines[0]} == "vcat: tcp:$port: "$message ]] || {
		echo "$lie: ${stderr_lines[0]}, wanted $message"
		return 1
	}
	stop liar || true
}

@test "a sink that dies, stalls or is cut off is an error, and no number" {
	client_of cut-greeting 1 "not a vcat with --sink or --echo: it closed*"
	client_of half-hello 1 "*"
	client_of die 1 "*"
	client_of half-report 1 "it closed before all was measured"
	client_of stall 3 "the measurement was not over in 0.9 s" -w 0.4
	client_of quiet 1 "no byte came in *" --both
}

@test "a sink that lies is an error, and no number" {
	client_of long 1 "not a vcat with --sink or --echo: it said \"VCAT xxx*"
	client_of version 1 "not a vcat with --sink or --echo: it said \"VCAT sink 2*"
	for lie in huge type hello data unbegun; do
		client_of "$lie" 1 "it sent what is no frame of --bench"
	done
	client_of early 1 "its report cannot be: 1 bytes in 1e-06 s"
	client_of late 1 "its report cannot be: *"
	client_of more 1 "its report cannot be: 1152921504606846976 bytes in *"
	client_of zero 1 "no byte arrived there in *"
}

@test "a client that lies or dies is closed, and the sink goes on" {
	sink --sink
	for lie in huge empty type twice unasked data time ages warm flag; do
		timeout "$LIMIT" "$GAUGER" client "$port" "$lie"
	done
	timeout "$LIMIT" "$GAUGER" client "$port" die || true
	timeout "$LIMIT" "$GAUGER" client "$port" quiet || true
	wait_until 10 grep -q 'no byte came in' sink.err
	expect "$(grep -c 'not a vcat --bench: it sent what is no frame$' sink.err)" 6
	expect "$(grep -c 'its HELLO wants what cannot be$' sink.err)" 4
	run -0 vcat --bench=0.2 "tcp:$port"
	running sink
}

@test "a plain client: the sink closes it and goes on with -k, and fails without" {
	$PATTERN 1 1000000 >file
	sink --sink
	timeout "$LIMIT" socat -u OPEN:file "TCP:127.0.0.1:$port" || true
	wait_until 10 grep -q 'not a vcat --bench: it sent what is no frame$' sink.err
	run -0 vcat --bench=0.2 "tcp:$port"
	start once "$VCAT" -l --sink unix:once
	wait_until 5 test -S once
	timeout "$LIMIT" socat -u OPEN:file UNIX:once || true
	ended once 1 "unix:once: not a vcat --bench: it sent what is no frame"
}

@test "idle: -i lets go of a client that sends nothing" {
	sink --sink -i 0.3
	start idler "$PEER" connect "tcp:127.0.0.1:$port" read-eof
	finish idler 10
	wait_until 5 grep -q 'idle: no byte in 0.3 s' sink.err
}

@test "signals: nothing is printed of what the receiver alone knows" {
	sink --sink
	start client "$VCAT" -v --bench=30 "tcp:$port"
	wait_until 10 grep -q connected client.err
	pid_of client
	kill -INT "$pid"
	finish client
	expect "$status" 130
	expect "$(<client.out)" ""
	expect_in client.err "tcp:$port: interrupted: nothing was measured"
}

@test "signals: with --both and with --echo, what has been counted is printed" {
	local kind
	for kind in --sink --echo; do
		sink "$kind"
		start client "$VCAT" -v --bench=30 --both --json "tcp:$port"
		wait_until 10 grep -q connected client.err
		pid_of client
		# its window begins after a warm-up of a second
		wait_until 20 counting "$pid"
		kill -TERM "$pid"
		finish client
		expect "$status" 143
		expect_in client.err "interrupted: the result is of a shorter time"
		jq -e '.whole == false and (.from_bytes // .echo_bytes) > 0' client.out
		stop sink || true
	done
}

# counting PID: it has been moving bytes for two seconds of its own CPU time or of
# the clock.
counting() {
	[[ $(ps -o etimes= -p "$1") -ge 3 ]]
}

@test "stdout: a result that cannot be written is a failure" {
	sink --sink
	run -1 --separate-stderr bash -c '"$1" --bench=0.2 "$2" >/dev/full' - \
		"$VCAT" "tcp:$port"
	expect "$stderr" "vcat: stdout: write: No space left on device"
}
