# machine: here
# What a service manager hears of vcat: sd_notify(3). (In notify.bats vcat is
# who hears.)
# shellcheck disable=SC2154,SC2016 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load sandbox

# manager: socat takes the messages at the path n; they go to manager.out.
manager() {
	start manager socat -u UNIX-RECV:n STDOUT
	wait_until 10 test -S n
	export NOTIFY_SOCKET=$T/n
}

# heard LINE: waits until the manager has heard that line.
heard() {
	wait_until 10 grep -qxF "$1" manager.out || {
		echo "not heard: '$1', but:"
		cat manager.out
		return 1
	}
}

# serves ADDRESS OPTION...: a vcat with -k that forwards to a server of echoes; it
# is ready, counts a connection, and says that it stops.
serves() {
	start target "$PEER" -r up listen unix:t echo
	wait_until 10 test -e up
	start service "$VCAT" -l -k unix:s "$@"
	heard READY=1
	run -0 vcat unix:s <<<hello
	expect "$output" hello
	heard "STATUS=0 connections, 1 accepted"
	pid_of service
	kill "$pid"
	finish service
	expect "$status" 143
	heard STOPPING=1
	expect "$(<service.err)" ""
}

@test "sd_notify: a forward is ready, counts, and stops" {
	manager
	serves -t unix:t
}

@test "sd_notify: a server of commands does, by its main process" {
	# systemd listens to no other
	cat >manager.py <<-'END'
		import os, socket, struct, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
		s.bind("n")
		while True:
		    text, notes, _, _ = s.recvmsg(1000, 1000)
		    pid = struct.unpack("iii", notes[0][2])[0]
		    for line in text.decode().splitlines():
		        print(f"{pid} {line}", flush=True)
	END
	start manager python3 manager.py
	wait_until 10 test -S n
	export NOTIFY_SOCKET=$T/n
	start service "$VCAT" -l -k unix:s -e 'cat; echo ${NOTIFY_SOCKET-none}'
	pid_of service
	heard "$pid READY=1"
	run -0 vcat unix:s <<<hello
	expect "$output" $'hello\nnone'
	heard "$pid STATUS=0 connections, 1 accepted"
	kill "$pid"
	finish service
	expect "$status" 143
	heard "$pid STOPPING=1"
	run -1 grep -v "^$pid " manager.out
}

@test "sd_notify: an abstract name" {
	name=vcat-test-$$-$RANDOM
	start manager socat -u "ABSTRACT-RECV:$name" STDOUT
	wait_until 10 grep -q "@$name" /proc/net/unix
	export NOTIFY_SOCKET=@$name
	serves -t unix:t
}

@test "sd_notify: READY=1 comes when somebody can connect, and not before" {
	manager
	: >s # vcat cannot listen there
	run -1 vcat -l unix:s
	rm s
	start service "$VCAT" -l unix:s </dev/null
	heard READY=1
	expect "$(grep -c READY=1 manager.out)" 1
	run -0 timeout "$LIMIT" "$PEER" connect unix:s shutdown read-eof
	finish service
	expect "$status" 0
}

@test "sd_notify: transfers and a listener for one command are ready, too" {
	local way
	mkdir into
	for way in "--into into" "-k --into into" "--verified" "-e cat"; do
		manager
		# shellcheck disable=SC2086 # words
		start service "$VCAT" -l $way unix:s </dev/null
		heard READY=1
		stop service
		stop manager
		rm -f n s
	done
}

@test "sd_notify: many forwards are ready together, and count together" {
	manager
	start target "$PEER" -k 2 -r up listen unix:t echo
	wait_until 10 test -e up
	printf '%s\n' "-l -k unix:s1 -t unix:t" "-l -k unix:s2 -t unix:t" >list
	start service "$VCAT" -f list
	heard READY=1
	[[ -S s1 && -S s2 ]]
	for s in s1 s2; do
		run -0 vcat unix:$s <<<hello
		expect "$output" hello
	done
	heard "STATUS=0 connections, 2 accepted"
	pid_of service
	kill "$pid"
	finish service
	heard STOPPING=1
	expect "$(grep -c READY=1 manager.out)" 1
}

