# machine: here
# needs: ip loopback socat unshare
bats_require_minimum_version 1.5.0
load helper

# serve_tcp ADDRESS: socat echoes one connection on a free port; sets port.
serve_tcp() {
	port=$((20000 + RANDOM % 10000))
	start server socat -t 30 "$1:$port,${2:-bind=127.0.0.1},reuseaddr" EXEC:cat
	wait_until 5 grep -q "$(listening_on "$port")" /proc/net/tcp /proc/net/tcp6
}

# A listening socket (0A) on that port, as /proc/net/tcp shows it.
listening_on() {
	printf ':%04X [0-9A-F]*:0000 0A' "$1"
}

# A mount namespace, with or without being root.
unshare=(unshare --mount)
[[ $(id -u) == 0 ]] || unshare+=(--map-root-user)

# can_name: skips the test where named cannot work, as in a chroot.
can_name() {
	run "${unshare[@]}" true
	[[ $status == 0 ]] || skip "no mount namespace can be made here: $output"
}

# named ADDRESSES ARG...: vcat where the name "here" has these addresses, and no
# other name exists: with an /etc of its own.
named() {
	local address
	mkdir -p etc
	echo "hosts: files" >etc/nsswitch.conf
	echo "multi on" >etc/host.conf # a name may have several lines
	for address in $1; do
		echo "$address here"
	done >etc/hosts
	shift
	# shellcheck disable=SC2016 # expanded by the inner shell
	"${unshare[@]}" sh -c 'mount --bind etc /etc && exec "$@"' - "$VCAT" "$@"
}

@test "tcp: a request and its reply, by number" {
	local host
	for host in 127.0.0.1: ""; do
		serve_tcp TCP4-LISTEN
		run -0 "$VCAT" "tcp:$host$port" <<<"hello"
		expect "$output" hello
		finish server
	done
}

@test "tcp: a request and its reply, by name" {
	can_name
	serve_tcp TCP4-LISTEN
	run -0 named 127.0.0.1 "tcp:here:$port" <<<"hello"
	expect "$output" hello
}

@test "tcp: an IPv6 address stands in brackets" {
	serve_tcp TCP6-LISTEN 'bind=[::1]'
	run -0 "$VCAT" "tcp:[::1]:$port" <<<"hello"
	expect "$output" hello
}

@test "tcp: all addresses of a name are tried" {
	can_name
	serve_tcp TCP4-LISTEN
	# nobody listens on ::1
	run -0 named "::1 127.0.0.1" "tcp:here:$port" <<<"hello"
	expect "$output" hello
}

@test "tcp: 8 MiB each way at once arrive whole" {
	$PATTERN 1 8388608 >sent
	$PATTERN 2 8388608 >answer
	start listener "$VCAT" -l tcp:any <answer
	port_of listener
	run -0 bash -c 'socat -t 30 - "TCP:127.0.0.1:$0" <sent >got' "$port"
	finish listener
	expect "$status" 0
	same_bytes sent listener.out
	same_bytes answer got
}

@test "tcp: without a host a listener listens on loopback only" {
	start listener "$VCAT" -l -d tcp:any
	port_of listener
	expect "$(grep -c "$(listening_on "$port")" /proc/net/tcp /proc/net/tcp6)" \
		"$(printf '/proc/net/tcp:1\n/proc/net/tcp6:0')"
	expect_in /proc/net/tcp "0100007F$(printf ':%04X' "$port")"
	expect_in listener.err "listening on tcp:127.0.0.1:$port"
}

@test "tcp: a refused port gives one line and its hint" {
	run -1 --separate-stderr "$VCAT" tcp:127.0.0.1:1 </dev/null
	expect "${#stderr_lines[@]}" 2
	expect "${stderr_lines[0]}" \
		"vcat: tcp:127.0.0.1:1: connect: Connection refused"
	expect "${stderr_lines[1]%%;*}" "hint: nobody listens on port 1 there"
}

@test "tcp: a name that does not exist gives one line" {
	run --separate-stderr "$VCAT" tcp:no-such-host.invalid:22 </dev/null
	[[ $stderr != *"Temporary failure"* ]] || skip "nobody answers for names here"
	expect "$status" 1
	expect "${#stderr_lines[@]}" 1
	[[ ${stderr_lines[0]} == "vcat: tcp:no-such-host.invalid:22: resolve: "* ]]
}

@test "tcp and unix: -t relays from one to the other" {
	start server socat -t 30 UNIX-LISTEN:s EXEC:cat
	wait_until 5 test -S s
	start relay "$VCAT" -l tcp:any -t unix:s
	port_of relay
	expect "$(socat -t 5 - "TCP:127.0.0.1:$port" <<<"hello")" hello
	finish relay
	expect "$status" 0
}

@test "tcp: a client that resets before it is accepted has no address and is not served" {
	local number=$((600 + RANDOM % 400))
	[[ $(id -u) == 0 ]] || skip "only root can listen on such a port"
	start listener "$VCAT" -l -k -v --allow-privileged "tcp:127.0.0.1:$number" \
		-e 'cat >got'
	wait_until 5 grep -q "^listening" listener.err
	pid_of listener
	kill -STOP "$pid"
	"$PEER" connect "tcp:127.0.0.1:$number" text evil linger-reset
	kill -CONT "$pid"
	"$PEER" connect "tcp:127.0.0.1:$number" read-eof
	wait_until 5 grep -q "not allowed: closed" listener.err
	[[ ! -e got ]]
	expect "$(grep -c accepted listener.err)" 0
}
