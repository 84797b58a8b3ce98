# machine: here
# needs: developer
# Forwarding, -l -k -t: one that fails, one that is slow, and how it ends.
bats_require_minimum_version 1.5.0
load helper
load forward

# median COUNT: of that many clients one after the other, in microseconds.
median() {
	timeout "$LIMIT" "$TOOLS/crowd" -n "$1" -b 10000 "$near" |
		awk '/^median/ { print $2 }'
}

# undisturbed_by COMMAND...: clients take no longer than thrice their time with
# it running. The machine has other things to do too: the two times of a round are
# measured one right after the other, and one round of five is enough.
undisturbed_by() {
	local alone with
	median 50 >/dev/null
	for _ in {1..5}; do
		alone=$(median 150)
		start disturber "$@"
		sleep 0.5
		with=$(median 150)
		running disturber
		stop disturber
		((with > 3 * alone)) || return 0
	done
	expect "$with us" "$alone us" "median"
}

signal() {
	pid_of forwarder
	kill -s "$1" "$pid"
}

@test "slow: a client that never reads delays no other" {
	start echo socat -t 30 UNIX-LISTEN:t,fork,backlog=256 PIPE
	wait_until 10 test -S t
	forward forwarder unix -t unix:t
	undisturbed_by "$PEER" connect "$near" may-fail send 50000000 sleep 60
}

@test "slow: a client that says nothing delays no other" {
	start echo socat -t 30 UNIX-LISTEN:t,fork,backlog=256 PIPE
	wait_until 10 test -S t
	forward forwarder tcp -t unix:t
	undisturbed_by "$PEER" connect "$near" sleep 60
}

@test "slow: a target that never answers one handshake delays no other" {
	cat >vmm <<-'END'
		read -r request
		mkdir first 2>/dev/null && exec sleep 60
		echo OK 1073741824
		exec cat
	END
	start echo socat -t 30 UNIX-LISTEN:t,fork,backlog=256 'SYSTEM:. ./vmm,nofork'
	wait_until 10 test -S t
	forward forwarder unix --shutdown -w 0 -t mux:t:52
	start silent "$PEER" connect "$near" text x read 1
	wait_until 10 test -d first
	undisturbed_by sleep 60
	running silent
}

@test "slow: clients that reset again and again delay no other" {
	start echo socat -t 30 UNIX-LISTEN:t,fork,backlog=256 PIPE
	wait_until 10 test -S t
	forward forwarder tcp -t unix:t
	# shellcheck disable=SC2016 # expanded by the inner shell
	undisturbed_by bash -c 'while :; do
		"$0" connect "$1" send 10000 linger-reset
		sleep 0.02
	done' "$PEER" "$near"
	running forwarder
}

@test "splice: where a filter forbids it, bytes are copied" {
	cat >filtered <<-END
		#!/bin/sh
		exec strace -D -qq -o trace -e trace=splice \
			-e inject=splice:error=\$WHY "$VCAT" "\$@"
	END
	chmod +x filtered
	echo_server t
	local why VCAT=./filtered
	for why in ENOSYS EPERM EINVAL; do
		WHY=$why forward "$why" tcp -t unix:t
		run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 4 -c 2 -b 4000000 "$near"
		expect "${lines[0]}" "4 whole"
		expect "$(<"$why.err")" "$(grep ^listening "$why.err")"
		# it was tried once for each connection, and only from TCP
		expect "$(grep -c INJECTED trace)" 4
	done
}

@test "fails alone: without its target a TCP client is reset, and the next is served" {
	forward forwarder tcp -t unix:target.s
	client expect-reset
	wait_until 5 grep -q ^hint: forwarder.err
	expect_in forwarder.err "vcat: unix:target.s: connect: No such file or directory"
	expect_in forwarder.err "hint: there is no such socket"
	open_target target unix read-eof text answer
	client save answer text question shutdown read-eof
	expect "$(<answer)" answer
	expect "$(grep -vc ^listening forwarder.err)" 2 "lines"
}

@test "fails alone: without its target a unix client sees an end, and the next is served" {
	forward forwarder unix -t tcp:127.0.0.1:1
	client expect-eof
	wait_until 5 grep -q ^hint: forwarder.err
	expect_in forwarder.err "vcat: tcp:127.0.0.1:1: connect: Connection refused"
	client expect-eof
	expect "$(grep -c ^hint: forwarder.err)" 2 "hints"
	running forwarder
}

@test "fails alone: a VMM without a listener in its guest, and the next is served" {
	start vmm "$PEER" -r up listen unix:v read 11 close
	wait_until 5 test -e up
	forward forwarder tcp -t mux:v:52
	client expect-reset
	finish vmm
	expect_in forwarder.err "vcat: mux:v:52: handshake: Connection refused"
	expect_in forwarder.err "hint: nobody listens on port 52 in the guest"
	# the first one's socket file may still be there
	start vmm "$PEER" -r up2 listen unix:v read 11 text "$OK" text answer
	wait_until 5 test -e up2
	client save answer read-eof
	expect "$(<answer)" answer
}

