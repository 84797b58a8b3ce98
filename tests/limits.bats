# machine: here
# --accept-timeout and --exit-idle: nobody comes; SIGUSR1: who has come.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load sandbox
load forward

# ends_by_itself NAME STATUS: and its socket file s is gone.
ends_by_itself() {
	finish "$1"
	expect "$status" "$2" "status of $1" || {
		cat "$1.err"
		return 1
	}
	[[ ! -e s ]]
}

@test "accept-timeout: nobody has come: one line, and status 3" {
	for more in "" "-k" "-k -t unix:x" "-k -e cat" "-e cat" "-k -d" "-t unix:x"; do
		# shellcheck disable=SC2086 # words
		fails 3 "unix:s: nobody has connected in 0.2 s" "" \
			"$VCAT" -l --accept-timeout 0.2 unix:s $more </dev/null
		[[ ! -e s ]]
	done
	fails 3 "unix:s: nobody has connected in 0.2 s" "" \
		"$VCAT" -l --accept-timeout 0.2 unix:s --into . </dev/null
}

@test "accept-timeout: once a client has come there is no limit" {
	for more in "-k -d" "-k -t unix:echo" "-k -e cat" "-e cat" "-d"; do
		[[ -e echo ]] || echo_server echo
		# shellcheck disable=SC2086 # words
		start here "$VCAT" -l --accept-timeout 1 unix:s $more </dev/null
		wait_until 10 test -S s
		start client "$PEER" connect unix:s text hello sleep 1.3 shutdown read-eof
		ended client 0
		[[ $more == -k* ]] || {
			ends_by_itself here 0
			continue
		}
		running here
		pid_of here
		kill "$pid"
		ends_by_itself here 143
	done
}

@test "accept-timeout: who is not allowed has not come" {
	start here "$VCAT" -l -k --accept-timeout 1 --allow-privileged tcp:any -d </dev/null
	port_of here
	# from a port that is not privileged
	run timeout "$LIMIT" "$PEER" connect "tcp:127.0.0.1:$port" read-eof
	ended here 3 "nobody has connected in 1 s"
	expect_in here.err "not allowed: closed"
}

@test "accept-timeout: -l - on a passed socket, which blocks" {
	start unit python3 -c "$PASS" "$VCAT" -l - --accept-timeout 0.3 </dev/null
	finish unit
	expect "$status" 3
	expect_in unit.err "nobody has connected in 0.3 s"
}

# Becomes a command with a listening socket as descriptor 3, at s, which stays.
PASS='
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind("s")
s.listen(128)
os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[1], sys.argv[1:])'

@test "exit-idle: nobody comes: status 0, without a word" {
	for more in "" "-t unix:x" "-e cat" "-d" "--into ."; do
		# shellcheck disable=SC2086 # words
		start here "$VCAT" -l -k --exit-idle 0.2 unix:s $more </dev/null
		ends_by_itself here 0
		expect "$(<here.err)" ""
	done
}

@test "exit-idle: a client that is there keeps it, and one that has gone does not" {
	echo_server echo
	for more in "-t unix:echo" "-e cat" "-d"; do
		# shellcheck disable=SC2086 # words
		start here "$VCAT" -l -k --exit-idle 0.5 unix:s $more </dev/null
		wait_until 10 test -S s
		start client "$PEER" connect unix:s text hello sleep 1.3 shutdown read-eof
		ended client 0
		ends_by_itself here 0
		expect "$(<here.err)" ""
	done
}

@test "exit-idle: systemd-socket-activate's socket blocks, and vcat still ends" {
	start unit systemd-socket-activate -l "$T/s" "$VCAT" -l - -k --exit-idle 0.3 </dev/null
	wait_until 10 grep -q ^Listening unit.err
	run -0 vcat "unix:$T/s" <<<hello
	finish unit
	expect "$status" 0
	expect "$(<unit.out)" hello
	[[ -S s ]]
}

