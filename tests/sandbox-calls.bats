# machine: here
# needs: loopback pgrep script strace
# No job makes a system call that its sandbox refuses: strace looks on from the
# beginning to the end.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load sandbox

setup() {
	T=$(mktemp -d /tmp/vcat.XXXXXX)
	cd "$T" || return
	need_filter
	need_strace
	$PATTERN 1 3000000 >sent
}

# listens FILE: a socket file is there.
listens() {
	wait_until 10 test -S "$1"
}

# between ADDRESS-TO-LISTEN NEED OPTION...: bytes from a vcat that connects to one
# that listens; both are traced.
between() {
	local at=$1 need=$2 there
	shift 2
	trace there "$VCAT" -l "$@" "$at" </dev/null
	case $at in
	tcp:*)
		port_of there
		there=$at:$port
		there=tcp:${there#tcp:any:}
		[[ $at == tcp:any ]] || there=${at%:any}:$port
		;;
	*) listens "${at#unix:}" && there=$at ;;
	esac
	trace here "$VCAT" "$@" "$there" <sent
	ends here 0 "$need" ""
	ends there 0 accepts ""
	same_bytes sent there.out
}

@test "relay: over unix, TCP and IPv6, by name and by number" {
	between unix:s dials-unix
	between tcp:any dials-tcp
	between tcp:localhost:any dials-tcp
	[[ ! -e /proc/net/if_inet6 ]] || ! grep -q ' lo$' /proc/net/if_inet6 ||
		between 'tcp:[::1]:any' dials-tcp -v
}

@test "relay: with -v, time limits and --progress" {
	between unix:s dials-unix -v -i 5 -w 5 -q 5 --progress
	between tcp:any dials-tcp -v -i 5 -w 5
}

@test "relay: messages, each way a thread" {
	trace there "$VCAT" -l --seqpacket unix:s </dev/null
	listens s
	trace here "$VCAT" --seqpacket unix:s <sent
	ends here 0 dials-unix threads
	ends there 0 accepts threads
	same_bytes sent there.out
}

@test "relay: on a hybrid socket" {
	trace there "$VCAT" -l mux:m:70 </dev/null
	listens m_70
	trace here "$VCAT" unix:m_70 <sent
	ends here 0 dials-unix ""
	ends there 0 accepts ""
	start monitor "$PEER" -r up listen unix:m read 11 text $'OK 5\n' \
		read 3000000 text hello close
	wait_until 5 test -e up
	trace here "$VCAT" -v mux:m:70 <sent
	ends here 0 dials-unix ""
	expect "$(<here.out)" hello
}

@test "relay: -l -k on stdio, one after the other, to SIGTERM" {
	trace there "$VCAT" -l -k -v -d unix:s </dev/null
	listens s
	for i in 1 2 3; do
		run -0 vcat unix:s <sent
	done
	traced_pid there
	kill "$pid"
	ends there 143 accepts
	expect "$(stat -c %s there.out)" 9000000
	[[ ! -e s ]]
}

@test "bench: a sink for one and one for many, and an echo" {
	trace there "$VCAT" -l --sink unix:s </dev/null
	listens s
	trace here "$VCAT" --bench=0.2 --both unix:s
	ends here 0 dials-unix ""
	ends there 0 accepts ""
	for kind in --sink --echo; do
		trace there "$VCAT" -l -k "$kind" tcp:any </dev/null
		port_of there
		trace here "$VCAT" --bench=0.2 --json "tcp:$port"
		ends here 0 dials-tcp ""
		traced_pid there
		kill "$pid"
		ends there 143 accepts
	done
}

