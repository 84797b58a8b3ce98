# machine: loopback
# ssh through vcat, in both of its forms, to sshd behind vcat -e.
bats_require_minimum_version 1.5.0
load helper
load ssh

# serve_ssh ADDRESS: sshd for each connection to it.
serve_ssh() {
	prepare_ssh
	start server "$VCAT" -l -k -v "$1" \
		-e "exec /usr/sbin/sshd -i -e -f $T/sshd_config"
	wait_until 10 grep -q ^listening server.err || {
		# a fixed unix address is said as well
		cat server.err
		return 1
	}
}

# by_relay ADDRESS COMMAND...: vcat moves the bytes.
by_relay() {
	local address=$1
	shift
	timeout "$LIMIT" ssh -F ssh_config -o "ProxyCommand=$VCAT $address" \
		guest "$@"
}

# by_passing ADDRESS COMMAND...: ssh itself has the socket.
by_passing() {
	local address=$1
	shift
	timeout "$LIMIT" ssh -F ssh_config -o "ProxyCommand=$VCAT -F $address" \
		-o ProxyUseFdpass=yes guest "$@"
}

# answers FORM ADDRESS: a command runs there, and its status comes back.
answers() {
	# what the shell over there says on stderr is not ours
	run -0 --separate-stderr "$1" "$2" 'echo "$((6 * 7))"'
	expect "$output" 42
	run -9 "$1" "$2" 'exit 9'
}

# copies FORM ADDRESS: 16 MiB there and back.
copies() {
	"$PATTERN" 1 16777216 >sent
	"$1" "$2" "cat >$T/there" <sent
	same_bytes sent there
	"$1" "$2" "cat $T/there" >back </dev/null
	same_bytes sent back
}

@test "ssh: over vsock as a ProxyCommand, a command's answer and status" {
	serve_ssh local:22
	answers by_relay local:22
}

@test "ssh: over vsock by a passed socket, a command's answer and status" {
	serve_ssh local:22
	answers by_passing local:22
	running server
}

@test "ssh: over vsock as a ProxyCommand, 16 MiB there and back" {
	serve_ssh local:22
	copies by_relay local:22
}

@test "ssh: over vsock by a passed socket, 16 MiB there and back" {
	serve_ssh local:22
	copies by_passing local:22
}

@test "ssh: over a unix socket in both forms" {
	serve_ssh unix:s
	answers by_relay unix:s
	answers by_passing unix:s
}

@test "ssh: scp takes a file over a passed socket" {
	serve_ssh local:22
	"$PATTERN" 3 1000000 >sent
	timeout "$LIMIT" scp -q -O -F ssh_config -o ProxyUseFdpass=yes \
		-o "ProxyCommand=$VCAT -F local:22" sent "guest:$T/got"
	same_bytes sent got
}
