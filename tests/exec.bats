# machine: here
# needs: loopback pgrep ps
# Commands on the socket itself: -e.
bats_require_minimum_version 1.5.0
load helper

# serve COMMAND OPTION...: vcat -l on ./s, with that command.
serve() {
	local command=$1
	shift
	start listener "$VCAT" -l unix:s -e "$command" "$@"
	wait_until 10 test -S s
}

# ask ACTION...: a peer that connects there.
ask() {
	timeout "$LIMIT" "$PEER" connect unix:s "$@"
}

# says TEXT...: what the command prints is that, to an end.
says() {
	rm -f said
	ask save said read-eof
	expect "$(<said)" "$1"
}

# count_children: of the listener, zombies too, but not the one that accepts; sets
# children.
count_children() {
	pid_of listener >/dev/null
	children=$(ps -o comm= --ppid "$pid" | grep -cvx vcat) || true
}

has_children() {
	count_children
	[[ $children == "$1" ]]
}

# A command that lists its descriptors, and opens none for that.
list='i=0; while [ $i -lt 300 ]; do
	[ -e /proc/$$/fd/$i ] && printf "%s " $i
	i=$((i + 1))
done; :'

# A command that tells of its variables.
show='env | grep ^VCAT_ | grep -v ^VCAT_TEST | sort; echo end'

@test "connecting: vcat becomes the command, with its own pid" {
	start server "$PEER" -r up listen unix:t save got read-eof
	wait_until 5 test -e up
	# shellcheck disable=SC2016 # expanded by the command
	start client "$VCAT" unix:t -e 'echo $$'
	finish server
	finish client
	expect "$status" 0
	[[ $(<got) =~ ^[0-9]+$ ]]
	# shellcheck disable=SC2016 # expanded by the inner shells
	start server "$PEER" -r up2 listen unix:t save got2 read-eof
	wait_until 5 test -e up2
	# shellcheck disable=SC2016
	expect "$(bash -c 'echo $$; exec "$0" unix:t -e "echo \$\$"' "$VCAT")" \
		"$(finish server && cat got2)"
}

@test "connecting: its exit status is the command's own" {
	local number
	start server "$PEER" -k 4 -r up listen unix:t read-eof
	wait_until 5 test -e up
	for number in 0 1 7 255; do
		run vcat unix:t -e "exit $number"
		expect "$status" "$number"
	done
}

@test "connecting: a command that is none is sh's own error and status" {
	start server "$PEER" -k 3 -r up listen unix:t read-eof
	wait_until 5 test -e up
	run -127 --separate-stderr vcat unix:t -e no-such-command
	expect "$output" ""
	# a directory of PATH may be closed to us
	[[ $stderr == *"no-such-command"*@("not found"|"ermission denied")* ]]
	run -2 --separate-stderr vcat unix:t -e 'if then'
	[[ $stderr == *[Ss]yntax* ]]
	# killed by a signal, as sh would be
	# shellcheck disable=SC2016
	run vcat unix:t -e 'kill -TERM $$'
	expect "$status" 143
}

@test "connecting: without a connection no command is run" {
	fails 1 "unix:t: connect: No such file or directory" "--retry" \
		"$VCAT" unix:t -e 'touch ran'
	[[ ! -e ran ]]
}

@test "connecting: the command talks and listens on the socket" {
	start server "$PEER" -r up listen unix:t save got text $'question\n' \
		read 7 shutdown read-eof
	wait_until 5 test -e up
	# shellcheck disable=SC2016
	run -3 vcat unix:t -e 'read -r word; echo "$word" >asked; echo answer; exit 3'
	finish server
	expect "$status" 0
	expect "$(<asked)" question
	expect "$(<got)" answer
}

@test "listening: once, it becomes the command, and the socket file is gone" {
	# shellcheck disable=SC2016
	serve 'echo $$; ls s; read -r word; exit 7' </dev/null
	pid_of listener
	ask save said text $'go\n' read-eof
	finish listener
	expect "$status" 7
	expect "$(<said)" "$pid"
	expect_in listener.err "'s'"
	[[ ! -e s ]]
}