@test "lines: many senders, a full stdout, and SIGTERM" {
	mkfifo fifo
	exec {fifo_fd}<>fifo
	trace there bash -c 'exec "$@" >fifo' - \
		"$VCAT" -l -k -v -d -i 30 --lines --tag tcp:any </dev/null
	port_of there
	for i in 1 2 3; do
		start "sender$i" "$PEER" connect "tcp:127.0.0.1:$port" file sent \
			shutdown read-eof
	done
	start reset "$PEER" connect "tcp:127.0.0.1:$port" text part linger-reset
	traced_pid there
	wait_until 10 grep -q 'EAGAIN\|poll.*POLLOUT' there.calls.*
	cat fifo >got 3>&- {fifo_fd}>&- &
	exec {fifo_fd}>&-
	for i in 1 2 3; do
		finish "sender$i"
	done
	start open "$PEER" connect "tcp:127.0.0.1:$port" text $'first\nlast' sleep 50
	wait_until 10 grep -q ' first$' got
	kill "$pid"
	ends there 143 accepts
	wait $!
	expect "$(cut -d ' ' -f 2 got | grep -cx last)" 1
}

@test "relay: time limits, resets and a peer that is not there" {
	trace late "$VCAT" --retry=0.3 unix:none </dev/null
	ends late 3 dials-unix
	start mute "$PEER" -r up listen unix:mute sleep 30
	wait_until 5 test -e up
	silence
	trace idle "$VCAT" -i 0.3 unix:mute <silent
	ends idle 3 dials-unix ""
	start reset "$PEER" listen tcp:127.0.0.1:0 read 5 linger-reset
	port_of reset
	trace gone "$VCAT" "tcp:127.0.0.1:$port" < <(echo hello; sleep 3)
	finish gone
	made_only gone dials-tcp ""
}

@test "relay: --retry until there is a listener" {
	trace here "$VCAT" -v --retry=20 unix:s <sent
	wait_until 10 grep -q sandbox: here.err
	start there "$VCAT" -l unix:s </dev/null
	ends here 0 dials-unix ""
	finish there
	same_bytes sent there.out
}

@test "relay: on a terminal, with a progress that is drawn" {
	need_terminal
	start there "$VCAT" -l -d unix:s
	listens s
	trace here script -qec "exec $VCAT --progress unix:s <sent" /dev/null \
		</dev/null
	finish here
	made_only here dials-unix ""
	expect_in here.out MiB
	finish there
	same_bytes sent there.out
	start there "$VCAT" -l unix:s </dev/null
	listens s
	# the terminal is both stdin and stdout
	start typist bash -c 'echo typed; cat >/dev/null; wait'
	trace here script -qec "exec $VCAT -i 2 unix:s" /dev/null <<<hello
	finish here
	made_only here dials-unix ""
}

@test "relay: stderr is a full pipe, a fifo, or nothing" {
	mkfifo full
	exec {full_fd}<>full
	timeout 2 dd if=/dev/zero of=full bs=4k oflag=nonblock 2>dd.err || true
	trace here bash -c 'exec "$0" -v unix:none 2>full' "$VCAT" </dev/null
	ends here 1 dials-unix
	exec {full_fd}>&-
	trace here bash -c 'exec "$0" -v unix:none 2>&-' "$VCAT" </dev/null
	ends here 1 dials-unix
	trace here bash -c 'exec "$0" -v unix:none 2>/dev/full' "$VCAT" </dev/null
	ends here 1 dials-unix
}

@test "forward: many at once, each kind to each, and more than there is room for" {
	start target "$VCAT" -l -k unix:t -e cat
	listens t
	trace forward "$VCAT" -l -k -v tcp:any -t unix:t
	port_of forward
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 60 -c 20 -b 100000 "tcp:127.0.0.1:$port"
	traced_pid forward
	kill "$pid"
	ends forward 143 "accepts dials-unix"
	trace forward bash -c 'ulimit -n 20; exec "$@"' - \
		"$VCAT" -l -k -m 30 -w 5 -i 5 unix:s -t unix:t
	listens s
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 30 -c 12 -b 100000 unix:s
	traced_pid forward
	kill -INT "$pid"
	ends forward 130 "accepts dials-unix"
}

