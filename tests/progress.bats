# machine: here
# needs: jq loopback script strace
bats_require_minimum_version 1.5.0
load helper

# --progress on terminals of script(1). A stream is slow because its peer waits
# until a file is there, which the test makes once it has seen what it waits for.

MIB=$((1024 * 1024))
REDRAW=$'\r\e[K'

# on_terminal NAME COLUMNS COMMAND: the shell command in a terminal of that
# width; what the terminal gets is NAME.out. Its stdin is where the test says.
on_terminal() {
	start "$1" script -qec "stty cols $2; $3" /dev/null </dev/null
}

# peer_on NAME ACTION...: a peer that listens on unix:NAME.
peer_on() {
	rm -f "$1" "$1.ready"
	start "$1.peer" "$PEER" -r "$1.ready" listen "unix:$1" "${@:2}"
	wait_until 10 test -e "$1.ready"
}

# eventually NAME PATTERN: what its terminal has got matches the regex by now,
# or will.
eventually() {
	wait_until 20 grep -qaE -- "$2" "$1.out" || {
		echo "no '$2' in what the terminal of $1 got:"
		cat -v "$1.out" | tail -c 500
		return 1
	}
}

# screen NAME: what is on its terminal in the end, a screen line per line: of a
# line that was redrawn, the last. Sets lines.
screen() {
	mapfile -t lines < <(tr -s '\r' <"$1.out" | sed -e 's/\r$//' \
		-e $'s/.*\r\e\\[K//' -e 's/.*\r//')
}

# drawings NAME: the meter's lines, one per line.
drawings() {
	tr '\r' '\n' <"$1.out" | sed -n $'s/^\e\\[K\\(..*\\)/\\1/p' | grep -av '^vcat'
}

# another_appears: a meter that began later than all that was started before is
# on its terminal. So it would have been time for those, too.
another_appears() {
	peer_on other text x wait-file over
	on_terminal another 80 "'$VCAT' --progress -d unix:other >other.file"
	eventually another '1 B  '
	touch over
	finish another
	finish other.peer
}

@test "file: percent, rate and time left; then the line is gone, and one summary there" {
	need_terminal
	truncate -s $((8 * MIB)) file
	peer_on s wait-file go read-eof
	on_terminal client 80 "'$VCAT' --progress unix:s <file"
	eventually client '[KM]iB of 8\.0 MiB  [0-9]+%  .* left'
	touch go
	finish client
	expect "$status" 0
	screen client
	expect "${#lines[@]}" 1 "lines on the terminal"
	[[ ${lines[0]} == "vcat: unix:s: sent $((8 * MIB)) bytes, received 0 bytes in "* ]]
}

@test "file: what was read of it before does not count" {
	need_terminal
	truncate -s $((8 * MIB)) file
	peer_on s wait-file go read-eof
	on_terminal client 80 "{ head -c $((2 * MIB)) >/dev/null
		'$VCAT' --progress unix:s; } <file"
	eventually client ' of [67]\.[0-9] MiB  '
	touch go
	finish client
	screen client
	expect "${#lines[@]}" 1 "lines on the terminal"
}

@test "file: once it is sent, a longer answer counts" {
	need_terminal
	printf question >file
	peer_on s read-eof send 3000000 wait-file go
	on_terminal client 80 "'$VCAT' --progress unix:s <file >answer"
	eventually client '\[K2\.8 MiB  [0-9]+'
	touch go
	finish client
	expect "$status" 0
	expect "$(stat -c %s answer)" 3000000
}

@test "pipe: bytes, rate and the time so far, redrawn in place" {
	need_terminal
	peer_on s read-eof
	mkfifo pipe
	on_terminal client 80 "'$VCAT' --progress --send-only unix:s <pipe"
	exec 9>pipe # now: what has been started would keep it open, too
	printf %01000d 0 >&9
	eventually client '\[K1000 B  '
	printf %01000d 0 >&9
	eventually client '\[K1\.9 KiB  [0-9].*/s  [0-9:]+'
	exec 9>&-
	finish client
	expect "$status" 0
	# only the stty's and the summary's lines end
	expect "$(tr -d '\r' <client.out | grep -ac '')" 1 "lines"
	screen client
	[[ ${lines[0]} == "vcat: unix:s: sent 2000 bytes, received 0 bytes in "* ]]
}

