# machine: here
# needs: jq loopback
# --ping over TCP, unix and hybrid sockets; VM sockets: ping-vsock.bats.
bats_require_minimum_version 1.5.0
load helper

HELLO=$'VCAT echo 1 linux=x vcat=y\n'

# ping OPTION... ADDRESS: a few pings in quick succession.
ping() {
	run --separate-stderr vcat --ping=3 --interval 0.02 "$@"
}

# peer ACTION...: one that listens at unix:s for 9 connections.
peer() {
	rm -f s up
	start peer "$PEER" -k 9 -r up listen unix:s "$@"
	wait_until 10 test -e up
}

# outcomes: those of the lines of a ping, and the reasons.
outcomes() {
	sed -nE 's/^[^-].*: ([a-z ]+): seq=([0-9]+) (time=|after )[0-9.]+ ms/\1 \2/p' <<<"$output" |
		sed 's/ (connected in [0-9.]* ms)//'
}

@test "echo: round trips over one connection, by unix and TCP" {
	for at in unix:s tcp:any; do
		start "echo$at" "$VCAT" -l -k -v --echo "$at"
		if [[ $at == tcp:any ]]; then
			port_of "echo$at" && at=tcp:$port
		else
			wait_until 10 test -S s
		fi
		ping "$at"
		expect "$status" 0
		expect "$stderr" ""
		expect "$(outcomes)" $'echo 1\necho 2\necho 3'
		[[ ${lines[0]} == "$at: echo: seq=1 time="*" ms (connected in "*" ms)" ]]
		[[ ${lines[1]} =~ ^$at:\ echo:\ seq=2\ time=[0-9]+\.[0-9]{3}\ ms$ ]]
		expect "${lines[3]}" "--- $at: 3 sent, 3 answered, 0 lost (0 %)"
		[[ ${lines[4]} =~ ^echo:\ 3,\ min/p50/p90/p99/max\ ([0-9.]+/){4}[0-9.]+\ ms$ ]]
	done
	wait_until 10 grep -q "sent 192 bytes, received 192 bytes" echotcp:any.err
	expect "$(grep -c accepted echounix:s.err)" 1
}

@test "other peers: the time to connect, a connection a ping, and no byte" {
	peer read-eof print
	ping unix:s
	expect "$status" 0
	expect "$(outcomes)" $'connected 1\nconnected 2\nconnected 3'
	wait_until 5 test "$(grep -c "received 0 " peer.out)" = 3
}

@test "other peers: one that speaks first, closes at once or is a --sink is no echo" {
	local hello
	for hello in $'SSH-2.0-x\r\n' "VCAT sink 1"$'\n' "VCAT echo 2"$'\n' "$HELLO and more" V; do
		peer may-fail text "$hello" may-fail read-eof print
		ping unix:s
		expect "$status" 0
		expect "$(outcomes)" $'connected 1\nconnected 2\nconnected 3'
		stop peer
		expect "$(grep -c "received 0 " peer.out)" 3
	done
	peer close
	ping unix:s
	expect "$(outcomes)" $'connected 1\nconnected 2\nconnected 3'
}

@test "refused: another machine's refusal is an answer, a stale file is none" {
	start closing "$VCAT" -l tcp:any
	port_of closing
	stop closing
	ping "tcp:$port"
	expect "$status" 0
	expect "$stderr" ""
	expect "$(outcomes | head -n 1)" \
		"refused 1 (it answers; nobody listens on that port)"
	expect "${lines[3]}" "--- tcp:$port: 3 sent, 3 answered, 0 lost (0 %)"
	[[ ${lines[4]} == "refused: 3, min/"* ]]
	peer read-eof
	pid_of peer
	kill -KILL "$pid"
	finish peer
	fails 1 "unix:s: connect: Connection refused" "nobody listens" \
		"$VCAT" --ping=3 unix:s
}

@test "unusable: the error comes once, at once, and nothing on stdout" {
	fails 1 "unix:none: connect: No such file or directory" "no such socket" \
		"$VCAT" --ping=3 unix:none
	run -1 --separate-stderr vcat --ping=3 --interval 100 tcp:name.invalid:1
	[[ $stderr == "vcat: tcp:name.invalid:1: resolve: "* ]]
	expect "$output" ""
}

@test "silent: pings that run into the time limit are lost, and the status is 3" {
	silent_port
	ping -w 0.2 "tcp:$port"
	expect "$status" 3
	expect "$(outcomes)" $'no answer 1\nno answer 2\nno answer 3'
	expect "${lines[3]}" "--- tcp:$port: 3 sent, 0 answered, 3 lost (100 %)"
	expect "${#lines[@]}" 4
	[[ ${stderr_lines[0]} == "vcat: tcp:$port: connect: "*"timed out" ]]
}

@test "silent: an echo that answers no more" {
	peer text "$HELLO" read 64 read-eof
	ping -w 0.2 unix:s
	expect "$status" 3
	expect "$(outcomes)" $'no answer 1\nno answer 2\nno answer 3'
}

@test "lost: an echo that dies in the middle, and is there again" {
	cat >flaky <<-END
		n=\$(cat count 2>/dev/null || echo 0)
		echo \$((n + 1)) >count
		printf 'VCAT echo 1 linux=x vcat=y\n'
		((n == 0)) || exec cat
		head -c 64 && head -c 36 # one message, and a part of the next
	END
	start echo "$VCAT" -l -k unix:s -e 'bash flaky'
	wait_until 10 test -S s
	ping unix:s
	expect "$status" 0
	[[ $(outcomes) == $'echo 1\nlost 2 ('*$')\necho 3' ]]
	expect "${lines[3]}" "--- unix:s: 3 sent, 2 answered, 1 lost (33.3 %)"
}

