# machine: here
# needs: jq loopback script setpriv socat unshare
# -z over TCP, unix and hybrid sockets; VM sockets: scan-vsock.bats.
bats_require_minimum_version 1.5.0
load helper

# serve_tcp NAME: a listener of socat's on a free TCP port; sets port.
serve_tcp() {
	start "$1" "$VCAT" -l -k -d tcp:any
	port_of "$1"
}

# closed: sets port to one on which nobody listens.
closed() {
	serve_tcp closing
	pid_of closing
	kill "$pid"
	finish closing
}

@test "open: its address is printed, and the status is 0" {
	serve_tcp one
	run -0 --separate-stderr vcat -z "tcp:$port"
	expect "$output" "tcp:$port"
	expect "$stderr" ""
}

@test "refused: nothing is printed, stderr says why, and the status is 1" {
	closed
	fails 1 "tcp:$port: connect: Connection refused" "nobody listens" \
		"$VCAT" -z "tcp:$port"
}

@test "lists: only the open ports are printed, in their order" {
	serve_tcp one
	local a=$port b
	serve_tcp two
	b=$port
	run -0 --separate-stderr vcat -z "tcp:127.0.0.1:$b,1-9,$a"
	expect "$output" "$(printf 'tcp:127.0.0.1:%d\n' "$a" "$b" | sort -t: -k3n)"
}

@test "lists: with none open, stderr counts why not" {
	closed
	run -1 --separate-stderr vcat -z "tcp:127.0.0.1:1,$port"
	expect "$output" ""
	expect "$stderr" \
		"vcat: tcp:127.0.0.1: none of 2 ports is open: 2 refused"
}

@test "two words: CID and a list of ports are a VM socket's" {
	run -2 --separate-stderr vcat -z 3 1-x
	expect "${stderr%% (see*}" "vcat: 3 1-x: not a list of ports such as 22,80,1000-2000"
	run -2 vcat -z 3 4294967295
	run -2 vcat -z 3 1 2
}

@test "-v: a line for every port, with what came of it and the time" {
	serve_tcp one
	run -0 --separate-stderr vcat -z -v "tcp:$port"
	[[ $output =~ ^tcp:$port\ open\ [0-9]+\.[0-9]\ ms$ ]]
	closed
	run -1 --separate-stderr vcat -z -v "tcp:$port"
	[[ $output =~ ^tcp:$port\ refused\ [0-9]+\.[0-9]\ ms$ ]]
}

@test "-v: 65535 ports come in ascending order, each once" {
	run --separate-stderr vcat -z -v tcp:127.0.0.1:1-65535
	awk -F'[: ]' '$3 != ++n { print "line " NR ": " $0; exit 1 }
		END { exit n != 65535 }' <<<"$output"
}

@test "order: an answer that comes late does not change it" {
	silent_port
	# its neighbours have answered long before it does
	start scan "$VCAT" -z -v -w 30 "tcp:$((port - 1))-$((port + 1))"
	wait_until 10 grep -q "^tcp:$((port - 1)) " scan.out
	sleep 0.3
	expect "$(wc -l <scan.out)" 1
	kill -CONT "$pid"
	finish scan
	expect "$(cut -d' ' -f1 scan.out)" \
		"$(printf 'tcp:%d\n' $((port - 1)) "$port" $((port + 1)))"
}

@test "unix: a socket answers or not, and a stale one is refused" {
	start server "$VCAT" -l -k -d unix:s
	wait_until 5 test -S s
	run -0 --separate-stderr vcat -z unix:s
	expect "$output" unix:s
	pid_of server
	kill -KILL "$pid"
	finish server
	run -1 --separate-stderr vcat -z -v unix:s
	[[ $output == "unix:s refused "* ]]
	run -1 --separate-stderr vcat -z -v unix:none
	[[ $output == "unix:none no such socket "* ]]
}

@test "unix: a socket of another user is not permitted" {
	setpriv --reuid=65534 --clear-groups true ||
		skip "only root can become another user"
	start server "$VCAT" -l -k -d "unix:$T/s"
	wait_until 5 test -S s
	chmod 755 .
	run -1 --separate-stderr setpriv --reuid 65534 --clear-groups \
		"$VCAT" -z -v "unix:$T/s"
	[[ $output == "unix:$T/s not permitted "* ]]
	[[ $stderr == *"hint: "* ]]
}

@test "mux: a port that the guest refuses is told from one that is open" {
	start vmm bash -c "$PEER listen unix:v read 11 close
		rm -f v
		exec $PEER listen unix:v read 11 text 'OK 1
' read-eof"
	wait_until 5 test -S v
	run -1 --separate-stderr vcat -z -v mux:v:22
	[[ $output == "mux:v:22 refused "* ]]
	run -0 --separate-stderr vcat -z --retry=20 mux:v:22
	expect "$output" mux:v:22
}

@test "mux: what is no hybrid socket has failed, by its own error" {
	start server "$PEER" listen unix:v read 11 text $'HTTP/1.1 400\n' read-eof
	wait_until 5 test -S v
	run -1 --separate-stderr vcat -z -v mux:v:22
	[[ $output == "mux:v:22 Protocol error "* ]]
	expect "${stderr_lines[1]}" \
		'vcat: mux:v:22: handshake: Protocol error: the answer was "HTTP/1.1 400"'
}