@test "listener: it shows what it receives, of each connection with -k" {
	need_terminal
	on_terminal server 80 "'$VCAT' -l -k -d --progress unix:s >file"
	wait_until 10 test -S s
	for n in 1 2; do
		start client "$PEER" connect unix:s send $((n * 1024)) wait-file go$n
		eventually server "\[K$n\.0 KiB  "
		touch go$n
		finish client
		eventually server "sent 0 bytes, received $((n * 1024)) bytes"
	done
	stop server || true
}

@test "relay: with -t it shows both directions together" {
	need_terminal
	peer_on far send 1000 read 24 wait-file go
	peer_on near send 24 read 1000 wait-file go
	on_terminal relay 80 "'$VCAT' --progress unix:far -t unix:near"
	eventually relay '\[K1\.0 KiB  '
	touch go
	finish relay
	expect "$status" 0
	screen relay
	expect "${#lines[@]}" 1 "lines on the terminal"
}

@test "width: no line is wider than its terminal, and a narrow one has less in it" {
	need_terminal
	truncate -s $((8 * MIB)) file
	for columns in 120 40 25 10 4; do
		rm -f go
		peer_on s wait-file go read-eof
		on_terminal client $columns "'$VCAT' --progress unix:s <file"
		eventually client '[0-9]%'
		touch go
		finish client
		expect "$status" 0
		drawings client >drawn || true
		wide=$(awk -v most=$columns 'length >= most' drawn)
		expect "$wide" "" "lines that fill $columns columns"
	done
}

@test "width: a terminal that is resized gets lines that fit" {
	need_terminal
	truncate -s $((8 * MIB)) file
	peer_on s wait-file go read-eof
	on_terminal client 80 "tty >terminal; '$VCAT' --progress unix:s <file"
	eventually client '% .* left'
	device=$(<terminal)
	stty cols 5 <"$device"
	eventually client $'\\[K[0-9]+%\r'
	touch go
	finish client
	expect "$status" 0
}

@test "errors: their lines are clean, and the summary comes after them" {
	need_terminal
	truncate -s $((8 * MIB)) file
	peer_on s wait-file go close
	on_terminal client 80 "'$VCAT' --progress unix:s <file"
	eventually client 'left'
	touch go
	finish client
	expect "$status" 1
	screen client
	[[ ${lines[0]} == "vcat: unix:s: write: "* || ${lines[0]} == "vcat: unix:s: read: "* ]]
	[[ ${lines[-1]} == "vcat: unix:s: sent "* ]]
	expect "$(printf '%s\n' "${lines[@]}" | grep -c ': sent ')" 1 "summaries"
	expect "$(printf '%s\n' "${lines[@]}" | grep -vcE '^(vcat|hint): ')" 0 \
		"lines that are none of vcat's messages"
}

@test "errors: without a connection there is no summary" {
	need_terminal
	on_terminal client 80 "'$VCAT' --progress unix:none </dev/null"
	finish client
	expect "$status" 1
	run -1 grep -a 'sent' client.out
	expect_in client.out "vcat: unix:none: connect: No such file or directory"
}

@test "messages: -v prints one summary, too" {
	need_terminal
	peer_on s read-eof
	on_terminal client 80 "'$VCAT' -v --progress unix:s </dev/null"
	finish client
	screen client
	expect "${#lines[@]}" 3 "lines on the terminal"
	[[ ${lines[0]} == "vcat: sandbox: "* ]]
	expect "${lines[1]}" "vcat: unix:s: connected"
	[[ ${lines[2]} == "vcat: unix:s: sent 0 bytes"* ]]
}

