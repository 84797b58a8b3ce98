# machine: loopback
# needs: developer strace
bats_require_minimum_version 1.5.0
load helper

# listen NAME OPTION...: vcat -l on a free port, until it is up; sets port.
listen() {
	local name=$1
	shift
	start "$name" "$VCAT" -l any -v "$@"
	port_of "$name"
}

# accepted NAME COUNT: so many connections have come in.
accepted() {
	[[ $(grep -c ': accepted$' "$1.err") == "$2" ]]
}

# The kernel of this guest takes up to 4 ms to say that nobody is there.
@test "accept: it is called for those who are there, and never in vain" {
	start echo socat -t 10 UNIX-LISTEN:t,fork EXEC:cat
	start forwarder strace -f -qq -o calls -e trace=accept4 \
		"$VCAT" -l any -k -t unix:t
	port_of forwarder
	for i in 1 2 3; do
		run -0 vcat "1:$port" <<<"$i"
		expect "$output" "$i"
	done
	expect "$(grep -c ' = [0-9]' calls)" 3
	run ! grep -v ' = [0-9]' calls
}

@test "one connection: it is served, and the listener ends with it" {
	listen listener </dev/null
	run -0 vcat "1:$port" <<<hello
	finish listener 10
	expect "$status" 0
	expect "$(<listener.out)" hello
}

@test "one connection: a second client is refused while the first is served" {
	silence
	listen listener </dev/null
	start first "$VCAT" "1:$port" <silent
	wait_until 10 accepted listener 1
	run -1 --separate-stderr vcat "1:$port" <<<second
	expect "${stderr_lines[0]}" "vcat: local(1):$port: connect: Connection refused"
	running first
	running listener
}

@test "one connection: the port is free again at once when it has ended" {
	listen first </dev/null
	run -0 vcat "1:$port" <<<one
	finish first
	run -1 vcat "1:$port" <<<nobody
	start second "$VCAT" -l -v "$port" </dev/null
	wait_until 10 grep -q ^listening second.err
	run -0 vcat "1:$port" <<<two
	finish second
	expect "$(<first.out) $(<second.out)" "one two"
}

@test "keep open: it takes one connection after the other" {
	listen listener -k </dev/null
	for word in one two three; do
		run -0 vcat "1:$port" <<<$word
	done
	wait_until 10 grep -q three listener.out
	expect "$(<listener.out)" $'one\ntwo\nthree'
	running listener
}

@test "keep open: clients that die, reset, or stop in any way harm nobody else" {
	listen listener -k </dev/null
	for script in close "text x kill" "send 1000000 kill" "text x linger-reset" \
		shutdown-read "shutdown close" "text x shutdown read-eof" \
		"text x shutdown sleep 0.3 kill"; do
		# shellcheck disable=SC2086 # words
		timeout "$LIMIT" "$PEER" connect "vsock:1:$port" $script || true
	done
	run -0 vcat "1:$port" <<<the-end
	wait_until 10 grep -q the-end listener.out
	running listener
	accepted listener 9
}

@test "keep open: a client that leaves our stdin's bytes unread harms nobody else" {
	# a file, of which there is always more than the peer has room for
	head -c 4000000 /dev/zero >zeros
	listen listener -k <zeros
	timeout "$LIMIT" "$PEER" connect "vsock:1:$port" read 1 close
	wait_until 10 grep -qE "^vcat: local\(1\):[0-9]+: (read|write): " listener.err
	run vcat --send-only "1:$port" <<<the-end
	wait_until 10 grep -q the-end listener.out
	running listener
}

@test "keep open: a crowd of clients is served to the last" {
	listen listener -k </dev/null
	start first "$PEER" connect "vsock:1:$port" wait-file go text 0, shutdown read-eof
	wait_until 10 accepted listener 1
	for number in {1..8}; do
		start "client$number" "$PEER" connect "vsock:1:$port" \
			text "$number," shutdown read-eof touch "done$number"
	done
	sleep 0.5
	touch go
	for number in {1..8}; do
		finish "client$number"
		expect "$status" 0 "status of client $number"
	done
	accepted listener 9
	tr ',' '\n' <listener.out | sort -n >served
	expect "$(<served)" "$(seq 0 8)"
}

