# machine: here
# needs: loopback socat
# Forwarding, -l -k -t: every kind to every kind, many at once.
bats_require_minimum_version 1.5.0
load helper
load forward

# How many come in a row. With sanitizers the peer's fork for each costs 10 ms.
ROW=10000
[[ $BUILD != asan ]] || ROW=1000

@test "forward: tcp to tcp, both ways at once, and an answer after the question's end" {
	forwards tcp tcp
}

@test "forward: tcp to unix, both ways at once, and an answer after the question's end" {
	forwards tcp unix
}

@test "forward: tcp to mux, both ways at once, and an answer after the question's end" {
	forwards tcp mux
}

@test "forward: unix to tcp, both ways at once, and an answer after the question's end" {
	forwards unix tcp
}

@test "forward: unix to unix, both ways at once, and an answer after the question's end" {
	forwards unix unix
}

@test "forward: unix to mux, both ways at once, and an answer after the question's end" {
	forwards unix mux
}

@test "forward: mux to tcp, both ways at once, and an answer after the question's end" {
	forwards mux tcp
}

@test "forward: mux to unix, both ways at once, and an answer after the question's end" {
	forwards mux unix
}

@test "forward: mux to mux, both ways at once, and an answer after the question's end" {
	forwards mux mux
}

@test "forward: mux as a target is not half-closed unless told to" {
	open_target vmm mux read 8 sleep 0.5 expect-open text answer
	forward forwarder unix -t "$target"
	client save answer text question shutdown read-eof
	finish vmm
	expect "$status" 0 "the VMM's status"
	expect "$(<answer)" answer
}

@test "crowd: 200 at once have each their own megabyte echoed" {
	echo_server t
	forward forwarder unix -t unix:t
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 200 -c 200 -b 1000000 "$near"
	expect "${lines[0]}" "200 whole"
	expect "$(<forwarder.err)" ""
}

@test "crowd: after 200 at once, descriptors and memory are as they were" {
	echo_server t
	forward forwarder unix -t unix:t
	# the allocator takes its share the first time: not a leak
	"$TOOLS/crowd" -n 200 -c 200 -b 100000 "$near"
	look_at forwarder
	local before=$descriptors warm=$rss
	for _ in 1 2 3; do
		"$TOOLS/crowd" -n 200 -c 200 -b 100000 "$near"
	done
	wait_until 5 has_descriptors forwarder "$before"
	look_at forwarder
	expect "$descriptors" "$before" "descriptors"
	same_memory "$warm"
}

@test "crowd: 10,000 short connections one after the other leave nothing behind" {
	start echo "$PEER" -k 10300 -r up listen unix:t echo
	wait_until 5 test -e up
	forward forwarder unix -t unix:t
	# the allocator takes its share the first time: not a leak
	"$TOOLS/crowd" -n 300 -b 100 "$near"
	look_at forwarder
	local before=$descriptors warm=$rss
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n $ROW -b 100 "$near"
	expect "${lines[0]}" "$ROW whole"
	wait_until 5 has_descriptors forwarder "$before"
	look_at forwarder
	same_memory "$warm"
	expect "$(<forwarder.err)" ""
}

# crowds NEAR FAR: through that pair of kinds 200 at once, with a megabyte each,
# and 10,000 in a row; afterwards nothing is left of them.
crowds() {
	local before warm
	case $2 in
	unix) start echo "$PEER" -k 10700 -r up listen unix:t echo && target=unix:t ;;
	tcp) start echo "$PEER" -k 10700 -r up listen tcp:127.0.0.1:0 echo ;;
	mux)
		start echo "$PEER" -k 10700 -r up listen unix:guest_52 echo
		start vmm "$TOOLS/fake-vmm" -s ch53 v .
		wait_until 5 test -S v
		target=mux:v:52
		;;
	esac
	wait_until 5 test -e up
	[[ $2 != tcp ]] || target=tcp:127.0.0.1:$(<up)
	forward forwarder "$1" --shutdown -t "$target"
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 200 -c 200 -b 1000000 "$near"
	expect "${lines[0]}" "200 whole"
	"$TOOLS/crowd" -n 300 -b 100 "$near"
	look_at forwarder
	before=$descriptors warm=$rss
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n $ROW -b 100 "$near"
	expect "${lines[0]}" "$ROW whole"
	wait_until 5 has_descriptors forwarder "$before"
	look_at forwarder
	same_memory "$warm"
	expect "$(grep -v ^listening forwarder.err)" ""
}

