# machine: here
# needs: loopback ncat python3 socat
# -l --echo: a greeting, and then all that comes is sent back. VM sockets:
# ping-vsock.bats.
bats_require_minimum_version 1.5.0
load helper

GREETING='^VCAT echo 1 linux=[^ ]+ vcat=[0-9.]+$'

# serve ADDRESS OPTION...: an echo, until it listens; at is where.
serve() {
	at=$1
	start echo "$VCAT" -l --echo "${@:2}" "$at" </dev/null
	case $at in
	unix:*) wait_until 10 test -S "${at#unix:}" ;;
	mux:*) wait_until 10 test -S m_70 ;;
	*) port_of echo && at=tcp:127.0.0.1:$port ;;
	esac
}

# echoed FILE: the output of a client is the greeting and what was sent.
echoed() {
	[[ $(head -n 1 "$1") =~ $GREETING ]] && tail -n +2 "$1" | cmp - sent
}

@test "echo: socat, ncat and python3 get back what they send" {
	"$PATTERN" 1 3000000 >sent
	serve tcp:any -k
	timeout 30 socat -t 20 - "tcp:127.0.0.1:$port" <sent >got
	echoed got
	timeout 30 ncat 127.0.0.1 "$port" <sent >got
	echoed got
	timeout 30 python3 -c 'import socket, sys, threading
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def send():
    s.sendall(open("sent", "rb").read())
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
while data := s.recv(65536):
    sys.stdout.buffer.write(data)' "$port" >got
	echoed got
}

@test "echo: unix, mux and a passed socket, one connection without -k" {
	"$PATTERN" 2 500000 >sent
	for at in unix:s mux:m:70; do
		serve "$at"
		[[ $at == unix:s ]] || at=unix:m_70
		timeout 30 socat -t 20 - "${at/unix/unix-connect}" <sent >got
		echoed got
		ended echo 0
	done
	timeout 30 python3 -c 'import socket, subprocess, sys
ours, its = socket.socketpair()
vcat = subprocess.Popen(["bash", "-c", "LISTEN_FDS=1 LISTEN_PID=$$ exec $0 -l --echo - 3<&0",
    sys.argv[1]], stdin=its)
its.close()
sent = open("sent", "rb").read()[:50000]
ours.sendall(sent)
ours.shutdown(socket.SHUT_WR)
line, back = ours.makefile("rb").read().split(b"\n", 1)
sys.exit(vcat.wait() or line[:7] != b"VCAT ec" or back != sent)' "$VCAT"
	echoed got
}

@test "echo: stdin and stdout are not used" {
	echo never >input
	start echo "$VCAT" -l --echo unix:s <input >/dev/full
	wait_until 10 test -S s
	expect "$(printf hi | timeout 20 socat -t 9 - unix-connect:s | tail -n 1)" hi
	finish echo
	expect "$status" 0
	expect "$(<echo.out)" ""
}

@test "echo: peers that do not read stop nobody else" {
	serve unix:s -k
	for i in 1 2 3; do
		start "stuck$i" socat -u OPEN:/dev/zero,rdonly unix-connect:s
	done
	"$PATTERN" 3 4000000 >sent
	timeout 30 socat -t 20 - unix-connect:s <sent >got
	echoed got
	pid_of echo
	# three buffers of 1 MiB, and what the program itself takes
	local rss
	rss=$(awk '/^VmRSS/ { print $2 }' "/proc/$pid/status")
	((rss < 20000)) || [[ $BUILD == asan ]]
}

@test "echo: -m, -i, --exit-idle, SIGUSR1 and -v know it" {
	serve unix:s -k -m 1 -v --exit-idle 1
	start first "$PEER" -r up connect unix:s read 7 touch here wait-file go \
		text hello shutdown read-eof
	wait_until 10 test -e here
	start second socat -t 9 - unix-connect:s </dev/null
	pid_of echo
	kill -USR1 "$pid"
	wait_until 10 grep -q "1 open, 1 accepted" echo.err
	expect "$(<second.out)" ""
	touch go
	finish first
	finish second
	[[ $(<second.out) =~ $GREETING ]]
	finish echo 20
	expect "$status" 0
	expect_in echo.err "sent 5 bytes, received 5 bytes"
	serve unix:s2 -i 0.3
	start idle "$PEER" connect unix:s2 read-eof
	ended echo 3 "idle: no byte in 0.3 s"
}

@test "echo: a signal ends it, and nobody in time is a time limit" {
	serve unix:s -k
	start stuck socat -u OPEN:/dev/zero,rdonly unix-connect:s
	pid_of echo
	kill "$pid"
	finish echo
	expect "$status" 143
	[[ ! -e s ]]
	serve unix:s2 --accept-timeout 0.2
	ended echo 3 "nobody has connected in 0.2 s"
}

@test "echo: a peer that resets is a failure, of that connection only" {
	serve tcp:any -k -v
	"$PEER" connect "$at" read 7 text hello linger-reset
	wait_until 10 grep -q "reset by peer" echo.err
	expect "$(printf hi | timeout 20 socat -t 9 - "$at" | tail -n 1)" hi
	stop echo
	serve tcp:any
	"$PEER" connect "$at" read 7 text hello linger-reset
	ended echo 1 "Connection reset by peer"
}