@test "forward: once, and to a name, a refusal and IPv6" {
	start target "$VCAT" -l -k tcp:localhost:any -e cat
	port_of target
	trace forward "$VCAT" -l unix:s -t "tcp:localhost:$port"
	listens s
	run -0 --separate-stderr vcat unix:s <sent
	ends forward 0 "accepts dials-tcp" ""
	stop target
	trace forward "$VCAT" -l -k -v unix:s2 -t "tcp:localhost:$port"
	listens s2
	run vcat unix:s2 </dev/null
	traced_pid forward
	wait_until 10 grep -q refused forward.err
	kill "$pid"
	ends forward 143 "accepts dials-tcp"
}

@test "forward: to a name that is looked up again, and once while it is not known" {
	start target "$VCAT" -l -k tcp:127.0.0.1:any -e cat
	port_of target
	knows trace "files dns" -l -k unix:s -t "tcp:localhost:$port"
	listens s
	wait_until 40 looks_up client
	traced_pid client
	kill "$pid"
	ends client 143 "accepts dials-tcp"
	knows trace "files dns" --retry=60 "tcp:late.example:$port" <sent
	wait_until 20 looks_up client
	echo "127.0.0.1 late.example" >>etc/hosts
	ends client 0 dials-tcp ""
	same_bytes sent client.out
}

# Connects, if there is a forwarder, and looks whether NAME was told of a name.
looks_up() {
	[[ ! -S s ]] || vcat unix:s <<<hello >/dev/null
	cat "$1".calls.* | grep -q "recvfrom(.*, MSG_TRUNC|MSG_DONTWAIT, .* = [1-9]"
}

@test "forward: connecting to both ends" {
	start one "$VCAT" -l unix:one -e 'cat sent'
	start two "$VCAT" -l unix:two -e 'cat >got'
	listens one
	listens two
	trace forward "$VCAT" unix:one -t unix:two
	ends forward 0 dials-unix ""
	finish two
	same_bytes sent got
}

@test "forward: messages, in many threads at once" {
	start target "$VCAT" -l -k --seqpacket unix:t -e 'exec cat'
	listens t
	trace forward "$VCAT" -l -k --seqpacket unix:s -t unix:t
	listens s
	for i in {1..12}; do
		start "client$i" "$PEER" -s connect unix:s text hello read 5 \
			touch "here$i" wait-file go
	done
	for i in {1..12}; do
		wait_until 20 test -e "here$i"
	done
	touch go
	traced_pid forward
	for i in {1..12}; do
		finish "client$i"
	done
	kill "$pid"
	ends forward 143 "accepts dials-unix"
}

@test "scan: a list of ports, unix and a hybrid socket, as text and as JSON" {
	start target "$VCAT" -l -k -d tcp:any
	port_of target
	trace scan "$VCAT" -z -v "tcp:127.0.0.1:$port,1-20" -w 1
	ends scan 0 dials-tcp
	trace scan "$VCAT" -z --json tcp:localhost:1-5
	ends scan 1 dials-tcp
	trace scan "$VCAT" -z unix:none
	ends scan 1 dials-unix
	trace scan "$VCAT" -z mux:none:1-3
	ends scan 1 dials-unix
}

@test "ping: an echo, other peers and a refusal, as text and as JSON" {
	trace echo "$VCAT" -l -k -v --echo tcp:any
	port_of echo
	trace ping "$VCAT" --ping=3 --interval 0 -v "tcp:127.0.0.1:$port"
	ends ping 0 dials-tcp
	trace ping "$VCAT" --ping=2 --interval 0 --json "tcp:localhost:$port"
	ends ping 0 dials-tcp
	traced_pid echo
	kill "$pid"
	ends echo 143 accepts
	trace ping "$VCAT" --ping=2 --interval 0 "tcp:127.0.0.1:$port"
	ends ping 0 dials-tcp
	trace echo "$VCAT" -l --echo unix:s
	listens s
	trace ping "$VCAT" --ping=2 --interval 0.1 unix:s
	ends ping 0 dials-unix
	ends echo 0 accepts ""
	trace ping "$VCAT" --ping=1 mux:none:1
	ends ping 1 dials-unix
}

