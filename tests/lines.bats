# machine: here
# -l -k -d --lines: whole lines of many senders at once into one stdout.
# shellcheck disable=SC2016 # expanded by inner shells
bats_require_minimum_version 1.5.0
load lines

# goes_through FILE: the collector that was just started writes to it.
goes_through() {
	wait_until 10 test -S s
	send_all 5 unix:s
	wait_until 10 has_lines "$1" 500
	grep -v ^first "$1" >rest
	all_came 5 rest
	stop collector
}

# has_lines FILE COUNT
has_lines() {
	[[ $(grep -c '^[0-9]' "$1") == "$2" ]]
}

# accepted COUNT: so many senders have come in.
accepted() {
	[[ $(grep -c ': accepted$' collector.err) == "$1" ]]
}

@test "many: 200 senders at once, each one's lines whole and in order" {
	begin collector unix:s
	make_senders 200 500
	send_all 200 unix:s
	all_came 200 collector.out
	running collector
	expect "$(said collector)" ""
}

@test "many: with --tag, each sender has a tag of its own" {
	begin collector --tag unix:s
	make_senders 50 200
	send_all 50 unix:s
	cut -d ' ' -f 2- collector.out >untagged
	all_came 50 untagged
	# one tag and one sender belong together
	expect "$(cut -d ' ' -f 1,2 collector.out | sort -u | wc -l)" 50
	expect "$(cut -d ' ' -f 1 collector.out | sort -u | wc -l)" 50
	expect "$(grep -cvE '^unix:s#[0-9]+ ' collector.out)" 0
}

@test "many: over TCP, with the smallest buffer" {
	begin collector --buffer 1KiB --tag tcp:any
	port_of collector
	make_senders 20 100
	send_all 20 "tcp:127.0.0.1:$port"
	expect "$(grep -cvE '^tcp:127\.0\.0\.1:[0-9]+ ' collector.out)" 0
	cut -d ' ' -f 2- collector.out >untagged
	all_came 20 untagged
}

@test "tag: it is the address that -v reports" {
	begin collector -v --tag tcp:any
	port_of collector
	run -0 socat -u - "TCP:127.0.0.1:$port" <<<hello
	wait_until 10 grep -q hello collector.out
	read -r tag text <collector.out
	expect "$text" hello
	expect_in collector.err "vcat: $tag: accepted"
	wait_until 10 grep -qx "vcat: $tag: received 6 bytes" collector.err
}

@test "tag: spaces and control characters in a path do not end it" {
	begin collector --tag $'unix:a b\tc\nd'
	run -0 socat -u - $'UNIX-CONNECT:a b\tc\nd' <<<hello
	wait_until 10 grep -q hello collector.out
	expect "$(<collector.out)" "unix:a?b?c?d#1 hello"
}

@test "bytes: all but the newline pass as they are" {
	begin collector unix:s
	$PATTERN 7 200000 | tr '\n' '\0' >sent
	run -0 "$PEER" connect unix:s file sent shutdown read-eof
	{ head -c 65536 sent && echo; head -c 131072 sent | tail -c 65536 && echo
		head -c 196608 sent | tail -c 65536 && echo
		tail -c 3392 sent && echo; } >wanted
	same_bytes collector.out wanted
}

@test "last line: its newline is added where there is none" {
	begin collector unix:s
	for text in $'one\ntwo' $'three\n' '' four; do
		run -0 "$PEER" connect unix:s text "$text" shutdown read-eof
	done
	expect "$(<collector.out)" $'one\ntwo\nthree\nfour'
}

@test "last line: of a sender that is killed, too; the others go on" {
	begin collector unix:s
	start other "$PEER" connect unix:s text $'a\nb' wait-file go text $'c\n' \
		shutdown read-eof
	run "$PEER" connect unix:s text $'whole\npart' kill
	wait_until 10 grep -qx part collector.out
	touch go
	finish other
	expect "$status" 0
	expect "$(sort collector.out)" $'a\nbc\npart\nwhole'
}

