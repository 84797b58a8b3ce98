# machine: here
# needs: pgrep script strace
# -e in two processes: one opens connections in a sandbox, the other runs the
# commands.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load helper

# serve COMMAND OPTION...: vcat -l -k on ./s, with that command; sets pid, and
# acceptor to the process that opens connections.
serve() {
	local command=$1
	shift
	start listener "${before[@]}" "$VCAT" -l -k unix:s -e "$command" "$@" \
		</dev/null
	wait_until 10 test -S s
	both_of listener
}

# both_of NAME: sets pid and acceptor.
both_of() {
	pid_of "$1"
	wait_until 10 pgrep -P "$pid" -x vcat
	acceptor=$(pgrep -P "$pid" -x vcat)
}

# gone PROCESS...: none of them is there, or is more than a zombie of another.
gone() {
	local process
	for process; do
		! grep -q '^State:.[^Z]' "/proc/$process/status" 2>/dev/null || return 1
	done
}

@test "killed: with the parent goes the child, and the socket file" {
	serve cat
	kill -KILL "$pid"
	wait_until 10 gone "$acceptor"
	[[ ! -e s ]]
	finish listener
	# even if it was told to ignore SIGTERM, once or many times
	before=(env --ignore-signal=TERM)
	serve cat
	kill -KILL "$pid"
	wait_until 10 gone "$acceptor"
	finish listener
	rm -f s
	start listener "${before[@]}" "$VCAT" -l unix:s -e cat </dev/null
	wait_until 10 test -S s
	both_of listener
	kill -KILL "$pid"
	wait_until 10 gone "$acceptor"
	finish listener
	start client "${before[@]}" "$VCAT" --retry unix:none -e cat </dev/null
	both_of client
	kill -KILL "$pid"
	wait_until 10 gone "$acceptor"
}

@test "killed: with the child goes the parent, and the commands get SIGTERM" {
	# shellcheck disable=SC2016
	serve 'trap "touch told; exit" TERM; echo $$; while :; do sleep 0.05; done'
	start client "$PEER" connect unix:s save said read 2 touch in read-eof
	wait_until 10 test -e in
	kill -KILL "$acceptor"
	finish listener
	expect "$status" 1
	expect_in listener.err \
		"vcat: -e: the process that opens connections was killed by signal 9"
	finish client
	[[ -e told ]]
	gone "$pid" "$acceptor" "$(head -n 1 said)"
}

@test "signals: SIGTERM, SIGINT and SIGHUP end both, and remove the file" {
	local row
	before=(env --default-signal)
	for row in TERM:143 INT:130 HUP:129; do
		serve cat
		kill -"${row%:*}" "$pid"
		finish listener
		expect "$status" "${row#*:}"
		gone "$acceptor"
		[[ ! -e s ]]
	done
}

@test "signals: what is ignored stays so, as under nohup" {
	before=(env --default-signal --ignore-signal=HUP)
	serve 'echo hello'
	kill -HUP "$pid" "$acceptor"
	run -0 vcat unix:s </dev/null
	expect "$output" hello
	running listener
}

@test "signals: ^C on a terminal counts once: the command has its grace" {
	need_terminal
	mkfifo keys
	exec {keys_fd}<>keys
	start listener script -qec \
		"exec env --default-signal $VCAT -l -k -q 60 unix:s -e 'echo hi; read -r word; echo got \$word'" \
		/dev/null <keys
	wait_until 10 test -S s
	start client "$PEER" connect unix:s save said read 3 touch in wait-file go \
		text $'it\n' read-eof
	wait_until 10 test -e in
	printf '\003' >keys
	wait_until 10 eval '[[ ! -e s ]]'
	touch go
	finish client
	expect "$(<said)" $'hi\ngot it'
	finish listener
	expect "$status" 130
	exec {keys_fd}>&-
}

@test "signals: stopped and continued, it goes on" {
	serve 'echo hello'
	kill -STOP "$pid"
	start client "$VCAT" unix:s </dev/null
	kill -CONT "$pid"
	finish client
	expect "$(<client.out)" hello
}

@test "many: 300 at once with -m 50 are all served, and their ends are counted" {
	serve cat -m 50
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 300 -c 300 -b 5000 unix:s
	expect "${lines[0]}" "300 whole"
	# with a count that is wrong, there would be no room for 50 now
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 50 -c 50 -b 5000 unix:s
	expect "${lines[0]}" "50 whole"
	kill "$pid"
	finish listener
	expect "$status" 143
}

# held: how many descriptors the two hold.
held() {
	find "/proc/$pid/fd" "/proc/$acceptor/fd" -mindepth 1 | wc -l
}

# no_zombies: neither process has one.
no_zombies() {
	run -1 pgrep -r Z -P "$pid,$acceptor"
}

@test "many: 200 that end all at once leave no descriptor and no zombie" {
	local count
	mkfifo gate
	serve 'read -r word <gate'
	count=$(held)
	start crowd timeout "$LIMIT" "$TOOLS/crowd" -n 200 -c 200 -b 10 unix:s
	wait_until 30 eval '[[ $(pgrep -c -P "$pid") == 201 ]]'
	: >gate
	finish crowd
	wait_until 30 eval '[[ $(pgrep -c -P "$pid") == 1 ]]'
	wait_until 10 eval "[[ \$(held) == $count ]]"
	no_zombies
}

@test "once: the child is reaped before vcat becomes the command" {
	# shellcheck disable=SC2016
	start listener "$VCAT" -l unix:s -e \
		'read -r children </proc/$$/task/$$/children; echo "($children)"' </dev/null
	wait_until 10 test -S s
	both_of listener
	run -0 vcat unix:s </dev/null
	finish listener
	expect "$status" 0
	expect "$output" "()"
	[[ ! -e /proc/$acceptor ]]
}

@test "connecting: refusals and time limits are as without -e, and leave no child" {
	local options wanted
	for options in unix:none "--retry=0.2 unix:none" "-w 0.2 --retry=0.2 unix:none"; do
		wanted=0
		# shellcheck disable=SC2086 # words
		vcat $options </dev/null 2>plain || wanted=$?
		# shellcheck disable=SC2086 # words
		start client "$VCAT" $options -e true </dev/null
		finish client
		expect "$status" "$wanted"
		diff plain client.err
	done
}

@test "connecting: a caller that ignored SIGCHLD sees its end, too" {
	[[ $BUILD != asan ]] || skip "strace and LeakSanitizer exclude each other"
	strace -o /dev/null true 2>strace.err || skip "no strace: $(<strace.err)"
	# the child has ended long before its parent looks
	start client strace -f -qq -o calls -e trace=epoll_create1 \
		-e inject=epoll_create1:delay_enter=500000:when=2 \
		env --ignore-signal=CHLD "$VCAT" unix:none -e true
	finish client 20 || {
		kill -KILL -- "-$(<client.pid)" # it would wait for ever
		return 1
	}
	expect "$status" 1
}

@test "streams: without stdin, stdout and stderr commands are run as well" {
	# shellcheck disable=SC2016
	start listener sh -c 'exec "$0" -l -k unix:s -e "echo hello" <&- >&- 2>&-' "$VCAT"
	wait_until 10 test -S s
	run -0 vcat unix:s </dev/null
	expect "$output" hello
}
