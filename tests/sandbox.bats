# machine: here
# needs: loopback pgrep systemd-socket-activate
# What an intruder in a running vcat can still do: its system calls.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load sandbox

setup() {
	T=$(mktemp -d /tmp/vcat.XXXXXX)
	cd "$T" || return
	need_filter
	need_intrusion
	silence
}

# ends NAME STATUS
ends() {
	finish "$1"
	expect "$status" "$2" "status of $1" || {
		cat "$1.err"
		return 1
	}
}

# target ACTION...: a peer that listens at unix:t, and begins with that.
target() {
	rm -f t up
	umask 0 # for each user
	start target "$PEER" -r up listen unix:t "$@"
	umask 22
	wait_until 10 test -e up
}

# target_tcp ACTION...: on TCP; sets port.
target_tcp() {
	start target "$PEER" listen tcp:127.0.0.1:0 "$@"
	port_of target
}

@test "control: without a sandbox, nothing is refused by a filter" {
	start listener "$VCAT" -l --no-sandbox unix:s <silent
	wait_until 10 test -S s
	pid_of listener
	expect "$(sed -nE 's/^Seccomp:\s//p' "/proc/$pid/status")" \
		"$(sed -nE 's/^Seccomp:\s//p' "/proc/$$/status")" "filters"
	"$INTRUDE" "$pid" >tried
	expect_in tried "open: EFAULT"
	expect_in tried "execve: EFAULT"
	expect_in tried "socket unix: done"
	expect_in tried "clone: EINVAL"
	run -1 grep -E '^(accept|connect|thread|prctl|unlink): EPERM' tried
}

once_and_relay() {
	begin listener -l unix:s <silent
	entered listener 1
	left thread,unlink,accept
	start client "$PEER" connect unix:s text hello touch in wait-file go \
		text world read-eof
	wait_until 10 test -e in
	entered listener 2
	left ""
	touch go
	wait_until 10 grep -q helloworld listener.out
	stop listener
	finish client
	rm -f in go s
}

@test "relay: a listener accepts and removes; then there is nothing left" {
	each_user once_and_relay
}

keeps_listening() {
	begin listener -l -k -d unix:s
	entered listener 1
	run -0 "$PEER" connect unix:s text hello close
	wait_until 10 grep -q hello listener.out
	left thread,unlink,accept
	run -0 "$PEER" connect unix:s text world close
	wait_until 10 grep -q helloworld listener.out
	kill "$pid"
	ends listener 143
	[[ ! -e s ]]
}

@test "relay: with -k it goes on to accept" {
	each_user keeps_listening
}

# answered: the client is connected. Nothing else is left to it, and it works.
answered() {
	wait_until 10 test -e in
	entered client 2
	left ""
	touch go
	ends client 0
	expect "$(<client.out)" answer
	rm -f in go
}

connects() {
	rm -f t
	begin client --retry=20 unix:t <<<hello
	entered client 1
	left thread,"socket unix",connect
	target read 6 touch in wait-file go text answer shutdown read-eof
	answered
}

@test "connecting: to a unix socket, and then nothing" {
	each_user connects
}

connects_tcp() {
	target_tcp close
	stop target
	begin client --retry=20 "tcp:127.0.0.1:$port" <<<hello
	entered client 1
	left thread,"socket tcp",connect
	start target "$PEER" listen "tcp:127.0.0.1:$port" read 6 touch in \
		wait-file go text answer shutdown read-eof
	answered
}

@test "connecting: over TCP, and then nothing" {
	each_user connects_tcp
}

connects_mux() {
	rm -f t
	begin client --retry=20 mux:t:7 <<<hello
	entered client 1
	left thread,"socket unix",connect
	target read 10 text $'OK 5\n' read 6 touch in wait-file go text answer \
		shutdown read-eof
	answered
}

@test "connecting: through a hybrid socket, and then nothing" {
	each_user connects_mux
}