@test "last line: of a sender that resets, with one message; the others go on" {
	begin collector --tag tcp:any
	port_of collector
	start sender "$PEER" connect "tcp:127.0.0.1:$port" text $'whole\npart' \
		wait-file go linger-reset
	wait_until 10 grep -q whole collector.out
	touch go
	wait_until 10 grep -q ' part$' collector.out
	wait_until 10 grep -qE '^vcat: tcp:127\.0\.0\.1:[0-9]+: read: Connection reset by peer$' \
		collector.err
	expect "$(said collector | wc -l)" 1
	run -0 "$PEER" connect "tcp:127.0.0.1:$port" text hello shutdown read-eof
	expect "$(cut -d ' ' -f 2 collector.out)" $'whole\npart\nhello'
}

@test "close: a sender that waits for it knows that its lines are written" {
	begin collector unix:s
	for word in one two three; do
		run -0 "$PEER" connect unix:s text $word shutdown read-eof
		expect "$(tail -n 1 collector.out)" $word
	done
}

@test "long: 100 MB without a newline are cut into pieces, in little memory" {
	begin collector unix:s
	head -c 100000000 /dev/zero | tr '\0' x >sent
	start long "$PEER" connect unix:s file sent shutdown read-eof
	run -0 "$PEER" connect unix:s text hello shutdown read-eof
	finish long
	expect "$(grep -c '^x' collector.out)" 1526
	expect "$(grep '^x' collector.out | tr -d '\n' | wc -c)" 100000000
	expect "$(grep -c -x hello collector.out)" 1
	pid_of collector
	little_memory "$pid"
}

@test "slow sender: a byte at a time, it stops nobody" {
	begin collector unix:s
	start slow "$PEER" connect unix:s text s wait-file go text l wait-file go2 \
		text $'ow\n' shutdown read-eof
	make_senders 10 50
	send_all 10 unix:s
	touch go
	run -0 "$PEER" connect unix:s text between shutdown read-eof
	touch go2
	finish slow
	grep -vxE 'slow|between' collector.out >others
	all_came 10 others
	expect "$(grep -xE 'slow|between' collector.out)" $'between\nslow'
}

@test "fast senders: two that never stop do not stop a third" {
	start collector bash -c '"$0" -l -k -d --lines unix:s </dev/null |
		grep --line-buffered -x "hello.*"' "$VCAT"
	wait_until 10 test -S s
	start first socat -u EXEC:'yes first' UNIX-CONNECT:s
	start second socat -u EXEC:'yes second',pty UNIX-CONNECT:s
	for n in 1 2 3 4 5; do
		run -0 "$PEER" connect unix:s text "hello $n" shutdown read-eof
		wait_until 10 grep -qx "hello $n" collector.out
	done
	running first
	running second
}

@test "stdout: nobody reads it for a while: senders wait, nothing is lost" {
	mkfifo fifo
	exec {fifo_fd}<>fifo
	start collector bash -c 'exec "$0" -l -k -d -i 1 --lines unix:s >fifo' \
		"$VCAT" </dev/null
	wait_until 10 test -S s
	make_senders 20 500 3000
	for i in {1..20}; do
		start "sender$i" "$PEER" connect unix:s file "sent/$i" shutdown read-eof
	done
	pid_of collector
	wait_until 20 settled "$pid"
	for i in {1..20}; do
		running "sender$i"
	done
	sleep 1.5 # more than -i: they are held back, and not idle
	little_memory "$pid"
	cat fifo >got 3>&- {fifo_fd}>&- &
	exec {fifo_fd}>&-
	for i in {1..20}; do
		finish "sender$i"
		expect "$status" 0
	done
	kill "$pid"
	ended collector 143
	wait $!
	all_came 20 got
}