@test "exit-idle: with --accept-timeout, whichever comes first" {
	run timeout "$LIMIT" "$VCAT" -l -k --exit-idle 0.2 --accept-timeout 50 unix:s </dev/null
	expect "$status" 0
	run timeout "$LIMIT" "$VCAT" -l -k --exit-idle 50 --accept-timeout 0.2 unix:s </dev/null
	expect "$status" 3
}

# A client comes at about the time of vcat's end, again and again. To a passed
# socket, of which the test has a descriptor as well, a second vcat comes then.
AT_THE_END='
import os, random, socket, subprocess, sys, time
vcat, passed = sys.argv[1], sys.argv[2] == "passed"
listener = socket.socket(socket.AF_UNIX)
if passed:
    listener.bind("s")
    listener.listen(64)
os.dup2(listener.fileno(), 3)
words = ["-l", "-k", "-v", "--exit-idle", "0.05", "-t", "unix:echo"]
shell = "LISTEN_FDS=1 LISTEN_PID=$$ exec \"$@\""

def start():
    if passed:
        command = ["sh", "-c", shell, "-", vcat, *words, "-"]
    else:
        command = [vcat, *words, "unix:s"]
    process = subprocess.Popen(command, pass_fds=[3], stderr=subprocess.PIPE)
    while b"sandbox:" not in process.stderr.readline():
        pass
    return process

served = refused = lost = 0
for i in range(int(sys.argv[3])):
    process = start()
    time.sleep(0.0497 + random.random() * 0.0012)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(10)
    try:
        client.connect("s")
    except OSError:
        refused += 1
        process.wait()
        continue
    client.sendall(b"x")
    client.settimeout(0.02)
    answer = b""
    while True:
        try:
            answer = client.recv(1)
        except TimeoutError:
            if process.poll() is None or not passed:
                continue # it has accepted the client, or will
            process.stderr.close()
            process = start()
            continue
        except OSError as error:
            print(error)
        break
    served += answer == b"x"
    lost += answer != b"x"
    client.close()
    process.wait()
    if answer != b"x":
        print(i, answer, process.stderr.read())
    process.stderr.close()
print(served, "served,", refused, "refused")
print(lost, "lost")
'

@test "exit-idle: no client of a passed socket is lost, at the very end either" {
	need_filter
	echo_server echo
	run -0 timeout 100 python3 -c "$AT_THE_END" "$VCAT" passed 100
	expect "$output" $'100 served, 0 refused\n0 lost'
}

@test "exit-idle: who has connected to our own socket file is served" {
	need_filter
	echo_server echo
	run -0 timeout 100 python3 -c "$AT_THE_END" "$VCAT" own 100
	expect "${lines[-1]}" "0 lost" "$output"
}

# at_its_end INJECTED: vcat -l -k, which strace(1) stops for a second on its way out:
# its socket file has gone. For whoever found it before, there is another name.
at_its_end() {
	echo_server echo
	start manager socat -u UNIX-RECV:manager STDOUT
	wait_until 5 test -e manager
	start here env NOTIFY_SOCKET="$T/manager" \
		strace -o trace -e "inject=$1:delay_exit=1000000" "$VCAT" \
		-l -k --exit-idle 0.5 -t unix:echo unix:s
	wait_until 5 test -S s
	ln s found
	wait_until 10 test ! -e s
}

@test "exit-idle: who comes when the file has just gone is served, and then it ends" {
	at_its_end unlink,unlinkat
	run -0 vcat unix:found < <(echo hello && sleep 0.5)
	expect "$output" hello
	ended here 0
	wait_until 5 grep -qx STOPPING=1 manager.out
	# it was not woken again and again meanwhile
	expect "$(($(grep -c epoll_ trace) < 60))" 1 "$(grep -c epoll_ trace) calls"
}

@test "exit-idle: who comes too late is refused, and not lost" {
	at_its_end accept4:when=2
	fails 1 "unix:found: connect: Connection refused" "nobody listens" "$VCAT" unix:found </dev/null
	ended here 0
}