@test "timed out: silence everywhere is status 3" {
	silent_port
	run -3 --separate-stderr vcat -z -v -w 0.3 "tcp:$port"
	[[ $output == "tcp:$port timed out "* ]]
	expect "${stderr_lines[*]:1}" "vcat: tcp:$port: connect: Connection timed out"
	run -1 --separate-stderr vcat -z -w 0.3 "tcp:127.0.0.1:1,$port"
	expect "$stderr" \
		"vcat: tcp:127.0.0.1: none of 2 ports is open: 1 refused, 1 timed out"
}

@test "unreachable: no route is told from silence" {
	unshare -n true || skip "no network namespace can be made here"
	run -1 --separate-stderr unshare -n "$VCAT" -z -v tcp:192.0.2.1:5
	[[ $output == "tcp:192.0.2.1:5 unreachable "* ]]
}

@test "--json: an object a line that jq can read, in every outcome" {
	getent hosts localhost >resolved ||
		skip "localhost has no address here: is it in /etc/hosts?"
	serve_tcp one
	run vcat -z --json "tcp:localhost:1,$port"
	expect "$(jq -r '[.address, .port, .outcome, .open] | @tsv' <<<"$output")" \
		"$(printf 'tcp:localhost:%s\t%s\t%s\t%s\n' 1 1 refused false \
			"$port" "$port" open true)"
	expect "$(jq -s 'map(.ms >= 0) | all' <<<"$output")" true
	expect "$(jq -r 'select(.open | not) | .step + "/" + .error' <<<"$output")" \
		"connect/Connection refused"
	run -1 --separate-stderr vcat -z --json 'unix:a"b\c'
	expect "$(jq -r '.address + " " + (has("port") | tostring)' <<<"$output")" \
		'unix:a"b\c false'
	expect "$stderr" ""
}

@test "--json: a path that is no UTF-8 is still JSON" {
	run -1 vcat -z --json $'unix:\xff\x01'
	jq -e '.outcome == "no such socket"' <<<"$output"
}

@test "--retry: it waits until the port is open" {
	closed
	start late bash -c "sleep 0.7; exec '$VCAT' -l -k -d tcp:$port"
	run -0 --separate-stderr vcat -z --retry=30 "tcp:$port"
	expect "$output" "tcp:$port"
}

@test "descriptors: a low limit makes it slower, not wrong" {
	serve_tcp one
	run -0 --separate-stderr bash -c 'ulimit -n 24; exec "$@"' - \
		timeout "$LIMIT" "$VCAT" -z "tcp:127.0.0.1:1-300,$port"
	expect "$output" "tcp:127.0.0.1:$port"
	expect "$stderr" ""
}

@test "stdout: what cannot be written is a failure" {
	serve_tcp one
	run -1 --separate-stderr bash -c '"$0" -z "$1" >/dev/full' "$VCAT" "tcp:$port"
	expect "$stderr" "vcat: stdout: write: No space left on device"
}

@test "Ctrl-C: what is known so far is printed, and the signal ends it" {
	silent_port
	local after=$((port < 65535 ? port + 1 : port - 1))
	start scan "$VCAT" -z -v -w 0 "tcp:1-3,$port,$after"
	wait_until 10 grep -q "^tcp:3 refused" scan.out
	sleep 0.3
	pid_of scan
	kill -INT "$pid"
	finish scan 10
	expect "$status" 130
	# what comes behind the port that did not answer is told, too
	expect "$(wc -l <scan.out)" 4
	expect_in scan.out "tcp:$after "
}

@test "unix: a path that is no socket is told from a dead one, and not waited for" {
	mkdir dir
	: >file
	for path in dir file; do
		fails 1 "unix:$path: connect: Socket operation on non-socket" \
			"a file or a directory" "$VCAT" --retry=60 "unix:$path"
		fails 1 "mux:$path:5: connect: Socket operation on non-socket" \
			"the VMM's socket" "$VCAT" --retry=60 "mux:$path:5"
	done
}

@test "--retry: who has waited in vain is not told to wait" {
	local words
	for words in unix:none "-z unix:none"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr vcat --retry=0.2 $words
		expect "${stderr_lines[1]}" \
			"hint: there is no such socket: its server may not be up"
	done
	run -1 --separate-stderr vcat unix:none
	expect "${stderr_lines[1]}" "hint: there is no such socket: its server may not be up; wait for it with --retry"
}

@test "signals: the end of a child that is not ours ends nothing" {
	start late bash -c "sleep 1; exec '$VCAT' -l -k -d unix:s"
	# shellcheck disable=SC2016 # expanded by the inner shell
	run -0 --separate-stderr timeout "$LIMIT" bash -c \
		'sleep 0.3 & exec "$0" -z --retry=30 unix:s' "$VCAT"
	expect "$output" unix:s
}

@test "progress: on a terminal a slow scan says how far it is, and cleans up" {
	need_terminal
	silent_port
	run script -qec "'$VCAT' -z -w 2 tcp:$port" /dev/null
	[[ $output == *$'\r\e[K0 of 1 ports, 0 open'*$'\r\e[Kvcat: '*"timed out"* ]]
}

@test "stdout: a slow reader of a pipe that does not block loses no line" {
	mkfifo out
	# both ends are open, and ours does not block
	exec {out_fd}<>out
	start scan bash -c 'exec "$@" >out' scan "$TOOLS/nonblocking" 1 \
		"$VCAT" -z -v -w 5 tcp:1-5000
	sleep 0.5
	timeout 20 head -n 5000 <out >lines &
	finish scan 30
	wait_until 10 eval '[[ $(wc -l <lines) == 5000 ]]'
	run -1 grep -q "stdout: write" scan.err
}
