# machine: here
# needs: socat
# What vcat is given as stdin and stdout, and what it makes of their ways.
bats_require_minimum_version 1.5.0
load helper

# fed_and_left COMMAND...: COMMAND with a named FIFO as its stdin, whose only
# writer has written hi and gone before COMMAND starts.
fed_and_left() {
	mkfifo fifo
	start client bash -c '
		exec 3<>fifo 4<fifo
		echo hi >fifo
		exec 3>&-
		exec "$@" <&4 4<&-' fed "$@"
}

@test "named FIFO: its writer went before vcat started: connecting" {
	start server socat -u UNIX-LISTEN:s STDOUT
	wait_until 10 test -S s
	fed_and_left "$VCAT" unix:s
	finish client 20
	expect "$status" 0
	finish server 20
	expect "$(<server.out)" hi
}

@test "named FIFO: its writer went before vcat started: listening" {
	fed_and_left "$VCAT" -l unix:s
	wait_until 10 test -S s
	run -0 timeout 20 socat -u UNIX-CONNECT:s STDOUT
	expect "$output" hi
	finish client 20
	expect "$status" 0
}

@test "named FIFO: its writer went before vcat started: -q begins at its end" {
	start server "$PEER" listen unix:s sleep 30000
	wait_until 10 test -S s
	fed_and_left "$VCAT" -q 0.2 unix:s
	finish client 20
	expect "$status" 0
}

@test "named FIFO: a writer that comes after vcat has started is heard to its end" {
	mkfifo fifo
	start server socat -u UNIX-LISTEN:s STDOUT
	wait_until 10 test -S s
	start client bash -c 'exec 3<>fifo 4<fifo 3>&-
		exec "$0" unix:s <&4 4<&-' "$VCAT"
	# no writer, no byte: that is the end, as for cat(1)
	finish client 20
	expect "$status" 0
	finish server 20
	expect "$(<server.out)" ""
}

@test "stdout: when its reader goes while vcat still tries to connect, it ends" {
	start client bash -c '"$0" --retry unix:none </dev/null | :
		echo "${PIPESTATUS[0]}"' "$VCAT"
	finish client 20
	expect "$(<client.out)" 1
	expect_in client.err "vcat: stdout: the reader has gone"
	# what is only sent needs no reader
	start sender bash -c '"$0" --send-only --retry unix:late <<<hello | :
		echo "${PIPESTATUS[0]}"' "$VCAT"
	sleep 0.5
	start server socat -u UNIX-LISTEN:late STDOUT
	finish sender 20
	expect "$(<sender.out)" 0
	finish server 20
	expect "$(<server.out)" hello
}

# early_reader HOW LAST: the receiver's stdout has a reader that takes 5 bytes and
# goes. Then the sender's input ends with what the command LAST prints.
early_reader() {
	rm -f gone
	start receiver bash -o pipefail -c '"$0" "$1" -l -d unix:s |
		(head -c 5; exec <&-; touch gone)' "$VCAT" "$1"
	wait_until 5 test -S s
	start sender bash -c '(echo 1234; until test -e gone; do sleep 0.05; done
		eval "$2") | "$0" "$1" unix:s' "$VCAT" "$1" "$2"
	finish sender
	sent=$status
	finish receiver
}

# tar(1) goes at its last record. The pause is for vcat to see that it has gone.
@test "stdout: a reader that has all bytes and goes before the end is no failure" {
	local how sent
	for how in -v --verified; do
		early_reader "$how" "sleep 0.3"
		expect "$sent" 0 "status of the sender with $how"
		expect "$status" 0 "status of the receiver with $how"
		expect "$(<receiver.out)" 1234
	done
}

@test "stdout: a reader that goes before the last byte is a failure" {
	local how sent
	for how in -v --verified; do
		early_reader "$how" "echo 5"
		expect "$status" 1 "status of the receiver with $how"
		expect_in receiver.err "stdout: write: Broken pipe"
	done
}
