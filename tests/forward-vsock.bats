# machine: loopback
# Forwarding with VM sockets at one end or at both.
bats_require_minimum_version 1.5.0
load helper
load forward
load dump

@test "forward: vsock to vsock, both ways at once, and an answer after the question's end" {
	forwards vsock vsock
}

@test "forward: vsock to tcp, both ways at once, and an answer after the question's end" {
	forwards vsock tcp
}

@test "forward: vsock to unix, both ways at once, and an answer after the question's end" {
	forwards vsock unix
}

@test "forward: vsock to mux, both ways at once, and an answer after the question's end" {
	forwards vsock mux
}

@test "forward: tcp to vsock, both ways at once, and an answer after the question's end" {
	forwards tcp vsock
}

@test "forward: unix to vsock, both ways at once, and an answer after the question's end" {
	forwards unix vsock
}

@test "forward: mux to vsock, both ways at once, and an answer after the question's end" {
	forwards mux vsock
}

# open_chain: an echo server behind vsock, and in front of that another vcat.
open_chain() {
	forward inner vsock -t unix:t
	forward outer unix -t "1:$port"
}

@test "crowd: 100 at once through vsock have each 200 KB of their own echoed" {
	echo_server t
	open_chain
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 100 -c 100 -b 200000 "$near"
	expect "${lines[0]}" "100 whole"
	expect "$(<outer.err)" ""
	run -1 grep -v '^listening' inner.err
}

@test "crowd: 500 short connections through vsock leave no descriptor behind" {
	start echo "$PEER" -k 510 -r up listen unix:t echo
	wait_until 5 test -e up
	open_chain
	"$TOOLS/crowd" -n 10 -b 100 "$near"
	look_at inner
	local before=$descriptors
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 500 -c 4 -b 100 "$near"
	expect "${lines[0]}" "500 whole"
	wait_until 10 has_descriptors inner "$before"
	look_at inner
	expect "$descriptors" "$before" "descriptors"
}

@test "fails alone: a port on which nobody listens, with its hint, and the next is served" {
	# a port that was free a moment ago
	forward gone vsock -t unix:t
	local free=$port
	pid_of gone
	kill "$pid"
	finish gone
	forward forwarder tcp -t "1:$free"
	client expect-reset
	wait_until 5 grep -q ^hint: forwarder.err
	expect_in forwarder.err "vcat: local(1):$free: connect: Connection refused"
	expect_in forwarder.err "hint: nobody listens on port $free there"
	start target "$PEER" -r up listen "vsock:1:$free" text answer
	wait_until 10 test -e up
	client save answer read-eof
	expect "$(<answer)" answer
}

@test "verbose: a VM socket's peer is named by its CID and port" {
	open_target target unix read-eof text "the answer"
	forward forwarder vsock -v -t "$target"
	client text question shutdown read-eof
	finish target
	wait_until 5 grep -q ' bytes in ' forwarder.err
	grep -qE '^vcat: local\(1\):[0-9]+: accepted$' forwarder.err
	grep -qE '^vcat: local\(1\):[0-9]+ -> unix:target.s: 8 bytes, back 10 bytes in ' \
		forwarder.err
}

@test "messages: SEQPACKET is forwarded message by message" {
	start target "$PEER" -s listen vsock:1:4294967295 messages
	port_of target
	start forwarder "$VCAT" -l -k --seqpacket local:any -t "1:$port"
	port_of forwarder
	near=vsock:1:$port
	timeout "$LIMIT" "$PEER" -s connect "$near" message 1 message 3000 \
		message 64000 shutdown read-eof
	finish target
	expect "$status" 0
	expect "$(grep -v ^port target.out)" $'1\n3000\n64000'
}

@test "soak: 200 connections through chains with vsock are as planned, nothing is left" {
	run -0 env VCAT_TEST_MACHINE="$VCAT_TEST_MACHINE" BUILD="$BUILD" CONNECTIONS=200 \
		timeout 120 "$TOP/tests/soak/run" guest
	[[ ${lines[-1]} == "soak: 200 connections, "*" bytes, 0 failures" ]]
}

@test "--proxy-header: the CID and the port of a VM socket are in a TLV" {
	start target socat -u UNIX-LISTEN:t OPEN:got,creat
	wait_until 5 test -S t
	start listener "$VCAT" -l -v 1:any -t unix:t --proxy-header 2
	port_of listener
	run -0 vcat -p 4660 1:"$port" <<<hello
	finish target
	printf '\r\n\r\n\0\r\nQUIT\n\x20\0\0\x0b\xe8\0\x08\0\0\0\x01\0\0\x12\x34hello\n' >wanted
	same_bytes got wanted
}

@test "-x: what went through VM sockets is in the dump, in both directions" {
	head -c 2000000 /dev/urandom >sent
	start target "$PEER" listen unix:t echo
	wait_until 5 test -S t
	start listener "$VCAT" -l --hex-dump=dump 1:any -t unix:t
	port_of listener
	run -0 timeout 60 bash -c '"$0" -p 4661 "1:$1" <sent >got' "$VCAT" "$port"
	finish listener
	expect "$status" 0
	same_bytes got sent
	undump dump "< 1:4661 " 1 >from
	undump dump "> 1:4661 " 1 >to
	same_bytes from sent
	same_bytes to sent
}