passes() {
	rm -f t
	begin client -F --retry=20 unix:t <silent
	entered client 1
	left thread,"socket unix",connect
	stop client
}

@test "pass-fd: it connects, and no more" {
	each_user passes
}

messages() {
	begin listener -l --seqpacket unix:s <silent
	entered listener 1
	left thread,unlink,accept
	start client "$PEER" -s connect unix:s text hello touch in wait-file go \
		text world close
	wait_until 10 test -e in
	entered listener 2
	left thread
	touch go
	ends listener 0
	expect "$(<listener.out)" helloworld
	rm -f in go
}

@test "messages: a relay has threads, and nothing else" {
	each_user messages
}

forwards() {
	target read 5 text answer shutdown read-eof
	begin forward -l -k tcp:any -t unix:t
	port_of forward
	entered forward 1
	left thread,unlink,"socket unix",connect,accept
	run -0 vcat "tcp:127.0.0.1:$port" <<<hell
	expect "$output" answer
	left thread,unlink,"socket unix",connect,accept
	kill "$pid"
	ends forward 143
}

forwards_tcp() {
	target_tcp read 5 text answer shutdown read-eof
	begin forward -l -k unix:s -t "tcp:127.0.0.1:$port"
	entered forward 1
	left thread,unlink,"socket tcp",connect,accept
	run -0 vcat unix:s <<<hell
	expect "$output" answer
	kill "$pid"
	ends forward 143
}

forwards_once() {
	target read 5 touch in wait-file go text answer shutdown read-eof
	begin forward -l unix:s -t unix:t
	entered forward 1
	left thread,unlink,"socket unix",connect,accept
	start client "$VCAT" unix:s <<<hell
	wait_until 10 test -e in
	entered forward 2
	left ""
	touch go
	ends forward 0
	ends client 0
	expect "$(<client.out)" answer
	rm -f in go
}

@test "forward: its own kind of target, and those that connect" {
	each_user forwards
	each_user forwards_tcp
	each_user forwards_once
}

scans() {
	silent_port
	begin scan -z -w 1.5 "tcp:127.0.0.1:$port"
	entered scan 1
	left thread,"socket tcp",connect
	finish scan
	expect "$status" 3
	stop silent
}

@test "scan: it connects, and no more" {
	each_user scans
}

pings() {
	silent_port
	begin ping --ping=1 -w 1.5 "tcp:127.0.0.1:$port"
	entered ping 1
	left thread,"socket tcp",connect
	finish ping
	expect "$status" 3
	stop silent
}

@test "ping: it connects, and no more" {
	each_user pings
}

echoes() {
	begin echo -l -k --echo unix:s <silent
	entered echo 1
	left thread,unlink,accept
	stop echo
	rm -f s
}

@test "echo: it accepts, and no more" {
	each_user echoes
}

