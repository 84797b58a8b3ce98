# machine: loopback
bats_require_minimum_version 1.5.0
load helper

# nobody COMMAND...: runs it as that user, without privileges.
nobody() {
	chmod 755 "$T"
	timeout "$LIMIT" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

# as_nobody_fails STATUS MESSAGE HINT ARG...: fails, with vcat run by that user.
as_nobody_fails() {
	local status=$1 message=$2 hint=$3
	shift 3
	chmod 755 "$T"
	fails "$status" "$message" "$hint" \
		setpriv --reuid=65534 --regid=65534 --clear-groups "$VCAT" "$@"
}

into_full() {
	vcat "$@" </dev/null >/dev/full
}

@test "ECONNREFUSED: nobody listens on that port" {
	each_fails <<-'END'
		1 | local(1):7777: connect: Connection refused | vcat -l 7777   | 1:7777
		1 | host(2):7777: connect: Connection refused  | nobody listens | host 7777
	END
}

@test "ECONNREFUSED: the listener's backlog is full" {
	start stopped "$VCAT" -l -v 7501 </dev/null
	wait_until 10 grep -q ^listening stopped.err
	pid_of stopped
	kill -STOP "$pid"
	wait_until 10 grep -q '^State:.*T' "/proc/$pid/status"
	for name in waiting1 waiting2; do
		start $name "$PEER" connect vsock:1:7501 touch $name.in read-eof
		wait_until 10 test -e $name.in
	done
	fails 1 "local(1):7501: connect: Connection refused" "backlog is full" \
		"$VCAT" 1:7501
}

@test "ECONNREFUSED: a listener of the other socket type" {
	start listener "$VCAT" -l -v 7502 </dev/null
	wait_until 10 grep -q ^listening listener.err
	fails 1 "local(1):7502: connect: Connection refused" "--seqpacket" \
		"$VCAT" --seqpacket 1:7502
	running listener
}

@test "ENODEV: no VM, and no way to one" {
	each_fails <<-'END'
		1 | vm(5):7777: connect: No such device         | no running VM has that CID | 5:7777
		1 | hypervisor(0):7777: connect: No such device | the host is CID 2          | 0:7777
	END
}

@test "EADDRINUSE: another program listens there" {
	start listener "$VCAT" -l -k -d -v 7503 </dev/null
	wait_until 10 grep -q ^listening listener.err
	each_fails <<-'END'
		1 | any:7503: bind: Address already in use      | another process uses port 7503 | -l 7503
		1 | local(1):7503: bind: Address already in use | port 7503                      | -l 1:7503
	END
	run -0 vcat 1:7503 </dev/null
	running listener
}

@test "EADDRINUSE: a source port stays in use for up to 8 s" {
	start listener "$PEER" listen vsock:1:7504 wait-file never
	run -0 vcat --retry=10 -q 0 -p 7604 1:7504 <<<unread
	run -1 --separate-stderr vcat -p 7604 1:7504
	[[ ${stderr_lines[0]} == "vcat: "*": bind source: Address already in use" ]]
	[[ ${stderr_lines[1]} == "hint: "*"8 s"* ]]
	expect "${#stderr_lines[@]}" 2 "lines"
}

@test "EADDRINUSE: the hint is about the port of -p, not the peer's" {
	start listener "$VCAT" -l -k -d -v 7505 </dev/null
	wait_until 10 grep -q ^listening listener.err
	run -1 --separate-stderr vcat -p 7505 1:7777
	[[ ${stderr_lines[0]} == "vcat: "*": bind source: Address already in use" ]]
	echo "${stderr_lines[1]}"
	[[ ${stderr_lines[1]} == "hint: the port given with -p is in use"* ]]
}

@test "EACCES: a port below 1024 needs a privilege" {
	as_nobody_fails 1 "any:1023: bind: Permission denied" "1024" -l 1023
	as_nobody_fails 1 "any:0: bind: Permission denied" '"any", a free one' -l 0
	as_nobody_fails 1 "local(1):7777: bind source: Permission denied" "1024" \
		-p 1023 1:7777
}

@test "without privilege: vcat listens on port 1024 and connects to it" {
	start listener setpriv --reuid=65534 --regid=65534 --clear-groups \
		"$VCAT" -l 1024 </dev/null
	echo hello >hello
	run -0 nobody "$VCAT" --retry=10 1:1024 <hello
	finish listener
	expect "$(<listener.out)" hello
}

@test "EADDRNOTAVAIL: a CID of another machine" {
	each_fails <<-'END'
		1 | vm(5):7777: bind: Cannot assign requested address   | listen with vcat -l 7777 | -l 5:7777
		1 | host(2):7777: bind: Cannot assign requested address | not this machine's | -l 2:7777
	END
}

@test "EADDRNOTAVAIL: the hint has no number for the port any" {
	fails 1 "vm(5):any: bind: Cannot assign requested address" \
		"not this machine's" "$VCAT" -l 5:any
	run ! grep -F 4294967295 fails.err
}

@test "EADDRNOTAVAIL: with -s the hint is about the source, not the peer" {
	run -1 --separate-stderr vcat -s 5 1:7777
	[[ ${stderr_lines[0]} == "vcat: "*": bind source: Cannot assign requested address" ]]
	echo "${stderr_lines[1]}"
	[[ ${stderr_lines[1]} == "hint: "*"CID given with -s is not this machine's"* ]]
	# who connects does not want to listen
	[[ ${stderr_lines[1]} != *"listen on"* ]]
}

@test "ENOMEM, EMSGSIZE: a message that the peer's buffer cannot hold" {
	start listener "$PEER" -w 8 -s listen vsock:1:7506 messages
	head -c 400000 /dev/zero >message
	timed vcat --retry=10 --seqpacket --buffer 1MiB 1:7506 <message >out 2>err
	mapfile -t said <err
	[[ ${said[0]} =~ ^"vcat: local(1):7506: write: "(Message too long|Cannot allocate memory)$ ]]
	[[ ${said[1]} == "hint: "*"--buffer"* ]]
	expect "${#said[@]}" 2 "lines"
	expect "$status" 1
	expect "$(<listener.out)" "" "what arrived"
	# the peer goes on waiting: that keeps nobody
	expect_ms 0 5000
}

@test "stdout: a failed write is reported without an address" {
	start listener "$PEER" listen vsock:1:7507 text hello shutdown read-eof
	run -1 --separate-stderr into_full --retry=10 1:7507
	expect "$stderr" "vcat: stdout: write: No space left on device"
}

@test "unix: ENOENT: there is no such socket" {
	each_fails <<-'END'
		1 | unix:no: connect: No such file or directory        | its server may not be up | unix:no
		1 | unix:no/such/s: connect: No such file or directory | no such socket   | unix:no/such/s
	END
}

@test "unix: ECONNREFUSED: nobody listens on the file, or on the name" {
	start dying "$VCAT" -l -k -d unix:s </dev/null
	wait_until 10 test -S s
	pid_of dying
	kill -KILL "$pid"
	finish dying
	each_fails <<-'END'
		1 | unix:s: connect: Connection refused   | nobody listens | unix:s
		1 | unix:@no: connect: Connection refused | nobody listens | unix:@no
	END
}

@test "unix: ENOTSOCK: the path names a file" {
	echo text >file
	fails 1 "unix:file: connect: Socket operation on non-socket" \
		"a file or a directory" "$VCAT" unix:file
	expect "$(<file)" text
}

@test "unix: EACCES: the socket belongs to another user" {
	start listener "$VCAT" -l unix:s </dev/null
	wait_until 10 test -S s
	as_nobody_fails 1 "unix:s: connect: Permission denied" "another user" unix:s
	run -0 vcat unix:s </dev/null
}

@test "unix: EPROTOTYPE: the socket is of the other type" {
	start listener "$VCAT" -l unix:s </dev/null
	wait_until 10 test -S s
	fails 1 "unix:s: connect: Protocol wrong type for socket" "--seqpacket" \
		"$VCAT" --seqpacket unix:s
	run -0 vcat unix:s </dev/null
}

@test "unix: EADDRINUSE: another program listens there" {
	start listener "$VCAT" -l -k -d unix:s </dev/null
	wait_until 10 test -S s
	fails 1 "unix:s: bind: Address already in use" "ss -x" "$VCAT" -l unix:s
	start named "$VCAT" -l -k -d -v unix:@vcat.$$ </dev/null
	wait_until 10 grep -q ^listening named.err
	fails 1 "unix:@vcat.$$: bind: Address already in use" "another process listens" \
		"$VCAT" -l unix:@vcat.$$
}

@test "unix: ECONNRESET: a peer that closes with unread bytes of ours" {
	silence
	start listener "$PEER" -r up listen unix:s text hello wait-file go close
	wait_until 10 test -e up
	echo unread >silent
	start client "$VCAT" -v unix:s <silent
	wait_until 10 grep -q hello client.out
	touch go
	finish client 10
	expect "$status" 1
	expect_in client.err "vcat: unix:s: read: Connection reset by peer"
}

@test "--netns: before Linux 7.0, VM sockets have no namespaces" {
	fails 1 "--netns: /proc/self/ns/net: VM sockets have no namespaces here: /proc/sys/net/vsock/ns_mode is not there" \
		"Linux 7.0" "$VCAT" --netns /proc/self/ns/net 1:1234
	fails 1 "--netns: /proc/self/ns/net: VM sockets have no namespaces here: /proc/sys/net/vsock/ns_mode is not there" \
		"Linux 7.0" "$VCAT" -l --netns /proc/self/ns/net 1234
}

@test "unix: EMSGSIZE: a message that our own buffer cannot hold" {
	start listener "$PEER" -s -r up listen unix:s message 100000 may-fail read-eof
	wait_until 10 test -e up
	run -1 --separate-stderr vcat --seqpacket --buffer 64KiB -d unix:s
	expect "${stderr_lines[0]}" "vcat: unix:s: read: Message too long"
	[[ ${stderr_lines[1]} == "hint: "*"--buffer"* ]]
}

@test "unix: input longer than a socket may hold goes as several messages" {
	"$PATTERN" 1 600000 >sent
	start listener "$VCAT" -l -d --seqpacket unix:s
	wait_until 10 test -S s
	run -0 vcat --seqpacket --send-only unix:s <sent
	finish listener
	expect "$status" 0
	same_bytes sent listener.out
}
