# machine: host
# A host and its guest, and the kernel's vhost between them: two kernels.
bats_require_minimum_version 1.5.0
load vhost
load golden

# The first test starts the guest that all others use.
@test "--retry: clients from before the guest is there succeed when it is up" {
	scans 1 "no such VM" $CONTROL
	start early "$VCAT" --retry=300 $CONTROL <<<"echo it is up"
	start scan "$VCAT" -z --retry=300 $CONTROL
	start later "$VCAT" --retry=300 3:1025
	start_guest
	running early
	running scan
	plug_vsock
	ended early 0
	ended scan 0
	expect "$(<early.out)" "it is up"
	expect "$(<scan.out)" $CONTROL
	guest_is_up
	# this one has been refused until now
	running later
	guest "pattern 1 $MANY >ours
		pattern 2 $MANY >theirs"
	guest_job listener "vcat -l 1025 <theirs"
	ended later 0
	same_bytes later.out "$THEIRS"
	guest_ended listener 0
}

@test "-z: a port of the guest is open or refused, and a CID without a VM is told" {
	scans 0 open $CONTROL
	scans 1 refused 3:77
	scans 1 "no such VM" 4:1024
	fails 1 "vm(3):77: connect: Connection refused" "vcat -l 77" "$VCAT" 3:77
}

@test "--cid: the host is 2, the guest 3" {
	prints "2 host" "$VCAT" --cid -v
	expect "$(guest "vcat --cid
		vcat --cid -v")" $'3\n3 vm'
}

@test "--doctor: what the host and the guest can do" {
	golden doctor-host 0 "$VCAT" --doctor
	guest "vcat --doctor" | normalised | diff -u "$GOLDEN/doctor-virtio.txt" -
}

@test "to the guest: 3 MiB each way at once, with equal sums" {
	guest_listens listener "vcat -l any <theirs | sha256sum"
	start client "${CLIENT[@]}" "3:$port" <"$OURS"
	ended client 0
	same_bytes client.out "$THEIRS"
	guest_ended listener 0
	guest_got listener "$OURS"
}

@test "to the host: 3 MiB each way at once, by host: and by 2:, with equal sums" {
	local host
	for host in host 2; do
		start listener "$VCAT" -l any <"$OURS"
		port_of listener
		guest_job client "vcat -w 60 $host:$port <theirs | sha256sum"
		ended listener 0
		same_bytes listener.out "$THEIRS"
		guest_ended client 0
		guest_got client "$OURS"
	done
}

@test "half-close: each end's answer arrives whole, 2 s after the other's half-close" {
	guest_listens answerer "peer listen $ANY read-eof print sleep 2 seed 2 send $MANY"
	start asker "${CLIENT[@]}" "3:$port" <"$OURS"
	start answerer2 "$PEER" listen $ANY read-eof print sleep 2 seed 1 send $MANY
	port_of answerer2
	guest_job asker2 "vcat -w 60 host:$port <theirs | sha256sum"
	ended asker 0
	same_bytes asker.out "$THEIRS"
	ended answerer2 0
	expect_in answerer2.out "received $MANY $(sum_word "$THEIRS")"
	guest_ended answerer 0
	expect_in answerer.out "received $MANY $(sum_word "$OURS")"
	guest_ended asker2 0
	guest_got asker2 "$OURS"
}

@test "half-close: after the peer's, vcat goes on sending" {
	guest_listens peer "peer listen $ANY text hello shutdown read-eof print"
	mkfifo stdin
	start feed bash -c "exec >stdin
		until grep -q hello client.out; do sleep 0.1; done
		cat '$OURS'"
	start client "${CLIENT[@]}" "3:$port" <stdin
	ended client 0
	guest_ended peer 0
	expect_in peer.out "received $MANY $(sum_word "$OURS")"
}

# sender_to PORT NAME: a vcat in the guest that has sent what busybox is, and
# would send more; NAME.pid is its process.
sender_to() {
	guest "rm -f $2.stdin
		mkfifo $2.stdin
		exec 9<>$2.stdin
		vcat -w 60 host:$1 <$2.stdin >/dev/null 2>&1 &
		echo \$! >$2.pid
		cat /bin/busybox >$2.stdin"
}

@test "--strict: a sender that was killed in the guest is reported, and only with it" {
	local size
	size=$(stat -L -c %s "$(command -v busybox)")
	for name in strict plain; do
		# shellcheck disable=SC2046 # a word, or none
		start $name "$VCAT" -l -d $([[ $name == plain ]] || echo --strict) any
		port_of $name
		sender_to "$port" $name
	done
	wait_until 60 holds strict.out "$size"
	wait_until 60 holds plain.out "$size"
	running strict
	running plain
	guest 'kill -KILL $(cat strict.pid) $(cat plain.pid)'
	ended strict 1 "it may be truncated"
	ended plain 0
	cmp strict.out "$(command -v busybox)"
	cmp plain.out "$(command -v busybox)"
}

