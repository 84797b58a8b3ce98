# machine: here
# -x: the dump, and that it is what went through. VM sockets: forward-vsock.bats.
bats_require_minimum_version 1.5.0
load helper
load dump

# input BYTES: random bytes, in the file sent.
input() {
	head -c "$1" /dev/urandom >sent
}

@test "stderr: a head line, and rows as xxd writes them" {
	start server "$PEER" listen unix:s read 16 text $'bye\n' shutdown read-eof
	wait_until 5 test -S s
	run -0 --separate-stderr vcat -x unix:s <<<$'hello\tworld \xc3\xa9\x7f'
	expect "$output" bye
	[[ ${stderr_lines[0]} =~ ^\>\ unix:s\ #1\ [0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z\ 16\ bytes$ ]]
	printf 'hello\tworld \xc3\xa9\x7f\n' | xxd >wanted
	expect "${stderr_lines[1]}" "$(<wanted)"
	[[ ${stderr_lines[2]} =~ ^\<\ unix:s\ #1\ .*\ 4\ bytes$ ]]
	expect "${stderr_lines[3]}" "$(xxd <<<bye)"
}

@test "unix: both directions, decoded, are what was sent" {
	input 600000
	start server "$PEER" listen unix:s echo
	wait_until 5 test -S s
	run -0 --separate-stderr timeout 60 bash -c \
		'"$0" --hex-dump=dump unix:s <sent >got' "$VCAT"
	undump dump '>' 1 >to
	undump dump '<' 1 >from
	same_bytes got sent
	same_bytes to sent
	same_bytes from sent
	expect "$stderr" ""
	well_formed dump
}

@test "tcp: a listener's dump has its client's address" {
	input 300000
	start listener "$VCAT" -l --hex-dump=dump tcp:127.0.0.1:any <sent
	port_of listener
	run -0 socat -t 10 "TCP:127.0.0.1:$port,bind=127.0.0.3" \
		'SYSTEM:cat >got; echo done'
	finish listener
	expect "$status" 0
	undump dump '>' 1 >to
	same_bytes to sent
	grep -q '^> tcp:127.0.0.3:[0-9]* #1 ' dump
}

@test "forward: what could be spliced is dumped, too" {
	input 3000000
	start server "$PEER" listen unix:t echo
	wait_until 5 test -S t
	start forward "$VCAT" -l --hex-dump=dump tcp:any -t unix:t
	port_of forward
	run -0 --separate-stderr timeout 60 bash -c '"$0" "tcp:$1" <sent >got' "$VCAT" "$port"
	finish forward
	expect "$status" 0
	same_bytes got sent
	undump dump '<' 1 >from
	undump dump '>' 1 >to
	same_bytes from sent
	same_bytes to sent
}

@test "mux: the handshake comes first in both directions" {
	start vmm "$PEER" listen unix:v read 13 text $'OK 1073741824\nhello' read-eof
	wait_until 5 test -S v
	run -0 --separate-stderr vcat --hex-dump=dump --shutdown mux:v:1234 <<<question
	expect "$(undump dump '>' 1)" $'CONNECT 1234\nquestion'
	expect "$(undump dump '<' 1)" $'OK 1073741824\nhello'
}

@test "mux: the handshake with a target is its own" {
	start vmm "$PEER" listen unix:v read 13 text $'OK 1073741824\n' echo
	wait_until 5 test -S v
	start forward "$VCAT" -l --shutdown --hex-dump=dump unix:s -t mux:v:1234
	wait_until 5 test -S s
	run -0 vcat unix:s <<<question
	expect "$output" question
	finish forward
	expect "$(undump dump '> mux:' 1)" "CONNECT 1234"
	expect "$(undump dump '< mux:' 1)" "OK 1073741824"
	expect "$(undump dump '> unix:' 1)" question
	expect "$(undump dump '< unix:' 1)" question
}

@test "mux: the handshake of an attempt that failed is there" {
	start vmm "$PEER" listen unix:v read 13 text $'HTTP/1.1 400\n' read-eof
	wait_until 5 test -S v
	run -1 vcat --hex-dump=dump mux:v:1234
	expect "$(undump dump '>' 1)" "CONNECT 1234"
	expect "$(undump dump '<' 1)" "HTTP/1.1 400"
}

@test "many at once: no line is mixed with another, and each connection is whole" {
	local i
	start server socat UNIX-LISTEN:t,fork,backlog=128 EXEC:cat
	wait_until 5 test -S t
	start forward "$VCAT" -l -k -x tcp:any -t unix:t
	port_of forward
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 40 -c 20 -b 50000 "tcp:127.0.0.1:$port"
	expect "${lines[0]}" "40 whole"
	stop forward || true
	grep -v '^listening on' forward.err >dump
	well_formed dump
	for i in {1..40}; do
		undump dump '<' "$i" >from
		undump dump '>' "$i" >to
		expect "$(stat -c %s from)" 50000
		same_bytes from to
	done
}

@test "--proxy-header: what vcat itself sends is not in the dump" {
	start target socat -u UNIX-LISTEN:t OPEN:got,creat
	wait_until 5 test -S t
	start forward "$VCAT" -l --hex-dump=dump unix:s -t unix:t --proxy-header 1
	wait_until 5 test -S s
	run -0 vcat unix:s <<<hello
	finish forward
	expect "$(undump dump '<' 1)" hello
	expect "$(tr -d '\r' <got)" $'PROXY UNKNOWN\nhello'
}

@test "--seqpacket: each message is a block" {
	start server "$PEER" -s listen unix:s message 5 message 7 message 1
	wait_until 5 test -S s
	run -0 vcat --seqpacket -d --hex-dump=dump unix:s
	expect "$(sed -nE 's/^< .*Z (.*)/\1/p' dump | tr '\n' ,)" "5 bytes,7 bytes,1 byte,"
}

@test "stderr: one that nobody reads does not stop the bytes" {
	input 3000000
	mkfifo unread
	exec {unread_fd}<>unread
	start server "$PEER" listen unix:s echo
	wait_until 5 test -S s
	run -0 timeout 30 bash -c '"$0" -x unix:s <sent >got 2>unread' "$VCAT"
	same_bytes got sent
	# what has come through are whole lines
	timeout 1 cat <unread >dump || true
	well_formed dump
}

@test "file: it is emptied, and belongs to its owner" {
	umask 000
	start server "$PEER" -k 2 listen unix:s echo
	wait_until 5 test -S s
	run -0 vcat --hex-dump=dump unix:s <<<"one, which is longer than the other"
	expect "$(stat -c %a dump)" 600
	run -0 vcat -xdump unix:s <<<two
	expect "$(undump dump '>' 1)" two
	expect "$(grep -c '^>' dump)" 1
}

@test "file: one that cannot be made is an error before anything else" {
	mkfifo fifo
	each_fails <<-'END'
		1 | none/dump: open: No such file or directory | | --hex-dump=none/dump unix:x
		1 | .: open: Is a directory | | --hex-dump=. unix:x
		1 | fifo: open: No such device or address | | --hex-dump=fifo unix:x
	END
}

@test "file: a full disk ends the dump, not the relay, and is status 1" {
	input 300000
	start server "$PEER" listen unix:s echo
	wait_until 5 test -S s
	run -1 --separate-stderr timeout 30 bash -c '"$0" --hex-dump=/dev/full unix:s <sent >got' "$VCAT"
	same_bytes got sent
	expect "$stderr" "vcat: /dev/full: write: No space left on device; the dump ends here"
}

@test "wrong usage: there is no dump where vcat relays nothing" {
	each_fails <<-'END'
		2 | -x: -: stdout is for the peer's bytes: give a file, or nothing for stderr (see vcat --help) | | -x- unix:x
		2 | -x does not work with --files, --into and --verified: it shows a relay (see vcat --help) | | -x --into . -l unix:x
		2 | -x does not work with --files, --into and --verified: it shows a relay (see vcat --help) | | -x --verified unix:x
		2 | -x does not work with -e: vcat moves no bytes itself (see vcat --help) | | -x unix:x -e cat
		2 | -x does not work with -z (see vcat --help) | | -x -z unix:x
	END
}

@test "wrong usage: a file of forwards has no dump" {
	echo "-l -k -x unix:s -t unix:t" >forwards
	run -2 --separate-stderr vcat -f forwards --check
	[[ ${stderr_lines[0]} == *"-x does not work with -f"* ]]
}