@test "fails alone: a target that resets is told to the TCP client as a reset" {
	open_target target tcp read 1 text some sleep 0.2 linger-reset
	forward second tcp -t "$target"
	client text x read 4 expect-reset
	wait_until 5 grep -q reset second.err
	expect_in second.err "vcat: $target: read: Connection reset by peer"
	running second
}

@test "fails alone: a client that resets is told to the TCP target as a reset" {
	open_target target tcp read 4 touch here expect-reset
	forward forwarder tcp -t "$target"
	client text some wait-file here linger-reset
	finish target
	expect "$status" 0
	running forwarder
}

@test "fails alone: what came before the reset arrives, however late it is read" {
	open_target target tcp read 1 send 1000000 sleep 0.5 touch reset linger-reset
	forward forwarder tcp -t "$target"
	client text x wait-file reset sleep 0.5 save got read 1000000 expect-reset
	same_bytes got <("$PATTERN" 1 1000000)
}

@test "fails alone: a reset that is met by writing first is passed on, too" {
	open_target target tcp read 1 touch here wait-file stopped \
		text some linger-reset
	forward forwarder tcp -t "$target"
	start client "$PEER" connect "$near" text x wait-file reset send 1000 \
		touch sent save got read 4 expect-reset
	wait_until 10 test -e here
	signal STOP
	touch stopped
	finish target
	touch reset
	wait_until 10 test -e sent
	signal CONT
	finish client
	expect "$status" 0 "the client's status: $(<client.err)"
	expect "$(<got)" some
}

@test "fails alone: without -k, too, a reset is passed on, and is the exit status" {
	open_target target tcp read 1 text some sleep 0.2 linger-reset
	start relay "$VCAT" -l tcp:any -t "$target"
	port_of relay
	near=tcp:127.0.0.1:$port
	client text x read 4 expect-reset
	finish relay
	expect "$status" 1
	expect_in relay.err "vcat: $target: read: Connection reset by peer"
}

@test "retry: a target that comes later is reached, and others are served meanwhile" {
	forward forwarder unix --retry -t unix:target.s
	start early "$PEER" connect "$near" save early.got text question shutdown read-eof
	start other "$PEER" connect "$near" save other.got text question shutdown read-eof
	sleep 0.5
	running early
	running other
	start target "$PEER" -k 2 listen unix:target.s read-eof text answer shutdown
	finish early
	finish other
	expect "$(<early.got)$(<other.got)" answeranswer
	expect "$(<forwarder.err)" ""
}

@test "retry: when its time is over, that connection ends and no other" {
	forward forwarder tcp --retry=0.5 -t unix:target.s
	client expect-reset
	expect_in forwarder.err "vcat: unix:target.s: connect: No such file or directory"
	open_target target unix text answer
	client save answer read-eof
	expect "$(<answer)" answer
}

@test "time limit: -w is for each handshake of its own" {
	start vmm socat UNIX-LISTEN:v,fork,backlog=256 'EXEC:sleep 60'
	wait_until 5 test -S v
	forward forwarder tcp -w 1 -t mux:v:52
	start first "$PEER" connect "$near" expect-reset
	sleep 0.5
	start second "$PEER" connect "$near" expect-reset
	finish first
	running second
	finish second
	expect "$status" 0
	expect "$(grep -cxF 'vcat: mux:v:52: handshake: Connection timed out' \
		forwarder.err)" 2 "messages"
	running forwarder
}

@test "time limit: -w ends the wait for a place in a full backlog" {
	start target socat UNIX-LISTEN:t,fork,backlog=1 PIPE
	wait_until 5 test -S t
	pid_of target
	kill -STOP "$pid"
	forward forwarder tcp -w 0.5 -t unix:t
	for number in 1 2 3 4; do
		start "client$number" "$PEER" connect "$near" may-fail read 1
	done
	wait_until 10 grep -q '^vcat: unix:t: connect: Connection timed out' forwarder.err
	running forwarder
	kill -CONT "$pid"
	client text x read 1
}

@test "time limit: -i ends a silent connection, and not one that talks" {
	start echo socat -t 30 UNIX-LISTEN:t,fork PIPE
	wait_until 10 test -S t
	forward forwarder unix -i 1 -t unix:t
	start silent "$PEER" connect "$near" read-eof
	client text a sleep 0.6 text b sleep 0.6 text c sleep 0.6 text d read 4
	finish silent 10
	expect "$status" 0
	expect_in forwarder.err "vcat: unix:forwarder.s: idle: no byte in 1 s"
	expect "$(wc -l <forwarder.err)" 1 "lines"
	running forwarder
}

# A connection that is in the middle of its work, with -q SECONDS or without.
busy_forwarder() {
	start echo socat -t 30 UNIX-LISTEN:t,fork PIPE
	wait_until 10 test -S t
	start forwarder env --default-signal "$VCAT" -l -k unix:s "$@" -t unix:t
	wait_until 10 test -S s
	near=unix:s
	start busy "$PEER" connect "$near" save back text x read 1 touch begun \
		wait-file on seed 1 both 1000000
	wait_until 10 test -e begun
}