@test "--strict: a sender that was killed on the host is reported in the guest" {
	silence
	guest_listens receiver "vcat -l -d --strict any >receiver.got"
	start sender "${CLIENT[@]}" "3:$port" <silent
	cat "$OURS" >&"$silence_fd"
	guest "$GUEST_FUNCTIONS
		is_there() { [ \"\$(stat -c %s receiver.got)\" = $MANY ]; }
		try is_there"
	pid_of sender
	kill -KILL "$pid"
	guest_ended receiver 1 "it may be truncated"
	expect "$(guest "sha256sum <receiver.got")" "$(sum_of "$OURS")"
}

@test "--strict: a stream that has come to its end is success, both ways" {
	guest_listens receiver "vcat -l -d --strict any | sha256sum"
	start sender "${CLIENT[@]}" --strict "3:$port" <"$OURS"
	ended sender 0
	start receiver2 "$VCAT" -l -d --strict any
	port_of receiver2
	guest_job sender2 "vcat -w 60 --strict host:$port <theirs"
	ended receiver2 0
	same_bytes receiver2.out "$THEIRS"
	guest_ended receiver 0
	guest_got receiver "$OURS"
	guest_ended sender2 0
}

@test "--allow: the guest is known by its CID, and the host by its own" {
	local allowed refused said
	start allowed "$VCAT" -l -k --allow 3 any -e 'echo welcome'
	start refused "$VCAT" -l -k --allow 2,4-9 any -e 'echo welcome'
	port_of allowed && allowed=$port
	port_of refused && refused=$port
	said=$(guest "vcat -w 60 host:$allowed
		vcat -w 60 host:$refused || true
		echo end")
	expect "$said" $'welcome\nend'
	expect "$(<allowed.err)" "listening on any:$allowed"
	grep -qE '^vcat: vm\(3\):[0-9]+: not allowed: closed$' refused.err
	guest_listens picky "vcat -l --allow host any <theirs"
	run -0 eval 'vcat -w 60 -d "3:$port" | sha256sum'
	expect "$output" "$(sum_of "$THEIRS")"
	guest_listens picky "vcat -l --allow 3 any <theirs"
	run vcat -w 60 "3:$port"
	expect "$output" ""
	expect_in <(guest "cat picky.err") "vcat: host(2):"
}

@test "--allow-privileged: the guest's root has a port below 1024 or has not" {
	local said
	start listener "$VCAT" -l -k --allow-privileged any -e 'echo $VCAT_PEER'
	port_of listener
	said=$(guest "vcat -w 60 host:$port || true
		vcat -w 60 -p 1025 host:$port || true
		vcat -w 60 -p 700 host:$port")
	expect "$said" 3:700
	expect "$(grep -cE '^vcat: vm\(3\):[0-9]+: not allowed: closed$' listener.err)" 2
}

@test "--files: a tree goes to the guest, and comes back, the same" {
	mkdir -p src/d/empty back
	cp "$OURS" src/big
	echo small >src/d/small
	chmod 640 src/d/small
	ln -s d/small src/link
	touch -d '2001-02-03 04:05:06' src/big
	guest_listens receiver "mkdir in; vcat -l --into in any"
	run -0 --separate-stderr vcat -w 60 --files src "3:$port"
	guest_ended receiver 0
	expect "$(guest "cd in/src; sha256sum <big; stat -c '%a %Y' big; cat link")" \
		"$(cd src && sha256sum <big && stat -c '%a %Y' big && cat link)"
	start receiver2 "$VCAT" -l --into back any
	port_of receiver2
	guest "vcat -w 60 --files in/src host:$port"
	ended receiver2 0
	diff -r src back/src
	expect "$(cd back && find ./src -printf '%p %m %l\n' | sort)" \
		"$(find ./src -printf '%p %m %l\n' | sort)"
}

@test "--verified: streams both ways, and both ends know that they are there" {
	guest_listens listener "vcat -l --verified any <theirs | sha256sum"
	start client "${CLIENT[@]}" --verified "3:$port" <"$OURS"
	ended client 0
	same_bytes client.out "$THEIRS"
	guest_ended listener 0
	guest_got listener "$OURS"
}

@test "--verified: a sender that was killed in the guest is no end" {
	start receiver "$VCAT" -l -d --verified any
	port_of receiver
	guest "mkfifo open
		exec 9<>open
		vcat -w 60 --verified host:$port <open >/dev/null 2>&1 &
		echo \$! >verified.pid
		echo something >open"
	wait_until 60 test -s receiver.out
	guest 'kill -KILL $(cat verified.pid)'
	ended receiver 1 "the peer closed the connection too early"
	expect "$(<receiver.out)" something
}

@test "--seqpacket: messages come as they were sent, both ways" {
	head -c 100000 "$OURS" >message
	guest_listens peer "peer -s listen $ANY messages print"
	start client "${CLIENT[@]}" --seqpacket "3:$port" <message
	ended client 0
	guest_ended peer 0
	expect "$(grep -xE '[0-9]+' peer.out)" 100000 "lengths of messages"
	expect_in peer.out "received 100000 $(sum_word message)"
	start listener "$VCAT" -l --seqpacket -d any
	port_of listener
	guest "peer -s connect vsock:2:$port seed 1 message 60000 message 1 message 39999"
	ended listener 0
	same_bytes listener.out message
}

@test "peers: socat and ncat send the guest a file, and get one" {
	local name tool
	for name in socat ncat; do
		guest_listens receiver "vcat -l any <theirs | sha256sum"
		case $name in
		socat) tool=(socat -t 30 - "VSOCK-CONNECT:3:$port") ;;
		ncat) tool=(ncat --vsock 3 "$port") ;;
		esac
		start $name "${tool[@]}" <"$OURS"
		finish $name
		expect "$status" 0 "status of $name"
		same_bytes $name.out "$THEIRS"
		guest_ended receiver 0
		guest_got receiver "$OURS"
	done
}

# Each client goes through a forwarder here to one in the guest, and by that back
# to commands here, which echo: that makes 400 connections over vhost. The backlog
# is shorter than the queue before a slow guest: hence --retry.
@test "forwarding: 200 connections at once, there and back, and all bytes are right" {
	start echo "$VCAT" -l -k any -e cat
	port_of echo
	guest_listens far "vcat -l -k --retry=100 any -t host:$port & echo \$! >far.pid; wait"
	start near "$VCAT" -l -k --retry=100 unix:near -t "3:$port"
	wait_until 10 test -S near
	start crowd "$TOOLS/crowd" -c 200 -n 200 -b 20000 -w 140 unix:near
	ended crowd 0
	expect_in crowd.out "200 whole"
	guest 'kill $(cat far.pid)'
	stop near
	stop echo
	expect "$(cat near.err; grep -v '^listening on ' echo.err)" "" "what forwarders said"
}

# paused STOP CONTINUE: the guest is paused by the command STOP while bytes are on
# their way, and goes on by CONTINUE.
paused() {
	local slow
	guest_listens slow "peer -w 140 listen $ANY slow-read 65536 50 print seed 2 send $MANY"
	slow=$port
	guest_listens sink "vcat -l -d any >/dev/null"
	start patient "${CLIENT[@]}" -v "3:$slow" <"$OURS"
	start limited "${CLIENT[@]}" -v -i 4 "3:$port" </dev/zero
	wait_until 60 grep -q connected patient.err
	wait_until 60 grep -q connected limited.err
	running limited
	eval "$1"
	finish limited || status="none"
	eval "$2"
	expect "$status" 3 "status of -i"
	expect_in limited.err "idle: no byte in 4 s"
	finish patient
	expect "$status" 0 "status without -i"
	same_bytes patient.out "$THEIRS"
	guest_ended slow 0
	expect_in slow.out "received $MANY $(sum_word "$OURS")"
}

@test "-i: it ends the connection to a guest that is paused; without it no byte is lost" {
	paused "qmp stop; qmp_says STOP" "qmp cont"
}

@test "-i: the same if the guest's QEMU is stopped by a signal" {
	paused 'kill -STOP "$(<"$GUEST/qemu.pid")"' 'kill -CONT "$(<"$GUEST/qemu.pid")"'
}

# The last test.
@test "death: connections to a guest that dies are reset at once, and it is told" {
	local name quiet sink
	silence
	guest_listens quiet "peer -w 140 listen $ANY text hello sleep 120"
	quiet=$port
	start quiet "${CLIENT[@]}" "3:$port" <silent
	guest_listens sink "vcat -l -d any >/dev/null"
	sink=$port
	guest_listens receiver "mkdir dying; vcat -l --into dying any"
	start files "${CLIENT[@]}" -v --files /usr/lib "3:$port"
	start busy "${CLIENT[@]}" -v "3:$sink" </dev/zero
	wait_until 60 grep -q hello quiet.out
	wait_until 60 grep -q connected busy.err
	wait_until 60 grep -q connected files.err
	running busy
	running files
	kill_guest
	for name in quiet busy files; do
		finish $name 20
		expect "$status" 1 "status of $name"
	done
	expect "$(<quiet.out)" hello
	expect "$(<quiet.err)" "vcat: vm(3):$quiet: read: Connection reset by peer"
	scans 1 "no such VM" $CONTROL
}