@test "stdout: when its reader has gone, vcat ends with 1" {
	start collector bash -c '"$0" -l -k -d --lines unix:s </dev/null | head -n 1
		echo "${PIPESTATUS[0]}"' "$VCAT"
	wait_until 10 test -S s
	silence
	start idle "$VCAT" unix:s <silent
	for i in 1 2 3; do
		"$PEER" connect unix:s text "line $i" shutdown read-eof || true
		[[ -S s ]] || break
	done
	finish collector
	expect "$(<collector.out)" $'line 1\n1'
	expect "$(<collector.err)" "vcat: stdout: write: Broken pipe"
	[[ ! -e s ]]
	finish idle
}

@test "stdout: when the disk is full, vcat ends with 1" {
	start collector bash -c 'exec "$0" -l -k -d --lines unix:s >/dev/full' \
		"$VCAT" </dev/null
	wait_until 10 test -S s
	run "$PEER" connect unix:s text hello shutdown read-eof
	ended collector 1 "vcat: stdout: write: No space left on device"
	expect "$(wc -l <collector.err)" 1
	[[ ! -e s ]]
}

@test "stdout: it may be closed, and that is an error when there is a line" {
	start collector bash -c 'exec "$0" -l -k -d --lines unix:s >&-' \
		"$VCAT" </dev/null
	wait_until 10 test -S s
	run "$PEER" connect unix:s text hello shutdown read-eof
	ended collector 1 "vcat: stdout: write: Bad file descriptor"
}

@test "stdout: a file that others append to, a pipe, a FIFO and a terminal" {
	make_senders 5 100
	echo first >file
	start collector bash -c 'exec "$0" -l -k -d --lines unix:s >>file' \
		"$VCAT" </dev/null
	goes_through file
	expect "$(head -n 1 file)" first
	start collector bash -c '"$0" -l -k -d --lines unix:s | cat >pipe' \
		"$VCAT" </dev/null
	goes_through pipe
	mkfifo fifo
	start reader cat fifo
	start collector bash -c 'exec "$0" -l -k -d --lines unix:s >fifo' \
		"$VCAT" </dev/null
	goes_through reader.out
	need_terminal
	start collector script -qec "exec $VCAT -l -k -d --lines unix:s" /dev/null \
		</dev/null
	wait_until 10 test -S s
	send_all 5 unix:s
	wait_until 10 has_lines collector.out 500
	tr -d '\r' <collector.out >plain
	all_came 5 plain
}

@test "SIGTERM: what has arrived is written, and unfinished lines are completed" {
	begin collector unix:s
	head -c 150000 /dev/zero | tr '\0' x >long
	start open "$PEER" connect unix:s text $'whole\n' wait-file go \
		file long text $'\nlate\npart' touch written sleep 50
	wait_until 10 grep -q whole collector.out
	pid_of collector
	kill -STOP "$pid"
	touch go
	wait_until 10 test -e written
	kill "$pid"
	kill -CONT "$pid"
	ended collector 143
	tr -d x <collector.out >short
	expect "$(<short)" $'whole\n\n\n\nlate\npart'
	expect "$(tr -dc x <collector.out | wc -c)" 150000
	[[ ! -e s ]]
}

@test "SIGTERM: a sender that never stops does not keep vcat" {
	start collector bash -c 'exec "$0" -l -k -d --lines unix:s >/dev/null' \
		"$VCAT" </dev/null
	wait_until 10 test -S s
	start flood socat -u EXEC:yes UNIX-CONNECT:s
	pid_of collector
	# it has been busy with that
	wait_until 10 test "$(awk '/^voluntary/ { print $2 }' "/proc/$pid/status")" -gt 50
	kill "$pid"
	ended collector 143
}

@test "SIGTERM: a stdout that nobody reads does not keep vcat, and it says so" {
	mkfifo fifo
	exec {fifo_fd}<>fifo
	start collector bash -c 'exec "$0" -l -k -d --lines unix:s >fifo' \
		"$VCAT" </dev/null
	wait_until 10 test -S s
	start flood socat -u EXEC:yes UNIX-CONNECT:s
	pid_of collector
	wait_until 10 settled "$pid"
	kill "$pid"
	ended collector 143 "vcat: stdout: write: not all was taken within 2 s"
	exec {fifo_fd}>&-
}