@test "signals: SIGTERM takes no more, and lets what runs finish within -q" {
	busy_forwarder -q 20
	signal TERM
	wait_until 5 eval '[[ ! -e s ]]'
	run -1 "$PEER" connect unix:s read-eof
	running busy
	touch on
	finish busy
	expect "$status" 0
	finish forwarder 5
	expect "$status" 143
	tail -c +2 back >echoed
	"$PATTERN" 1 1000000 >wanted
	same_bytes echoed wanted
	expect "$(<forwarder.err)" ""
}

@test "signals: when the seconds of -q are over, what runs is ended" {
	busy_forwarder -q 0.5
	signal TERM
	finish forwarder 10
	expect "$status" 143
	touch on
	finish busy 5
	[[ $status != 0 ]]
}

@test "signals: without -q SIGTERM and SIGINT end all at once" {
	local name
	for name in TERM INT; do
		rm -f t on begun
		busy_forwarder
		signal $name
		finish forwarder 5
		expect "$status" $((128 + $(kill -l $name))) "status after SIG$name"
		[[ ! -e s ]]
		touch on
		finish busy 5
		[[ $status != 0 ]]
		stop echo
	done
}

@test "signals: a TCP client that is cut off by one is reset" {
	open_target target tcp read 1 text some sleep 60
	start forwarder "$VCAT" -l -k tcp:any -t "$target"
	port_of forwarder
	start client "$PEER" connect "tcp:127.0.0.1:$port" text x read 4 \
		touch begun expect-reset
	wait_until 10 test -e begun
	signal TERM
	finish client
	expect "$status" 0
	finish forwarder
	expect "$status" 143
}

@test "signals: the second ends all at once" {
	busy_forwarder -q 60
	signal TERM
	wait_until 5 eval '[[ ! -e s ]]'
	sleep 0.2
	running forwarder
	signal TERM
	finish forwarder 5
	expect "$status" 143
}

@test "signals: an end without anybody there is at once, and -q is no wait" {
	start forwarder "$VCAT" -l -k unix:s -q 60 -t unix:t
	wait_until 10 test -S s
	signal TERM
	finish forwarder 5
	expect "$status" 143
	[[ ! -e s ]]
}

@test "signals: one that comes together with a client is no error" {
	start forwarder "$VCAT" -l -k unix:s -t unix:t -q 5
	wait_until 10 test -S s
	# both find it asleep
	signal STOP
	signal TERM
	start client "$PEER" connect unix:s read-eof
	signal CONT
	finish forwarder 10
	expect "$status" 143
	expect "$(<forwarder.err)" ""
}

@test "signals: those that we were told to ignore end nothing" {
	start forwarder env --ignore-signal=HUP "$VCAT" -l -k unix:s -t unix:t
	wait_until 10 test -S s
	signal HUP
	near=unix:s
	client expect-eof
	running forwarder
}

@test "clients that go while their target is dialled make room for others" {
	local i
	# there is never a target: only by their going can the third get in
	forward f unix -v -m 2 --retry -t unix:none
	for i in 1 2 3; do
		# gone altogether, with nothing left to deliver
		start "gone$i" "$PEER" connect "$near" sleep 0.3 kill
		finish "gone$i"
	done
	wait_until 10 eval '[[ $(grep -c "closed before its target was reached" f.err) == 3 ]]'
	expect "$(grep -c accepted f.err)" 3 "clients accepted"
}

@test "clients that half-close while their target is dialled are served" {
	forward f unix --retry -t unix:late
	start waiting "$PEER" connect "$near" text hello shutdown save got read-eof
	sleep 1
	start echo socat -t 30 UNIX-LISTEN:late,fork EXEC:cat
	finish waiting 20
	expect "$(<got)" hello
}

@test "clients that close while their target is dialled: their bytes arrive" {
	forward f unix --retry -t unix:late
	client text hello close
	sleep 1
	start target socat -u UNIX-LISTEN:late STDOUT
	wait_until 10 grep -q hello target.out
}

@test "TCP clients that close while their target is dialled are found out, too" {
	# what has closed answers for tcp_fin_timeout seconds as if it had not
	unshare -n true 2>/dev/null || skip "no network namespaces here"
	start forwarder unshare -n bash -c 'ip link set lo up
		echo 1 >/proc/sys/net/ipv4/tcp_fin_timeout
		"$0" -l -k -v -m 1 tcp:7100 --retry -t unix:late &
		for i in {1..100}; do
			: <>/dev/tcp/127.0.0.1/7100 && break
			sleep 0.1
		done 2>/dev/null
		sleep 40 &
		wait $!' "$VCAT"
	wait_until 30 grep -q "closed before its target was reached" forwarder.err
}

@test "fails alone: the hint for a target that is not there yet is --retry, unless vcat dials again" {
	forward forwarder unix -t unix:none
	run vcat -d "$near"
	wait_until 5 grep -q '^hint: .*--retry' forwarder.err
	start again "$VCAT" -k -d unix:none
	wait_until 5 grep -q '^hint: ' again.err
	run -1 grep -e --retry again.err
}
