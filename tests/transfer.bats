# machine: loopback
bats_require_minimum_version 1.5.0
load streams

# Bytes arrive unchanged, from any kind of input to any kind of output, and
# without much memory.

# The first GiB of "pattern 1".
GIB_SUM=f6ac67c041ce1f1a2ceec2be6da043e2e1af9d392cd114d786f9a49271ae3e0c

# listen OPTION...: starts a listening vcat on a free port; sets port.
listen() {
	start listener "$VCAT" -l any "$@"
	port_of listener
}

@test "1 GiB: it arrives unchanged, and neither vcat uses 4 MiB of memory" {
	LIMIT=400
	mkfifo copy
	start sum sha256sum < <(exec taskset -c 0 cat copy 3>&-)
	start listener taskset -c 0 "${into[@]}" copy "$VCAT" -l any </dev/null
	port_of listener
	feed "$PATTERN 1 $((1024 * MIB)); touch sent; await measured"
	start sender "$VCAT" "1:$port" <stdin
	wait_until $LIMIT test -e sent
	small sender
	small listener
	touch measured
	ended sender 0
	ended listener 0
	ended sum 0
	expect "$(<sum.out)" "$GIB_SUM  -"
}

@test "64 MiB each way: both arrive at once through an echo, in little memory" {
	"$PATTERN" 3 $((64 * MIB)) >sent
	peer_listens echo wait-file measured print
	start vcat "$VCAT" "1:$port" <sent
	wait_until 50 holds vcat.out $((64 * MIB))
	small vcat
	touch measured
	ended vcat 0
	ended peer 0
	received peer $((64 * MIB)) sent
	same_bytes sent vcat.out
}

@test "both ways: 16 MiB each, at once between two vcats, from file to file" {
	listen <"$THEIRS"
	start sender "$VCAT" "1:$port" <"$OURS"
	ended sender 0
	ended listener 0
	cmp sender.out "$THEIRS"
	cmp listener.out "$OURS"
}

@test "pipes: from one to another" {
	mkfifo copy
	start reader bash -c 'cat copy'
	start listener "${into[@]}" copy "$VCAT" -l any </dev/null
	port_of listener
	feed "cat $OURS.$MANY"
	start sender "$VCAT" "1:$port" <stdin
	ended sender 0
	ended listener 0
	ended reader 0
	cmp reader.out "$OURS.$MANY"
}

@test "files: reading and writing start at the current offset" {
	printf 'head\ntail' >sent
	printf 'kept,' >copy
	start listener bash -c 'exec "$@" >>copy' - "$VCAT" -l any </dev/null
	port_of listener
	bash -c 'read -r line && exec "$@"' - "$VCAT" "1:$port" <sent
	ended listener 0
	expect "$(<copy)" kept,tail
}

@test "/dev/zero: what head takes of it arrives" {
	listen </dev/null
	run -0 bash -c 'head -c "$1" /dev/zero | "${@:2}"' - $MANY "$VCAT" "1:$port"
	ended listener 0
	cmp listener.out <(head -c $MANY /dev/zero)
}

@test "/dev/zero: both ends fail when the far reader has had enough" {
	mkfifo copy
	start reader bash -c 'head -c "$0" copy' $MIB
	start listener "${into[@]}" copy "$VCAT" -l any </dev/null
	port_of listener
	start sender "$VCAT" "1:$port" </dev/zero
	ended listener 1 "stdout: write: Broken pipe"
	ended sender 1 "write: "
	cmp reader.out <(head -c $MIB /dev/zero)
}

@test "empty: to send nothing is a success" {
	listen </dev/null
	run -0 vcat "1:$port" </dev/null
	expect "$output" ""
	ended listener 0
	expect "$(<listener.out)" ""
}

@test "one byte: it arrives" {
	listen < <(printf a)
	run -0 vcat "1:$port" < <(printf b)
	expect "$output" a
	ended listener 0
	expect "$(<listener.out)" b
}

@test "trickle: each byte is passed on before the next comes" {
	listen </dev/null
	# shellcheck disable=SC2016 # expanded by feed's shell
	feed 'for text in a ab abc abcd abcde abcdef; do
		printf "${text: -1}"
		until [[ $(<listener.out) == "$text" ]]; do sleep 0.02; done
	done'
	start sender "$VCAT" "1:$port" <stdin
	ended sender 0
	ended listener 0
	expect "$(<listener.out)" abcdef
}