@test "verbose: the listener names its peers, and both ends count" {
	start listener "$VCAT" -l -v 7201 < <(printf answer)
	wait_until 10 grep -q ^listening listener.err
	run -0 --separate-stderr vcat -v -p 7301 1:7201 <<<hello
	expect "$output" answer
	[[ ${stderr_lines[0]} == "vcat: sandbox: "* ]]
	expect "${stderr_lines[1]}" "vcat: local(1):7201: connected"
	[[ ${stderr_lines[2]} =~ ^vcat:\ local\(1\):7201:\ sent\ 6\ bytes,\ received\ 6\ bytes\ in\ [0-9.]+\ s\ \([0-9.]+\ MiB/s\)$ ]]
	expect "${#stderr_lines[@]}" 3 "lines"
	finish listener
	mapfile -t said <listener.err
	expect "${said[0]}" "listening on any:7201"
	[[ ${said[1]} == "vcat: sandbox: "* ]]
	expect "${said[2]}" "vcat: local(1):7301: accepted"
	[[ ${said[3]} =~ ^vcat:\ local\(1\):7301:\ sent\ 6\ bytes,\ received\ 6\ bytes ]]
	expect "${#said[@]}" 4 "lines"
}

@test "to: from a VM socket to a unix socket, and back" {
	start target "$PEER" -k 2 -r up listen unix:t text hello shutdown read-eof print
	wait_until 10 test -e up
	listen proxy -k -t unix:t </dev/null
	for number in 1 2; do
		run -0 vcat "1:$port" <<<"request $number"
		expect "$output" hello
	done
	finish target
	expect "$(grep -c '^received 10 ' target.out)" 2 "requests"
}

@test "to: from a unix socket to a VM socket, dialled for each connection" {
	start target "$PEER" -k 2 listen vsock:4294967295:4294967295 text hello \
		shutdown read-eof print
	port_of target
	start proxy "$VCAT" -l -k unix:s -t "1:$port" </dev/null
	wait_until 10 test -S s
	for number in 1 2; do
		run -0 vcat unix:s <<<"request $number"
		expect "$output" hello
	done
	finish target
	expect "$(grep -c '^received 10 ' target.out)" 2 "requests"
}

@test "to: a target that is down fails that connection only" {
	listen proxy -k -t unix:t </dev/null
	run vcat "1:$port" </dev/null
	expect "$output" ""
	start proxy2 "$VCAT" -l -k unix:s -t 1:7202 </dev/null
	wait_until 10 test -S s
	run vcat unix:s </dev/null
	wait_until 10 grep -qx 'vcat: unix:t: connect: No such file or directory' proxy.err
	wait_until 10 grep -qx 'vcat: local(1):7202: connect: Connection refused' proxy2.err
	start target "$PEER" -r up listen unix:t text hello shutdown read-eof
	start target2 "$PEER" -r up2 listen vsock:1:7202 text hello shutdown read-eof
	wait_until 10 test -e up
	wait_until 10 test -e up2
	run -0 vcat "1:$port" </dev/null
	expect "$output" hello
	run -0 vcat unix:s </dev/null
	expect "$output" hello
	running proxy
	running proxy2
}

@test "to: --retry and -w are for the target" {
	start proxy "$VCAT" -l any -t 1:7203 --retry=10 </dev/null
	port_of proxy
	start client "$VCAT" "1:$port" </dev/null
	sleep 0.5
	start target "$PEER" listen vsock:1:7203 text hello shutdown read-eof
	finish client
	expect "$(<client.out)" hello
	finish proxy
	expect "$status" 0
}