@test "lost: an echo that has gone between two pings loses none" {
	start server "$VCAT" -l -k unix:s -e "printf 'VCAT echo 1 linux=x vcat=y\n'; head -c 64"
	wait_until 10 test -S s
	run --separate-stderr vcat --ping=3 --interval 0.5 unix:s
	expect "$status" 0
	expect "$(outcomes)" $'echo 1\necho 2\necho 3'
	expect "$(grep -c "the peer closed the connection" <<<"$stderr")" 2
}

@test "lost: bytes that were not sent are no answer" {
	local wrong
	wrong=$(printf '%064d' 0)
	peer text "$HELLO" read 64 text "$wrong" read-eof
	ping unix:s
	expect "$status" 1
	expect "$(outcomes | head -n 1)" "lost 1 (bytes came that were not sent)"
	expect "$stderr" "vcat: unix:s: no ping was answered"
}

@test "ends: ^C ends it with the summary, and the result is the status; SIGUSR1 does not" {
	start echo "$VCAT" -l -k --echo unix:s
	wait_until 10 test -S s
	start ping "$VCAT" --ping --interval 0.02 unix:s
	wait_until 10 grep -q seq=5 ping.out
	pid_of ping
	kill -INT "$pid"
	finish ping
	expect "$status" 0
	expect_in ping.out " 0 lost (0 %)"
	start ping "$VCAT" --ping=2 --interval 1 unix:s
	wait_until 10 grep -q seq=1 ping.out
	pid_of ping
	kill -USR1 "$pid"
	finish ping
	expect "$status" 0
	expect_in ping.out "2 sent, 2 answered, 0 lost"
	start ping "$VCAT" --ping --interval 100 unix:s
	wait_until 10 grep -q seq=1 ping.out
	pid_of ping
	kill -TERM "$pid"
	finish ping
	expect "$status" 143
	expect_in ping.out "1 sent, 1 answered, 0 lost"
	silent_port
	start ping "$VCAT" --ping "tcp:$port"
	pid_of ping
	wait_until 10 grep -q "SigBlk:.*[2367abef]$" "/proc/$pid/status"
	kill -INT "$pid"
	finish ping
	expect "$status" 1
	expect "$(<ping.out)" "--- tcp:$port: 1 sent, 0 answered, 0 lost (0 %), 1 unfinished"
}

@test "ends: a stdout that is gone or full is a failure" {
	start echo "$VCAT" -l -k --echo unix:s
	wait_until 10 test -S s
	timeout 20 bash -c '"$0" --ping --interval 0 unix:s 2>err; echo $? >rc' "$VCAT" |
		head -n 3 >/dev/null
	wait_until 10 test -s rc
	expect "$(<rc)" 1
	expect "$(<err)" "vcat: stdout: write: Broken pipe"
	timeout 20 "$VCAT" --ping=2 unix:s >/dev/full 2>err || status=$?
	expect "$status" 1
	expect "$(<err)" "vcat: stdout: write: No space left on device"
}

@test "--json: an object for each ping and one for the summary" {
	start echo "$VCAT" -l -k --echo unix:s
	wait_until 10 test -S s
	ping --json unix:s
	expect "$status" 0
	expect "$(jq -sc 'map([.address, .seq, .outcome, .answered])' <<<"$output")" \
		'[["unix:s",1,"echo",true],["unix:s",2,"echo",true],["unix:s",3,"echo",true],["unix:s",null,null,3]]'
	expect "$(jq -sc '.[0].connect_ms > 0 and .[1].connect_ms == null' <<<"$output")" true
	expect "$(jq -sc '.[3] | [.sent, .lost, .loss_percent, .unfinished, .echo]' <<<"$output")" \
		'[3,0,0,0,3]'
	expect "$(jq -sc '(map(.ms) | .[:3] | sort) as $ms | .[3] |
		.echo_min_ms == $ms[0] and .echo_max_ms == $ms[2] and
		.echo_p99_ms == $ms[2] and .echo_p50_ms >= $ms[1] and
		.echo_p50_ms <= $ms[1] * 1.008' <<<"$output")" true
	peer text "$HELLO" read 64 close
	ping --json unix:s
	expect "$(jq -sc 'map([.outcome, .error])[0]' <<<"$output")" \
		'["lost","the peer closed the connection"]'
	expect "$stderr" ""
}

@test "mux: an echo in the guest, a refusal, and a warning of the monitor's connections" {
	start vmm "$TOOLS/fake-vmm" v .
	wait_until 5 grep -qx ready vmm.out
	start echo "$VCAT" -l -k --echo unix:guest_52
	wait_until 10 test -S guest_52
	ping mux:v:52
	expect "$status" 0
	expect "$(outcomes)" $'echo 1\necho 2\necho 3'
	[[ ${stderr_lines[0]} == "vcat: mux:v:52: each ping is a connection"* ]]
	ping mux:v:53
	expect "$status" 0
	[[ $(outcomes) == "refused 1 (the monitor answers; nobody listens there in the guest)"* ]]
}

# The fifo out takes no more. What goes into it until then does no harm.
out_is_full() {
	! dd if=/dev/zero of=out bs=4096 count=1 oflag=nonblock status=none 2>/dev/null
}

@test "ping: a signal ends it although nobody reads what it prints" {
	start echo "$VCAT" -l -k --echo unix:s
	wait_until 10 test -S s
	mkfifo out
	exec 8<>out
	# shellcheck disable=SC2016 # expanded by the inner shell
	start client bash -c 'exec "$0" --ping --interval 0 unix:s >out 8>&-' "$VCAT"
	wait_until 10 out_is_full
	pid_of client
	kill -TERM "$pid"
	ended client 143
	exec 8>&-
}