@test "stalls: a peer that does not read can still send" {
	peer_listens seed 2 send $MANY touch sent wait-file go slow-read 65536 2 print
	start vcat "$VCAT" "1:$port" <"$OURS.$MANY"
	wait_until 20 holds vcat.out $MANY
	wait_until 5 test -e sent
	touch go
	ended vcat 0
	ended peer 0
	cmp vcat.out "$THEIRS.$MANY"
	received peer $MANY "$OURS"
}

# blocked_stdout WRAPPER...: vcat, run by WRAPPER, has a pipe as stdout that nobody
# reads until everything that vcat sends has arrived.
blocked_stdout() {
	mkfifo stdout
	start reader bash -c 'exec <stdout; await go; cat'
	peer_listens save saved seed 2 both $MANY
	start vcat "${into[@]}" stdout "$@" "$VCAT" "1:$port" <"$OURS.$MANY"
	wait_until 20 holds saved $MANY
	small vcat
	cmp saved "$OURS.$MANY"
	holds reader.out 1 && return 1
	touch go
	ended vcat 0
	ended peer 0
	ended reader 0
	cmp reader.out "$THEIRS.$MANY"
}

@test "stalls: a blocked stdout neither stops what we send nor fills memory" {
	blocked_stdout
}

@test "stalls: a blocked stdout of another user does not either" {
	[[ $(id -u) == 0 ]] || skip "only root can become somebody else"
	blocked_stdout setpriv --reuid=65534 --clear-groups
}

@test "-t: 8 MiB each way through a listening vcat, to a unix socket" {
	start target "$PEER" -r up listen unix:t seed 2 both $MANY print
	wait_until 10 test -e up
	listen -t unix:t </dev/null
	start client "$VCAT" "1:$port" <"$OURS.$MANY"
	ended client 0
	ended listener 0
	ended target 0
	received target $MANY "$OURS"
	cmp client.out "$THEIRS.$MANY"
}

@test "-t: 8 MiB each way through a vcat that connects to both sides" {
	start target "$PEER" -r up listen unix:t seed 2 both $MANY print
	wait_until 10 test -e up
	peer_listens seed 1 both $MANY print
	run -0 vcat "1:$port" -t unix:t
	ended target 0
	ended peer 0
	received target $MANY "$OURS"
	received peer $MANY "$THEIRS"
}

@test "-t: a half-close passes through, and the answer comes back" {
	start target "$PEER" -r up listen unix:t read 7 expect-eof text answer
	wait_until 10 test -e up
	listen -t unix:t </dev/null
	run -0 vcat "1:$port" <<<"what's"
	expect "$output" answer
	ended target 0
	ended listener 0
}

@test "--seqpacket: messages keep their boundaries in both directions" {
	local messages=(message 1 message 1000 message 65536 message 2 message 200000)
	start target "$PEER" -s -r up listen unix:t "${messages[@]}" shutdown messages
	wait_until 10 test -e up
	listen --seqpacket -t unix:t </dev/null
	start client "$PEER" -s connect "vsock:1:$port" "${messages[@]}" shutdown messages
	ended client 0
	ended target 0
	ended listener 0
	expect "$(<client.out)" $'1\n1000\n65536\n2\n200000'
	expect "$(<target.out)" $'1\n1000\n65536\n2\n200000'
}

@test "--seqpacket: each read from stdin becomes one message" {
	start peer "$PEER" -s listen $FREE_PORT messages
	port_of peer
	feed 'printf one; until grep -qx 3 peer.out; do sleep 0.02; done; printf three'
	start vcat "$VCAT" --seqpacket "1:$port" <stdin
	ended vcat 0
	ended peer 0
	expect "$(<peer.out)" "port $port"$'\n3\n5'
}

@test "--seqpacket: 8 MiB each way, from file to file" {
	listen --seqpacket <"$THEIRS.$MANY"
	start sender "$VCAT" --seqpacket "1:$port" <"$OURS.$MANY"
	ended sender 0
	ended listener 0
	cmp sender.out "$THEIRS.$MANY"
	cmp listener.out "$OURS.$MANY"
}