@test "SIGTERM: with -q senders may go on for a while" {
	begin collector -q 30 unix:s
	start open "$PEER" connect unix:s text $'one\n' wait-file go text two \
		shutdown read-eof
	wait_until 10 grep -q one collector.out
	pid_of collector
	kill "$pid"
	wait_until 10 test ! -e s
	running collector
	touch go
	ended collector 143
	expect "$(<collector.out)" $'one\ntwo'
	finish open
	expect "$status" 0
}

@test "-i: an idle sender is closed and its line completed; the others go on" {
	begin collector -i 0.5 unix:s
	start idle "$PEER" connect unix:s text part read-eof
	finish idle
	expect "$(<collector.out)" part
	expect "$(said collector)" "vcat: unix:s: idle: no byte in 0.5 s"
	run -0 "$PEER" connect unix:s text hello shutdown read-eof
	expect "$(<collector.out)" $'part\nhello'
	running collector
}

@test "-m: others wait until there is a place" {
	begin collector -v -m 2 unix:s
	for i in 1 2 3; do
		start "sender$i" "$PEER" connect unix:s text "$i" touch "sent$i" \
			wait-file "go$i" shutdown read-eof
		wait_until 10 test -e "sent$i"
	done
	wait_until 10 accepted 2
	touch go1
	finish sender1
	wait_until 10 accepted 3
	touch go2 go3
	finish sender3
	finish sender2
	expect "$(sort collector.out)" $'1\n2\n3'
}

@test "a passed socket: one that listens, and connections one by one" {
	start unit systemd-socket-activate -l "$T/s" \
		"$VCAT" -l -k -d --lines --tag - </dev/null
	wait_until 10 grep -q ^Listening unit.err
	for word in one two; do
		run -0 "$PEER" connect unix:s text $word shutdown read-eof
	done
	expect "$(<unit.out)" "unix:$T/s#1 one"$'\n'"unix:$T/s#2 two"
	start each systemd-socket-activate -a -l "$T/each" \
		"$VCAT" -l -k -d --lines - </dev/null
	wait_until 10 grep -q ^Listening each.err
	run -0 "$PEER" connect unix:each text three shutdown read-eof
	expect "$(<each.out)" three
}

@test "a passed socket: one of messages is an error" {
	start unit systemd-socket-activate --seqpacket -l "$T/s" \
		"$VCAT" -l -k -d --lines - </dev/null
	wait_until 10 grep -q ^Listening unit.err
	run "$PEER" -s connect unix:s text hello read-eof
	finish unit
	expect "$status" 1
	expect_in unit.err "vcat: -: the socket that was passed has messages, and --lines needs a stream"
}

@test "--exit-idle: it ends with 0 when nobody is left and all is written" {
	mkfifo fifo
	exec {fifo_fd}<>fifo
	start collector bash -c 'exec "$0" -l -k -d --exit-idle 0.3 --lines unix:s >fifo' \
		"$VCAT" </dev/null
	wait_until 10 test -S s
	make_senders 1 500 3000
	start sender "$PEER" connect unix:s file sent/1 close
	finish sender
	pid_of collector
	wait_until 10 settled "$pid"
	sleep 0.5
	running collector
	cat fifo >got 3>&- {fifo_fd}>&- &
	exec {fifo_fd}>&-
	ended collector 0
	wait $!
	all_came 1 got
}

@test "SIGUSR1: the line says how many bytes have come" {
	begin collector unix:s
	run -0 "$PEER" connect unix:s text $'one\n' shutdown read-eof
	pid_of collector
	kill -USR1 "$pid"
	wait_until 10 grep -q '4 bytes' collector.err
	running collector
}