@test "sd_notify: who dials again and again is ready before anybody is there" {
	manager
	start service "$VCAT" -k -d unix:none
	heard READY=1
	running service
}

@test "sd_notify: who has waited long enough says that it stops" {
	manager
	start service "$VCAT" -l -k -d --exit-idle 0.2 unix:s
	finish service
	heard STOPPING=1
}

@test "sd_notify: a socket that was passed" {
	manager
	start service systemd-socket-activate -l "$T/s" -E NOTIFY_SOCKET \
		"$VCAT" -l - -k -d
	wait_until 10 test -S s
	run -0 timeout "$LIMIT" "$PEER" connect unix:s shutdown read-eof
	heard READY=1
}

@test "sd_notify: what only connects says nothing, and leaves the variable" {
	manager
	start target "$VCAT" -l -k unix:t -e cat
	heard READY=1
	wait_until 10 test -S t
	run -0 vcat unix:t <<<hello
	start command "$VCAT" unix:t -e 'echo "$NOTIFY_SOCKET" >variable'
	finish command
	expect "$(<variable)" "$T/n"
	expect "$(grep -c READY=1 manager.out)" 1
}

@test "sd_notify: WATCHDOG=1 comes again and again, for this process only" {
	manager
	start service env WATCHDOG_USEC=100000 "$VCAT" -l -k -d unix:s
	wait_until 10 eval '(($(grep -cx WATCHDOG=1 manager.out) >= 3))'
	pid_of service
	kill "$pid"
	finish service
	expect "$status" 143
	start service env WATCHDOG_USEC=100000 WATCHDOG_PID=1 "$VCAT" -l -k -d unix:s2
	wait_until 10 eval '(($(grep -cx READY=1 manager.out) == 2))'
	count=$(grep -cx WATCHDOG=1 manager.out)
	for _ in 1 2 3; do
		run -0 timeout "$LIMIT" "$PEER" connect unix:s2 shutdown read-eof
		nap
	done
	expect "$(grep -cx WATCHDOG=1 manager.out)" "$count"
}

@test "sd_notify: nobody there is no failure, and a line with -v" {
	local bad
	for bad in "$T/none" relative vsock:2:1234 /dev/null; do
		export NOTIFY_SOCKET=$bad
		start service "$VCAT" -l unix:s </dev/null
		wait_until 10 test -S s
		run -0 vcat unix:s </dev/null
		ended service 0
		start service "$VCAT" -l -v unix:s </dev/null
		wait_until 10 grep -q ^listening service.err
		run -0 vcat unix:s </dev/null
		finish service
		expect "$status" 0
		expect_in service.err "vcat: NOTIFY_SOCKET: $bad: "
	done
}

@test "sd_notify: a manager that has gone, or takes nothing, stops nobody" {
	manager
	start service "$VCAT" -l -k -d unix:s
	heard READY=1
	pid_of manager
	kill -STOP "$pid"
	for _ in {1..30}; do
		run -0 timeout "$LIMIT" "$PEER" connect unix:s shutdown read-eof
	done
	kill -CONT "$pid"
	heard "STATUS=0 connections, 30 accepted"
	stop manager
	for _ in 1 2 3; do
		run -0 timeout "$LIMIT" "$PEER" connect unix:s shutdown read-eof
	done
	running service
}

@test "sd_notify: it works in the sandbox" {
	need_filter
	need_strace
	manager
	trace service "$VCAT" -l -k -d unix:s
	heard READY=1
	run -0 timeout "$LIMIT" "$PEER" connect unix:s shutdown read-eof
	heard "STATUS=0 connections, 1 accepted"
	traced_pid service
	kill "$pid"
	finish service
	made_only service accepts
	heard STOPPING=1
}