@test "listening: -k runs one for each, many at once, and reaps them" {
	serve 'echo hello; read -r word; exit 5' -k -v </dev/null
	for number in 1 2 3 4 5; do
		start "client$number" "$PEER" connect unix:s read 6 \
			touch "here$number" wait-file go text $'on\n' read-eof
		wait_until 10 test -e "here$number"
	done
	wait_until 10 has_children 5
	touch go
	for number in 1 2 3 4 5; do
		finish "client$number"
		expect "$status" 0
	done
	# zombies would be counted
	wait_until 10 has_children 0
	expect "$(grep -cx 'vcat: unix:s: the command ended with status 5' \
		listener.err)" 5 "reports"
	running listener
}

@test "listening: children that end all at the same time are all reaped" {
	mkfifo gate
	serve 'read -r word <gate' -k -v </dev/null
	for number in {1..30}; do
		start "client$number" "$PEER" connect unix:s read-eof
	done
	wait_until 10 eval '[[ $(grep -c accepted listener.err) == 30 ]]'
	wait_until 10 has_children 30
	: >gate
	wait_until 10 has_children 0
	expect "$(grep -c 'ended with status' listener.err)" 30 "reports"
}

@test "listening: a command that is killed is told of, and the next is served" {
	# shellcheck disable=SC2016
	serve '[ -e once ] || { touch once; kill -KILL $$; }; echo fine' -k -v </dev/null
	says ""
	says fine
	expect_in listener.err "vcat: unix:s: the command ended by signal 9"
}

@test "listening: the third of -m 2 waits until a command has ended" {
	serve 'echo hello; read -r word' -k -m 2 </dev/null
	for number in 1 2; do
		start "client$number" "$PEER" connect unix:s read 6 \
			touch "here$number" wait-file "end$number" text $'on\n' read-eof
		wait_until 10 test -e "here$number"
	done
	start third "$PEER" connect unix:s read 6 touch here3
	sleep 0.5
	[[ ! -e here3 ]]
	touch end2
	finish third
	expect "$status" 0
	running client1
}

@test "listening: 300 one after the other leave no child and no descriptor" {
	serve cat -k </dev/null
	pid_of listener
	local before acceptor
	acceptor=$(pgrep -P "$pid")
	before=$(find "/proc/$pid/fd" "/proc/$acceptor/fd" -mindepth 1 | wc -l)
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 300 -c 4 -b 5000 unix:s
	expect "${lines[0]}" "300 whole"
	wait_until 10 has_children 0
	expect "$(find "/proc/$pid/fd" "/proc/$acceptor/fd" -mindepth 1 | wc -l)" \
		"$before" "descriptors"
}

@test "environment: on unix it is VCAT_PEER alone, and an outer vcat's is gone" {
	export VCAT_PEER=x VCAT_PEER_CID=9 VCAT_PEER_PORT=9 VCAT_LOCAL_CID=9 VCAT_LOCAL_PORT=9
	serve "$show" -k </dev/null
	says $'VCAT_PEER=unix:s\nend'
	start server "$PEER" -r up listen unix:t save got read-eof
	wait_until 5 test -e up
	run -0 vcat unix:t -e "$show"
	finish server
	expect "$(<got)" $'VCAT_PEER=unix:t\nend'
}

@test "environment: on TCP it has the ports, and no CID" {
	start listener "$VCAT" -l tcp:any -k -e "$show"
	port_of listener
	run -0 vcat "tcp:127.0.0.1:$port" </dev/null
	[[ ${lines[0]} == VCAT_LOCAL_PORT=$port ]]
	[[ ${lines[1]} =~ ^VCAT_PEER=tcp:127\.0\.0\.1:([0-9]+)$ ]]
	[[ ${lines[2]} == VCAT_PEER_PORT=${BASH_REMATCH[1]} ]]
	expect "${lines[3]}" end
}

@test "environment: on mux it has the port of the listening end" {
	start listener "$VCAT" -l mux:s:700 -k -e "$show"
	wait_until 10 test -S s_700
	run -0 vcat unix:s_700 </dev/null
	expect "$output" $'VCAT_LOCAL_PORT=700\nVCAT_PEER=mux:s:700\nend'
}

@test "descriptors: the command has 0, 1 and 2, and no other" {
	exec {extra}</dev/null
	serve "$list" -k </dev/null
	says "0 1 2 "
	# one that becomes it, too
	rm s
	# shellcheck disable=SC2016
	start once "$VCAT" -l unix:s2 -e "$list"
	wait_until 10 test -S s2
	run -0 vcat unix:s2 </dev/null
	expect "$output" "0 1 2 "
	exec {extra}<&-
}