# report NAME: asks for it by SIGUSR1; sets line to the latest.
report() {
	local before
	pid_of "$1"
	before=$(grep -c ' open, ' "$1.err") || true
	kill -USR1 "$pid"
	wait_until 10 reported "$1" "$before"
	line=$(grep ' open, ' "$1.err" | tail -n 1)
	[[ $line =~ ,\ since\ [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$ ]]
	line=${line%, since*}
}

reported() {
	(($(grep -c ' open, ' "$1.err") > $2))
}

# reports NAME LINE: within some seconds, it does so.
reports() {
	wait_until 10 reports_now "$@" || expect "$line" "$2" "report"
}

reports_now() {
	report "$1" && [[ $line == "$2" ]]
}

@test "SIGUSR1: -l -k -t counts clients and bytes, while they are there and after" {
	start target "$PEER" -k 2 listen unix:t read 5 text "an answer" read-eof
	wait_until 10 test -S t
	start here "$VCAT" -l -k unix:s -t unix:t </dev/null
	wait_until 10 test -S s
	report here
	expect "$line" "unix:s -> unix:t: 0 open, 0 accepted, 0 not allowed, 0 failed, 0 bytes in, 0 bytes out"
	start client "$PEER" connect unix:s text hello read 9 touch in wait-file go
	wait_until 10 test -e in
	report here
	expect "$line" "unix:s -> unix:t: 1 open, 1 accepted, 0 not allowed, 0 failed, 5 bytes in, 9 bytes out"
	touch go
	ended client 0
	reports here "unix:s -> unix:t: 0 open, 1 accepted, 0 not allowed, 0 failed, 5 bytes in, 9 bytes out"
	run -0 vcat unix:s <<<hello12
	ended target 0
	# nobody is behind it any more
	run timeout "$LIMIT" "$PEER" connect unix:s may-fail read-eof
	reports here "unix:s -> unix:t: 0 open, 3 accepted, 0 not allowed, 1 failed, 13 bytes in, 18 bytes out"
}

@test "SIGUSR1: who is not allowed is counted" {
	start here "$VCAT" -l -k --allow-privileged tcp:any -t unix:t </dev/null
	port_of here
	for _ in 1 2 3; do
		run timeout "$LIMIT" "$PEER" connect "tcp:127.0.0.1:$port" may-fail read-eof
	done
	reports here "tcp:127.0.0.1:$port -> unix:t: 0 open, 0 accepted, 3 not allowed, 0 failed, 0 bytes in, 0 bytes out"
}

@test "SIGUSR1: -l -k on stdin and stdout" {
	start here "$VCAT" -l -k -d unix:s </dev/null
	wait_until 10 test -S s
	start client "$PEER" connect unix:s text hello touch in wait-file go
	wait_until 10 grep -q hello here.out
	reports here "unix:s: 1 open, 1 accepted, 0 not allowed, 0 failed, 5 bytes in, 0 bytes out"
	touch go
	reports here "unix:s: 0 open, 1 accepted, 0 not allowed, 0 failed, 5 bytes in, 0 bytes out"
}

@test "SIGUSR1: -l -k -e, through the process that runs the commands" {
	start here "$VCAT" -l -k unix:s -e 'cat; exit 4' </dev/null
	wait_until 10 test -S s
	start client "$PEER" connect unix:s text hello read 5 touch in wait-file go
	wait_until 10 test -e in
	report here
	expect "$line" "unix:s: 1 open, 1 accepted, 0 not allowed, 0 failed"
	touch go
	ended client 0
	reports here "unix:s: 0 open, 1 accepted, 0 not allowed, 0 failed"
}

@test "SIGUSR1: -k counts what it has made, and open is what is open" {
	start here "$VCAT" -k -d unix:far </dev/null
	wait_until 10 grep -q 'No such file' here.err
	report here
	[[ $line =~ ^unix:far:\ 0\ open,\ 0\ made,\ 0\ not\ allowed,\ [1-9][0-9]*\ failed,\ 0\ bytes\ in,\ 0\ bytes\ out$ ]]
	start far "$PEER" listen unix:far text hello touch in wait-file go
	wait_until 15 test -e in
	wait_until 10 grep -q hello here.out
	report here
	[[ $line == "unix:far: 1 open, 1 made, "*", 5 bytes in, 0 bytes out" ]]
	touch go
	rm -f far
}

@test "SIGUSR1: -k -e" {
	start here "$VCAT" -k unix:far -e cat </dev/null
	start far "$PEER" listen unix:far text hello read 5 touch in wait-file go
	wait_until 15 test -e in
	report here
	[[ $line == "unix:far: 1 open, 1 made, 0 not allowed, "*" failed" ]]
	touch go
	rm -f far
}

@test "SIGUSR1: -f, a line for each forward, under its name" {
	echo_server echo
	printf '%s\n' '-l -k unix:a -t unix:echo' '' '-k unix:far -t unix:echo' \
		'-l -k unix:b -t unix:echo' >forwards
	start here "$VCAT" -f forwards </dev/null
	wait_until 10 test -S b
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 20 -c 5 -b 1000 unix:b
	wait_until 10 grep -q "forwards:3: unix:far: connect:" here.err
	reports here "forwards:4: unix:b -> unix:echo: 0 open, 20 accepted, 0 not allowed, 0 failed, 20000 bytes in, 20000 bytes out"
	expect_in here.err "forwards:1: unix:a -> unix:echo: 0 open, 0 accepted, 0 not allowed, 0 failed, 0 bytes in, 0 bytes out"
	expect_in here.err "forwards:3: unix:far -> unix:echo: 0 open, 0 made"
}

@test "SIGUSR1: a stderr that nobody reads stops nobody" {
	echo_server echo
	mkfifo full
	exec {full_fd}<>full
	start here bash -c 'exec "$0" -l -k unix:s -t unix:echo 2>full' "$VCAT" </dev/null
	wait_until 10 test -S s
	timeout 2 dd if=/dev/zero of=full bs=4k oflag=nonblock 2>dd.err || true
	pid_of here
	for _ in {1..50}; do
		kill -USR1 "$pid"
	done
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 20 -c 5 -b 1000 unix:s
	expect "${lines[0]}" "20 whole"
	kill "$pid"
	finish here
	expect "$status" 143
}

# held CALL: runs vcat so that the call takes a while.
held() {
	[[ $BUILD != asan ]] || skip "strace and LeakSanitizer exclude each other"
	strace -o /dev/null true 2>strace.err || skip "no strace: $(<strace.err)"
	start here strace -D -f -qq -o /dev/null -e "trace=$1" \
		-e "inject=$1:delay_enter=500000" "$VCAT" "${@:2}" </dev/null
}

@test "SIGUSR1: it is answered, also if it comes before vcat is ready" {
	held signalfd4 -l -k unix:s -t unix:t
	wait_until 10 test -S s
	reports here "unix:s -> unix:t: 0 open, 0 accepted, 0 not allowed, 0 failed, 0 bytes in, 0 bytes out"
}

@test "SIGUSR1: the same for the process that opens connections for -e" {
	held setpgid -l -k unix:s -e cat
	wait_until 10 test -S s
	pid_of here
	wait_until 10 takes_signals "$pid"
	reports here "unix:s: 0 open, 0 accepted, 0 not allowed, 0 failed"
}

takes_signals() {
	find "/proc/$1/fd" -lname '*signalfd*' | grep -q .
}

@test "SIGUSR1: it ends no transfer" {
	mkdir into
	truncate -s 1M zeros
	start here "$VCAT" -l --into into unix:s </dev/null
	wait_until 10 test -S s
	start client "$PEER" connect unix:s touch in wait-file go
	wait_until 10 test -e in
	pid_of here
	wait_until 10 test ! -e s
	kill -USR1 "$pid"
	touch go
	ended client 0
	finish here
	expect "$status" 1 "status"
}