@test "crowd: from TCP, 200 at once and 10,000 in a row" {
	crowds tcp tcp
}

@test "crowd: from TCP to a unix socket, 200 at once and 10,000 in a row" {
	crowds tcp unix
}

@test "crowd: from TCP to a hybrid socket, 200 at once and 10,000 in a row" {
	crowds tcp mux
}

@test "crowd: from a unix socket to TCP, 200 at once and 10,000 in a row" {
	crowds unix tcp
}

@test "crowd: from a unix socket to a hybrid one, 200 at once and 10,000 in a row" {
	crowds unix mux
}

@test "crowd: from a hybrid socket to TCP, 200 at once and 10,000 in a row" {
	crowds mux tcp
}

@test "crowd: from a hybrid socket to a unix one, 200 at once and 10,000 in a row" {
	crowds mux unix
}

@test "verbose: a line for each step of a connection, and one for its bytes" {
	open_target target unix read-eof text "the answer"
	forward forwarder tcp -v -t "$target"
	client text question shutdown read-eof
	finish target
	wait_until 5 grep -q ' bytes in ' forwarder.err
	mapfile -t said < <(grep -v -e ^listening -e sandbox: forwarder.err)
	[[ ${said[0]} =~ ^vcat:\ (tcp:127\.0\.0\.1:[0-9]+):\ accepted$ ]]
	local peer=${BASH_REMATCH[1]}
	expect "${said[1]}" "vcat: unix:target.s: connected"
	[[ ${said[2]} == "vcat: $peer -> unix:target.s: 8 bytes, back 10 bytes in "* ]]
	expect "${#said[@]}" 3 "lines"
}

@test "verbose: without it, connections leave no word" {
	open_target target unix read-eof text answer
	forward forwarder unix -t "$target"
	client text question shutdown read-eof
	finish target
	expect "$(<forwarder.err)" ""
}

@test "many at once: the third of -m 2 waits in the backlog until one ends" {
	echo_server t
	forward forwarder unix -v -m 2 -t unix:t
	for number in 1 2; do
		start "client$number" "$PEER" connect "$near" \
			text "$number" wait-file "end$number" shutdown read-eof
	done
	wait_until 10 eval '[[ $(grep -c accepted forwarder.err) == 2 ]]'
	start third "$PEER" connect "$near" text 3 read 1 shutdown read-eof
	sleep 0.5
	running third
	expect "$(grep -c accepted forwarder.err)" 2 "accepted"
	touch end1
	finish third
	expect "$status" 0
	running client2
	touch end2
	finish client2
	expect "$status" 0
}

@test "many at once: with 64 descriptors 200 are served in the end, without a busy loop" {
	start echo socat -t 30 UNIX-LISTEN:t,fork,backlog=256 EXEC:cat
	wait_until 10 test -S t
	pid_of echo
	local echo_pid=$pid
	# shellcheck disable=SC2016 # expanded by the inner shell
	start forwarder bash -c 'ulimit -n 64; exec "$0" -l -k unix:s -t unix:t' "$VCAT"
	wait_until 10 test -S s
	kill -STOP "$echo_pid"
	start crowd "$TOOLS/crowd" -n 200 -c 200 -b 10000 unix:s
	# it has 6 of its own, and at least two for each connection
	wait_until 10 eval 'look_at forwarder && ((descriptors > 10))'
	sleep 0.5
	look_at forwarder
	local before=$ticks
	sleep 1
	look_at forwarder
	running crowd
	((descriptors + pipes <= 64))
	# of 100 in a second of looping
	((ticks - before < 20)) || expect "$((ticks - before))" 0 "ticks in a second"
	kill -CONT "$echo_pid"
	finish crowd
	expect "$status" 0
	expect "$(head -n 1 crowd.out)" "200 whole"
	expect "$(<forwarder.err)" "" "messages"
}

@test "many at once: without a descriptor to accept with, it says so once and waits" {
	# shellcheck disable=SC2016 # expanded by the inner shell
	start forwarder bash -c 'exec 3>&- 4>&- 5>&- 6>&-; ulimit -n 6; exec "$0" -l -k unix:s -t unix:t' "$VCAT"
	wait_until 10 test -S s
	start client "$PEER" connect unix:s read-eof
	wait_until 10 test -s forwarder.err
	look_at forwarder
	local before=$ticks
	sleep 1.2
	look_at forwarder
	((ticks - before < 20)) || expect "$((ticks - before))" 0 "ticks in a second"
	expect "$(<forwarder.err)" "vcat: unix:s: accept: Too many open files"
	running forwarder
	running client
}