@test "descriptors: 0 and 1 are the socket itself, and they block" {
	# flags of /proc: 02 is O_RDWR, 04000 would be O_NONBLOCK
	serve 'readlink /proc/$$/fd/0 /proc/$$/fd/1
		grep -h ^flags /proc/$$/fdinfo/0 /proc/$$/fdinfo/1' -k </dev/null
	ask save said read-eof
	mapfile -t said <said
	[[ ${said[0]} == socket:* ]]
	expect "${said[1]}" "${said[0]}"
	expect "${said[2]##*	}" 02
	expect "${said[3]##*	}" 02
}

@test "descriptors: stderr is vcat's own" {
	serve 'echo to the log >&2; echo to the peer' -k </dev/null
	says "to the peer"
	expect "$(<listener.err)" "to the log"
}

@test "signals: none is blocked or ignored in the command" {
	# signals 1 to 28: some runners ignore two that are the C library's own
	local command='exec sed -nE "s/^(SigBlk|SigIgn):.*(.{7})$/\1 \2/p" /proc/self/status'
	local none=$'SigBlk 0000000\nSigIgn 0000000'
	# what a shell starts in the background ignores SIGINT
	start listener env --default-signal "$VCAT" -l -k unix:s -e "$command"
	wait_until 10 test -S s
	says "$none"
	start once env --default-signal "$VCAT" -l unix:s2 -e "$command"
	wait_until 10 test -S s2
	run -0 vcat unix:s2 </dev/null
	expect "$output" "$none"
}

@test "signals: a command that writes to a peer that has gone dies of SIGPIPE" {
	serve 'read -r word; cat >ignored; exec yes' -k -v </dev/null
	# with nothing unread: that would be a reset
	ask text $'go\n' close
	wait_until 10 grep -q 'the command ended' listener.err
	expect_in listener.err "the command ended by signal 13"
}

@test "signals: SIGTERM takes no more and ends the commands, after -q's grace" {
	# shellcheck disable=SC2016
	serve 'trap "touch told; exit 0" TERM; echo $$; while :; do sleep 0.05; done' \
		-k -q 1 </dev/null
	start client "$PEER" connect unix:s read 2 touch begun read-eof
	wait_until 10 test -e begun
	pid_of listener
	kill -TERM "$pid"
	wait_until 5 eval '[[ ! -e s ]]'
	sleep 0.3
	running listener
	[[ ! -e told ]]
	finish listener 10
	expect "$status" 143
	finish client 10
	[[ -e told ]]
}

@test "signals: a command that finishes within -q is not disturbed" {
	serve 'trap "touch told" TERM; echo hi; read -r word; echo "got $word"' \
		-k -q 30 </dev/null
	start client "$PEER" connect unix:s read 3 touch begun wait-file go \
		save said text $'it\n' read-eof
	wait_until 10 test -e begun
	pid_of listener
	kill -TERM "$pid"
	wait_until 5 eval '[[ ! -e s ]]'
	touch go
	finish listener 10
	expect "$status" 143
	finish client
	expect "$(<said)" "got it"
	[[ ! -e told ]]
}

@test "messages: with --seqpacket a read of the command is a message" {
	serve 'dd bs=65536 count=1 2>/dev/null; dd bs=65536 count=1 2>/dev/null' \
		--seqpacket </dev/null
	timeout "$LIMIT" "$PEER" -s connect unix:s text one text three messages >said
	finish listener
	expect "$(<said)" $'3\n5'
}

@test "many: their ends are seen, though our parent ignored SIGCHLD" {
	start listener env --ignore-signal=CHLD "$VCAT" -l -k -m 1 unix:s -e 'echo hi'
	wait_until 10 test -S s
	says hi
	says hi
	count_children
	expect "$children" 0
}

@test "signals: what a command has started gets the SIGTERM as well" {
	# shellcheck disable=SC2016
	serve 'sleep 1000 & echo $! >child; sleep 1000; :' -k </dev/null
	start client "$PEER" connect unix:s read-eof
	wait_until 10 test -s child
	pid_of listener
	kill -TERM "$pid"
	finish listener 10
	expect "$status" 143
	# its socket is closed for good
	finish client 10
	expect "$status" 0
	wait_until 5 eval '! kill -0 "$(<child)"'
}

@test "processes: each command is the leader of a group of its own" {
	serve 'cut -d" " -f1,5 /proc/self/stat; :' -k </dev/null
	ask save said read-eof
	read -r process group <said
	pid_of listener
	[[ $group != "$(cut -d' ' -f5 "/proc/$pid/stat")" ]]
}