# The target of it is a file or a directory of this user.
sends() {
	echo hello >file
	begin sender -l --files file unix:s <silent
	entered sender 1
	left thread,open,openat,openat2,unlink,accept
	start mute "$PEER" connect unix:s touch in sleep 60
	wait_until 10 test -e in
	entered sender 2
	left thread,open,openat,openat2
	stop mute
	ends sender 1
	rm -f in
	begin sender -l --files file unix:s <silent
	entered sender 1
	left thread,open,openat,openat2,unlink,accept
	run -0 vcat --into got unix:s
	ends sender 0
	cmp file got/file
	rm -r got/*
}

@test "files: a sender opens files, but for reading only" {
	mkdir got
	each_user sends
}

receives() {
	begin receiver -l --into got unix:s <silent
	entered receiver 1
	left thread,open,openat,openat2,unlink,accept
	start mute "$PEER" connect unix:s touch in wait-file go
	wait_until 10 test -e in
	entered receiver 2
	left thread,open,openat,openat2
	touch go
	ends receiver 1
	rm -f in go
	begin receiver -l --into got unix:s <silent
	entered receiver 1
	left thread,open,openat,openat2,unlink,accept
	run -0 vcat --files file unix:s
	ends receiver 0
	cmp file got/file
	rm -r got/file
}

@test "files: a receiver opens files" {
	echo hello >file
	mkdir got
	chmod 777 got
	each_user receives
}

receives_many() {
	begin receiver -l -k --into got unix:s <silent
	entered receiver 1
	# what it may signal, the next file tells
	"$INTRUDE" "$pid" >tried
	run -0 grep -cE ': EFAULT|: EBADF' tried
	sed -i 's/^kill: .*/kill: EPERM/' tried
	expect "$(sed -E '/: EPERM$/d; /^clone3:/d; s/: .*//' tried | paste -sd ,)" \
		thread,open,openat,openat2,unlink,accept
	start mute "$PEER" connect unix:s touch in wait-file go
	wait_until 10 test -e in
	wait_until 10 pgrep -P "$pid"
	pid=$(pgrep -P "$pid")
	wait_until 10 has_filters 2
	left thread,open,openat,openat2
	run -0 vcat --files file unix:s
	cmp file got/file
	touch go
	pid_of receiver
	wait_until 10 eval '! pgrep -P "$pid"'
	kill "$pid"
	ends receiver 143
	rm -f in go got/file
}

@test "files: of many receivers, each has a process that only receives" {
	echo hello >file
	mkdir got
	chmod 777 got
	each_user receives_many
}

streams() {
	begin stream -l --verified unix:s <silent
	entered stream 1
	left thread,unlink,accept
	start mute "$PEER" connect unix:s touch in wait-file go
	wait_until 10 test -e in
	entered stream 2
	left ""
	touch go
	ends stream 1
	rm -f in go
	begin stream -l --verified unix:s <<<there
	entered stream 1
	left thread,unlink,accept
	run -0 vcat --verified unix:s <<<here
	expect "$output" there
	ends stream 0
	expect "$(<stream.out)" here
}

@test "verified: a stream has nothing left" {
	each_user streams
}

# acceptor: sets pid to the process that accepts for the commands of listener.
acceptor() {
	pid_of listener
	wait_until 10 pgrep -P "$pid" -x vcat
	pid=$(pgrep -P "$pid" -x vcat)
	wait_until 10 has_filters 1
}

commands() {
	begin listener -l -k unix:s -e 'read -r word; echo "$word"' <silent
	acceptor
	left thread,unlink,accept
	run -0 vcat unix:s <<<hello
	expect "$output" hello
	left thread,unlink,accept
	run -0 vcat unix:s <<<hello
	expect "$output" hello
	pid_of listener
	kill "$pid"
	ends listener 143
	[[ ! -e s ]]
}

@test "commands: who accepts runs none" {
	each_user commands
}

connects_for_command() {
	rm -f t
	begin listener --retry=20 unix:t -e 'echo hello; read -r word; exit 7' <silent
	acceptor
	left thread,"socket unix",connect
	target read 6 text $'word\n' read-eof
	ends listener 7
	ends target 0
}

@test "commands: who connects runs none" {
	each_user connects_for_command
}

@test "passed: what listens goes on to accept, and a connection is relayed" {
	start unit systemd-socket-activate -l "$T/s" "$VCAT" -l - <silent
	wait_until 10 test -S s
	start client "$PEER" connect unix:s text hello touch in wait-file go \
		text world read-eof
	wait_until 10 test -e in
	entered unit 2
	left thread
	touch go
	wait_until 10 grep -q helloworld unit.out
	stop unit
	start unit systemd-socket-activate -l "$T/s2" "$VCAT" -l -k -d - </dev/null
	wait_until 10 test -S s2
	run -0 "$PEER" connect unix:s2 text hello close
	wait_until 10 grep -q hello unit.out
	entered unit 1
	left thread,unlink,accept
	run -0 "$PEER" connect unix:s2 text world close
	wait_until 10 grep -q helloworld unit.out
	kill "$pid"
	ends unit 143
}
