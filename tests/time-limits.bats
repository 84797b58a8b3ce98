# machine: vhost
bats_require_minimum_version 1.5.0
load helper

# full PATH: starts a listener there that accepts nobody, and fills its backlog.
full() {
	start stopped socat -t 30 UNIX-LISTEN:"$1",backlog=1,fork SYSTEM:cat
	wait_until 10 grep -q " 00010000 .* $1\$" /proc/net/unix
	pid_of stopped
	kill -STOP "$pid"
	wait_until 10 grep -q '^State:.*T' "/proc/$pid/status"
	for name in waiting1 waiting2; do
		start $name "$PEER" connect "unix:$1" touch $name.in read-eof
		wait_until 10 test -e $name.in
	done
}

@test "-w: an attempt that does not connect in time ends with status 3, at that time" {
	dead_guest
	for pair in "0.5 500" "1 1000"; do
		read -r limit least <<<"$pair"
		timed vcat -w "$limit" $DEAD:1234 2>err </dev/null
		expect "$status" 3
		expect_ms "$least" 8000
		[[ $(<err) == "vcat: vm($DEAD):1234: connect: Connection timed out"* ]]
	done
}

@test "-w: a limit longer than the kernel's own 2 s holds too, and so does the default" {
	dead_guest
	# shellcheck disable=SC2016 # expanded by the inner shell
	start four bash -c 'time "$0" -w 4 "$1" 2>/dev/null' "$VCAT" $DEAD:1 </dev/null
	# shellcheck disable=SC2016
	start ten bash -c 'time "$0" "$1" 2>/dev/null' "$VCAT" $DEAD:2 </dev/null
	start ever "$VCAT" -w 0 $DEAD:3 </dev/null
	finish four 15
	expect "$status" 3 "status of -w 4"
	running ten
	finish ten 25
	expect "$status" 3 "status without -w"
	sleep 2
	running ever
	expect "$(<ever.err)" ""
	for pair in "four 4000 9000" "ten 10000 19000"; do
		read -r name least most <<<"$pair"
		[[ $(<"$name.err") =~ real[^0-9]*([0-9]+)m([0-9]+)\.([0-9]+)s ]]
		# shellcheck disable=SC2034 # for expect_ms
		ms=$((BASH_REMATCH[1] * 60000 + 10#${BASH_REMATCH[2]}${BASH_REMATCH[3]}))
		expect_ms "$least" "$most"
	done
}

@test "-w: once connected there is no limit" {
	start listener "$PEER" listen vsock:4294967295:4294967295 sleep 2 text late \
		shutdown read-eof
	port_of listener
	run -0 vcat -w 1 "1:$port" </dev/null
	expect "$output" late
}

@test "-w: unix: a full backlog is waited for until the limit" {
	full s
	timed vcat -w 1 unix:s 2>err </dev/null
	expect "$status" 3
	expect_ms 1000 8000
	[[ $(<err) == "vcat: unix:s: connect: Connection timed out"* ]]
}

@test "-w: unix: vcat connects if the backlog has room in time" {
	full s
	start client "$VCAT" -w 20 unix:s <<<hello
	sleep 0.5
	running client
	pid_of stopped
	kill -CONT "$pid"
	finish client
	expect "$status" 0
	expect "$(<client.out)" hello
	expect "$(<client.err)" ""
}

@test "--retry: it waits for a listener, silently" {
	start client "$VCAT" --retry 1:7401 </dev/null
	sleep 1
	running client
	expect "$(<client.err)" ""
	start listener "$PEER" listen vsock:1:7401 text hello shutdown read-eof
	finish client
	expect "$status" 0
	expect "$(<client.out)" hello
	expect "$(<client.err)" ""
}

@test "--retry: it waits for a VM that does not exist yet" {
	start client "$VCAT" --retry -w 1 $DEAD:7402 </dev/null
	sleep 0.5
	dead_guest
	sleep 2
	running client
	expect "$(<client.err)" ""
}

@test "--retry: unix: it waits for the file, and for the listener" {
	start client "$VCAT" --retry=30 unix:s </dev/null
	sleep 0.5
	start dying "$VCAT" -l -k -d unix:t </dev/null
	wait_until 10 test -S t
	pid_of dying
	kill -KILL "$pid"
	finish dying
	mv t s
	sleep 0.5
	running client
	start listener "$PEER" listen unix:s text hello shutdown read-eof
	finish client
	expect "$(<client.out)" hello
	expect "$(<client.err)" ""
}

@test "--retry=SECS: it gives up with status 3 and says why once" {
	for address in 1:7403 unix:nowhere; do
		timed vcat --retry=1 $address 2>err </dev/null
		expect "$status" 3 "status"
		expect_ms 1000 8000
		mapfile -t said <err
		expect "${#said[@]}" 2 "lines on stderr"
		[[ ${said[0]} == "vcat: "*": connect: "* && ${said[1]} == "hint: "* ]]
	done
}

@test "--retry=SECS: it also cuts off an attempt that does not end" {
	dead_guest
	timed vcat --retry=1 $DEAD:1234 2>err </dev/null
	expect "$status" 3
	expect_ms 1000 8000
}

@test "--retry=SECS: -w limits each attempt, not all of them together" {
	dead_guest
	timed vcat -w 0.2 --retry=1.5 $DEAD:1234 2>err </dev/null
	expect "$status" 3
	expect_ms 1500 9000
	[[ $(<err) == "vcat: vm($DEAD):1234: connect: Connection timed out"* ]]
}

@test "--retry: an error that waiting cannot fix fails at once" {
	timed vcat --retry -s 77 1:1234 2>err </dev/null
	expect "$status" 1
	expect_ms 0 5000
}

@test "-i: silence in both directions ends vcat with status 3" {
	silence
	start listener "$PEER" listen vsock:4294967295:4294967295 read-eof
	port_of listener
	timed vcat -i 1 "1:$port" 2>err <silent
	expect "$status" 3
	expect_ms 1000 8000
	expect "$(wc -l <err)" 1 "lines on stderr"
	[[ $(<err) == "vcat: local(1):$port: "* ]]
}

@test "-i: the limit starts when the client has come, not before" {
	silence
	start listener "$VCAT" -l any -i 1 <silent
	port_of listener
	sleep 2
	running listener
	timed "$PEER" connect "vsock:1:$port" text hello read-eof
	expect "$status" 0
	expect_ms 1000 9000
	finish listener
	expect "$status" 3
	expect "$(<listener.out)" hello
}

@test "-i: bytes in either direction keep the connection alive" {
	start source "$PEER" listen vsock:1:7404 \
		text a sleep 1 text b sleep 1 text c sleep 1 text d sleep 1 text e \
		shutdown read-eof
	start sink "$PEER" listen vsock:1:7405 read-eof
	start sender "$VCAT" --retry -i 3 1:7405 \
		< <(for number in 1 2 3 4; do echo $number; sleep 1; done)
	run -0 vcat --retry -d -i 3 1:7404
	expect "$output" abcde
	finish sender
	expect "$status" 0
}

@test "-q: vcat ends that long after stdin's EOF, whatever the peer does" {
	start listener "$PEER" listen vsock:4294967295:4294967295 text hello wait-file never
	port_of listener
	timed vcat -q 1 "1:$port" >out 2>err </dev/null
	expect "$status" 0
	expect_ms 1000 8000
	expect "$(<out)" hello
	expect "$(<err)" ""
}

@test "-q: a peer that sends without end does not prolong the wait" {
	# shellcheck disable=SC2016 # expanded by the inner shell
	start listener bash -c 'yes | "$0" -l any' "$VCAT"
	port_of listener
	timed vcat -q 1 "1:$port" >out 2>err </dev/null
	expect "$status" 0
	expect_ms 1000 8000
	[[ -s out ]]
}

@test "-q: there is no limit before stdin's EOF" {
	start listener "$PEER" listen vsock:4294967295:4294967295 read 4 text ok shutdown read-eof
	port_of listener
	run -0 vcat -q 0.5 "1:$port" < <(sleep 1.5; printf late)
	expect "$output" ok
}

@test "-q: vcat ends earlier if the peer answers and closes" {
	start listener "$PEER" listen vsock:4294967295:4294967295 read-eof sleep 0.5 text late
	port_of listener
	timed vcat -q 30 "1:$port" >out </dev/null
	expect "$status" 0
	expect_ms 500 15000
	expect "$(<out)" late
}

@test "-q: bytes that the peer has not taken by then are a failure" {
	start listener "$PEER" listen vsock:4294967295:4294967295 wait-file never
	port_of listener
	# what the socket holds, and something of what vcat holds
	head -c 400000 /dev/zero >big
	timed vcat -q 1 "1:$port" 2>err <big
	expect "$status" 3
	expect "$(wc -l <err)" 1 "lines on stderr"
}