@test "pass-fd: the socket is handed out" {
	start target "$PEER" -r up listen unix:t echo
	wait_until 5 test -e up
	trace here "$TOOLS/take-fd" "$VCAT" -F unix:t </dev/null
	ends here 0 dials-unix
}

@test "commands: what opens connections, once and many times, and connecting" {
	trace once "$VCAT" -l unix:s -e 'cat sent'
	listens s
	run -0 vcat unix:s </dev/null
	ends once 0 accepts
	trace many "$VCAT" -l -k -v -m 3 tcp:any -e cat
	port_of many
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 12 -c 4 -b 5000 "tcp:127.0.0.1:$port"
	pid_of many
	pid=$(pgrep -P "$pid" | head -n 1)
	kill "$pid"
	finish many
	expect "$status" 143
	made_only many accepts
	start target "$PEER" -r up listen unix:t read-eof
	wait_until 5 test -e up
	trace connects "$VCAT" -v --retry=5 unix:t -e 'echo hi; exit 3'
	ends connects 3 dials-unix
}

@test "forwards: of all kinds, and one that dials, with SIGUSR1 and to SIGTERM" {
	start target "$VCAT" -l -k tcp:localhost:any -e cat
	port_of target
	printf '%s\n' "-l -k unix:a -t tcp:localhost:$port" '-l -k tcp:any -t unix:a' \
		'-l -k mux:m:7 -t mux:none:8' '-k unix:far -t unix:a' \
		'-l -k --seqpacket unix:q -t unix:none' >forwards
	trace all "$VCAT" -v -f forwards </dev/null
	listens q
	port_of all
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 30 -c 10 -b 100000 "tcp:127.0.0.1:$port"
	run timeout "$LIMIT" "$PEER" connect unix:m_7 may-fail read-eof
	start far "$PEER" listen unix:far text hello shutdown read-eof
	finish far
	traced_pid all
	kill -USR1 "$pid"
	wait_until 10 grep -q '^forwards:4: unix:far' all.err
	kill "$pid"
	ends all 143 "accepts dials-unix dials-tcp"
}

@test "again: what dials again, with SIGUSR1; with a command, and with a target" {
	trace here "$VCAT" -v -k unix:far -d </dev/null
	traced_pid here
	wait_until 10 grep -q 'No such file' here.err
	for i in 1 2; do
		start far "$PEER" listen unix:far text hello close
		finish far
		rm -f far
	done
	kill -USR1 "$pid"
	wait_until 10 grep -q ' made, ' here.err
	kill "$pid"
	ends here 143 dials-unix
	start target "$VCAT" -l -k tcp:any -e cat
	port_of target
	trace here "$VCAT" -k unix:far -t "tcp:127.0.0.1:$port" </dev/null
	traced_pid here
	for i in 1 2; do
		start far "$PEER" listen unix:far text hello read 5 close
		finish far
		expect "$status" 0
		rm -f far
	done
	kill "$pid"
	ends here 143 "dials-unix dials-tcp"
	trace here "$VCAT" -k unix:far -e cat </dev/null
	for i in 1 2; do
		start far "$PEER" listen unix:far text hello read 5 close
		finish far
		expect "$status" 0
		rm -f far
	done
	pid_of here
	pid=$(pgrep -P "$pid" | head -n 1)
	kill -USR1 "$pid"
	wait_until 10 grep -q ' made, ' here.err
	kill "$pid"
	finish here
	expect "$status" 143
	made_only here dials-unix
}

@test "limits: time without a client" {
	trace here "$VCAT" -l -k --exit-idle 0.3 unix:s -t unix:none </dev/null
	ends here 0 "accepts dials-unix"
	trace here "$VCAT" -l --accept-timeout 0.3 unix:s </dev/null
	ends here 3 accepts
	trace here systemd-socket-activate -l "$T/p" "$VCAT" -l - -k --exit-idle 0.3 -d </dev/null
	wait_until 10 grep -q ^Listening here.err
	run -0 vcat "unix:$T/p" </dev/null
	ends here 0 accepts
}