@test "--seqpacket: a message longer than our buffer is a failure, not two" {
	start listener "$VCAT" -l --seqpacket --buffer 64KiB unix:s </dev/null
	start peer "$PEER" -s -t 10 connect unix:s message 1000 message 65537 read-eof
	ended listener 1 "read: Message too long"
	expect "$(stat -c %s listener.out)" 1000
}

@test "--seqpacket: a message longer than the peer's buffer is a failure, not two" {
	start peer "$PEER" -s listen $FREE_PORT messages
	port_of peer
	head -c 300000 "$OURS" >long
	start vcat "$VCAT" --seqpacket --buffer 1MiB "1:$port" <long
	ended vcat 1 "hint: too long for the peer's buffer"
	ended peer 0
	expect "$(<peer.out)" "port $port"
}

@test "--buffer: 8 MiB each way through a buffer of 1 MiB, and one of 4 KiB" {
	start listener "$VCAT" -l --buffer 1MiB any <"$THEIRS.$MANY"
	port_of listener
	start sender "$VCAT" --buffer 1MiB "1:$port" <"$OURS.$MANY"
	start narrow "$VCAT" -l --buffer 4KiB any <"$THEIRS.$MANY"
	port_of narrow
	start wide "$VCAT" "1:$port" <"$OURS.$MANY"
	for name in sender listener narrow wide; do
		ended $name 0
	done
	cmp sender.out "$THEIRS.$MANY"
	cmp wide.out "$THEIRS.$MANY"
	cmp listener.out "$OURS.$MANY"
	cmp narrow.out "$OURS.$MANY"
}

@test "-k: the bytes of each client arrive in turn, even those of a killed one" {
	listen -k </dev/null
	run -0 vcat "1:$port" <"$OURS.$FEW"
	start killed "$PEER" connect "vsock:1:$port" seed 2 send $MIB kill
	finish killed
	run -0 vcat "1:$port" <"$OURS.$MANY"
	wait_until 10 holds listener.out $((FEW + MIB + MANY))
	running listener
	cmp listener.out <(cat "$OURS.$FEW" <(head -c $MIB "$THEIRS") "$OURS.$MANY")
}

# nonblocking PID FD: succeeds if the open file behind FD is non-blocking.
nonblocking() {
	local flags
	read -r _ flags < <(grep ^flags: "/proc/$1/fdinfo/$2")
	((flags & 04000))
}

@test "shared pipes: they stay blocking for other users, during vcat and after it" {
	mkfifo stdout
	start reader bash -c 'cat stdout'
	peer_listens text answer, wait-file go
	feed "printf x; await go"
	start caller "${into[@]}" stdout bash -c '"$1" "$2"; "$3"' - \
		"$VCAT" "1:$port" "$TOOLS/nonblock-check" <stdin
	wait_until 10 grep -q answer reader.out
	pid_of caller
	nonblocking "$pid" 0 && return 1
	nonblocking "$pid" 1 && return 1
	touch go
	ended caller 0
	ended reader 0
	expect "$(<reader.out)" $'answer,0 blocking\n1 blocking\n2 blocking'
}

@test "shared terminal: it stays as it was, during vcat and after it" {
	need_terminal
	peer_listens text answer touch answered wait-file go
	cat >session <<-END
		stty -g >before
		echo \$\$ >pid
		"$VCAT" "1:$port"
		stty -g >after
		"$TOOLS/nonblock-check"
	END
	start caller script -qec "bash session" /dev/null </dev/null
	wait_until 10 test -e answered
	pid=$(<pid)
	nonblocking "$pid" 0 && return 1
	nonblocking "$pid" 1 && return 1
	touch go
	ended caller 0
	expect "$(tr -d '\r' <caller.out | grep -o '[012] [a-z]*$')" \
		$'0 blocking\n1 blocking\n2 blocking'
	expect "$(<after)" "$(<before)"
}

@test "shared socket: stdin and stdout may be one socket, as under inetd" {
	peer_listens read 8 text answer shutdown read-eof
	start inetd socat -t 30 unix-listen:s "exec:$VCAT 1\\:$port"
	wait_until 10 test -S s
	run -0 socat -t 10 - unix-connect:s < <(printf question)
	expect "$output" answer
	ended peer 0
}