@test "no terminal: nothing at all, no summary either" {
	need_terminal
	peer_on s text answer wait-file go
	start client "$VCAT" --progress -d unix:s
	peer_on t text answer wait-file go
	# a terminal there is, but stderr is another file
	on_terminal aside 80 "'$VCAT' --progress -d unix:t 2>file"
	another_appears
	touch go
	finish client
	expect "$status" 0
	expect "$(<client.err)" ""
	expect "$(<client.out)" answer
	finish aside
	expect "$(<file)" ""
	expect "$(<aside.out)" answer
}

@test "terminal on stdout: an answer is left alone, however it ends" {
	need_terminal
	mkfifo pipe
	exec 9<>pipe
	peer_on s wait-file go text answer wait-file more text s wait-file end
	on_terminal client 80 "'$VCAT' --progress unix:s <pipe"
	printf x >&9
	eventually client '1 B  '
	touch go
	eventually client $'\r\e\\[Kanswer$'
	another_appears
	touch more
	eventually client $'\r\e\\[Kanswers$'
	touch end
	finish client
	eventually client 'sent 1 bytes, received 7 bytes'
}

@test "background: nothing is drawn and nothing stops us, until we are in front" {
	need_terminal
	peer_on s text answer wait-file go
	cat >session <<-END
		set -m
		stty tostop
		"$VCAT" --progress -d unix:s >file &
		echo \$! >background
		until [[ -e front ]]; do sleep 0.05; done
		fg %1
	END
	on_terminal shell 80 "bash session"
	wait_until 10 test -s file
	another_appears
	run -1 grep -aF "$REDRAW" shell.out
	read -r _ _ state _ <"/proc/$(<background)/stat"
	[[ $state == [SR] ]]
	touch front
	eventually shell $'\r\e\\[K6 B  '
	touch go
	finish shell
	expect "$status" 0
	eventually shell 'sent 0 bytes, received 6 bytes'
}

@test "background: at the end there is no summary, which could stop us" {
	need_terminal
	peer_on s text answer
	cat >session <<-END
		set -m
		stty tostop
		"$VCAT" --progress -d unix:s >file &
		wait %1
		echo "status \$?"
	END
	on_terminal shell 80 "bash -c '. ./session; exec 2>&-; stty -tostop'"
	finish shell
	expect "$status" 0
	expect_in shell.out "status 0"
	expect "$(<file)" answer
	run -1 grep -a "sent" shell.out
}

@test "cost: without --progress, stdin and stderr are not asked for anything" {
	command -v strace >/dev/null || skip "strace is not here"
	strace -o none true || skip "strace cannot be used here"
	peer_on s read-eof
	echo hello >file
	strace -o calls "$VCAT" unix:s <file
	run -1 grep -E 'TIOCGWINSZ|TIOCGPGRP|lseek\(0|MSG_PEEK' calls
}

@test "files: lines on stdout are clean beside the meter on the same terminal" {
	need_terminal
	mkdir in
	head -c 400M /dev/zero >big
	echo a >small
	start receiver "$VCAT" -l --into in --resume --no-sync unix:s
	wait_until 5 test -S s
	pid_of receiver
	on_terminal sender 80 "'$VCAT' --json --files big small unix:s"
	wait_until 10 sh -c 'find in -size +1000k | grep -q .'
	# shellcheck disable=SC2154 # pid_of sets it
	kill -STOP "$pid"
	another_appears
	kill -CONT "$pid"
	finish sender
	expect "$status" 0 "status of the sender"
	drawings sender | grep -q '^big  '
	screen sender
	# two files, a total, and the summary
	expect "$(printf '%s\n' "${lines[@]}" | grep '^{' | jq -r .bytes | tr '\n' ' ')" \
		"419430400 2 419430402 " "bytes in the objects"
	expect "$(printf '%s\n' "${lines[@]}" | grep -vc '^{')" 1 "other lines"
}
