# machine: systemd
# The units, run by systemd: the machine's PID 1.
bats_require_minimum_version 1.5.0

LIMIT=150 # the echo server must outlive 30 crowds, also when the machine does much else
load helper

UNITS=/run/systemd/system

setup_file() {
	make -s -C "$TOP" -o "build/$BUILD/vcat" install BUILD="$BUILD" \
		VERSION="$(<"$TOP/build/$BUILD/version")" PREFIX=/run/prefix \
		SYSTEMD_UNITS=$UNITS
	mkdir -p /etc/vcat /run/test /etc/systemd/system/service.d
	# it would trace vcat at its end, for which the units have no system calls
	[[ $BUILD != asan ]] || printf '%s\n' "[Service]" \
		Environment=ASAN_OPTIONS=detect_leaks=0 >/etc/systemd/system/service.d/asan.conf
	systemctl daemon-reload
}

# The helper's, under another name.
eval "helper_$(declare -f teardown)"

# Stops what the test has started, and forgets that it failed.
teardown() {
	systemctl stop "vcat@*" vcat-forwards.service
	systemctl reset-failed
	rm -rf /etc/vcat/* /run/test/* "$UNITS"/vcat*.d
	helper_teardown
}

# configure UNIT LINE...: a drop-in.
configure() {
	local unit=$1
	shift
	mkdir -p "$UNITS/$unit.d"
	printf '%s\n' "$@" >"$UNITS/$unit.d/test.conf"
	systemctl daemon-reload
}

# activate NAME VCAT_ARGS: the socket, and what its vcat is to do.
activate() {
	echo "VCAT_ARGS=$2" >"/etc/vcat/$1"
	systemctl start "vcat@$1.socket"
}

# forwards LINE...: the file of vcat-forwards.service.
forwards() {
	printf '%s\n' "$@" >/etc/vcat/forwards
}

# property UNIT NAME: sets value.
property() {
	value=$(systemctl show -P "$2" "$1")
}

# main_pid UNIT: sets pid to that of its vcat.
main_pid() {
	property "$1" MainPID
	pid=$value
	[[ $pid != 0 ]]
}

# has UNIT NAME VALUE
has() {
	property "$1" "$2"
	[[ $value == "$3" ]]
}

# becomes UNIT NAME VALUE
becomes() {
	wait_until 30 has "$@" || {
		systemctl --no-pager status "$1"
		expect "$value" "$3" "$2 of $1"
	}
}

says() {
	journalctl -u "$1" -o cat --no-pager >journal
	grep -qF -- "$2" journal
}

# said UNIT TEXT: its journal has that.
said() {
	wait_until 10 says "$@" || {
		echo "no '$2' in the journal of $1:"
		journalctl -u "$1" --no-pager
		return 1
	}
}

# echo_server: behind /run/test/echo, where a service sees it, and any user may
# connect to it.
echo_server() {
	start echo socat UNIX-LISTEN:/run/test/echo,fork,backlog=256,mode=666 EXEC:cat,nofork
	wait_until 10 test -S /run/test/echo
}

# crowd N PORT: N clients, each with bytes of its own, which all come back.
crowd() {
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n "$1" -c 10 -b 20000 "vsock:1:$2"
	expect "${lines[0]}" "$1 whole"
}

@test "vcat@.socket: vcat starts with the first connection, and serves many" {
	echo_server
	activate 2200 "-t unix:/run/test/echo"
	becomes vcat@2200.socket ActiveState active
	has vcat@2200.service ActiveState inactive
	crowd 1 2200
	has vcat@2200.service ActiveState active
	main_pid vcat@2200.service
	crowd 50 2200
	has vcat@2200.service MainPID "$pid"
}

@test "vcat@.socket: arguments keep their quotes, and a command of -e is restricted, too" {
	activate 2201 "-e 'echo \"a  b\"; id -u; touch /tmp/x && echo made; cat /proc/self/status'"
	run -0 vcat 1:2201 </dev/null
	expect "${lines[0]}" "a  b"
	[[ ${lines[1]} -ge 61184 ]] # one of systemd's dynamic users
	expect "${lines[2]}" made
	[[ ! -e /tmp/x ]]
	grep -x $'NoNewPrivs:\t1' <<<"$output"
	grep -x $'CapBnd:\t0000000000000000' <<<"$output"
}

@test "vcat@.socket: a name and a drop-in listen on another kind of address" {
	echo_server
	configure vcat@other.socket "[Socket]" ListenStream=/run/test/front
	activate other "-t unix:/run/test/echo"
	run -0 vcat unix:/run/test/front <<<hello
	expect "$output" hello
}

@test "vcat@.service: with SupplementaryGroups it connects to a socket file of a group" {
	echo_server
	chmod 660 /run/test/echo
	chgrp daemon /run/test/echo
	activate 2205 "-t unix:/run/test/echo"
	run -0 vcat 1:2205 <<<hello
	expect "$output" ""
	said vcat@2205.service "vcat: unix:/run/test/echo: connect: Permission denied"
	configure vcat@2205.service "[Service]" SupplementaryGroups=daemon
	systemctl stop vcat@2205.service
	systemctl start vcat@2205.socket
	run -0 vcat 1:2205 <<<hello
	expect "$output" hello
}

@test "vcat@.service: it ends when it is idle, and no client is lost" {
	local i
	echo_server
	configure vcat@2202.service "[Unit]" StartLimitIntervalSec=0
	activate 2202 "--exit-idle 0.3 -t unix:/run/test/echo"
	crowd 1 2202
	becomes vcat@2202.service ActiveState inactive
	has vcat@2202.service Result success
	# clients that come when it is about to end
	for i in {1..30}; do
		crowd 2 2202
		sleep "0.$((28 + i % 6))"
	done
	becomes vcat@2202.service ActiveState inactive
	has vcat@2202.service Result success
	has vcat@2202.socket Result success
	[[ $(journalctl -u vcat@2202.service -o cat | grep -c ^Started) -ge 2 ]]
}

@test "vcat@.service: without its file, or with wrong words, it fails and says why" {
	systemctl start vcat@2203.socket
	run vcat -w 5 1:2203 </dev/null
	becomes vcat@2203.socket Result service-start-limit-hit
	said vcat@2203.service "Failed to load environment files: No such file"
	activate 2204 "-t nowhere:1:2:3"
	run vcat -w 5 1:2204 </dev/null
	becomes vcat@2204.socket Result service-start-limit-hit
	said vcat@2204.service "vcat: -t: nowhere:1:2:3: not a CID"
}

@test "vcat-forwards: when systemctl start returns, all forwards listen" {
	forwards "# two of them" "" "-l -k 79 -t 1:2210" \
		"-l -k --mode 666 unix:/run/vcat/front -t unix:/run/test/echo"
	start target "$PEER" -r up listen vsock:1:2210 seed 5 send 3000000 shutdown read-eof
	wait_until 10 test -e up
	echo_server
	run -0 systemctl start vcat-forwards.service
	run -0 eval 'vcat -d 1:79 | sha256sum'
	expect "$output" "$("$PATTERN" 5 3000000 | sha256sum)"
	"$PATTERN" 6 3000000 >sent
	vcat unix:/run/vcat/front <sent >got
	same_bytes sent got
	property vcat-forwards.service StatusText
	echo "StatusText is '$value'"
	[[ $value ]]
}

@test "vcat-forwards: it runs without privileges, and in vcat's own sandbox" {
	forwards "-l -k 80 -t 1:2211"
	configure vcat-forwards.service "[Service]" ExecStart= \
		"ExecStart=/run/prefix/bin/vcat -v -q 10 -f /etc/vcat/forwards"
	run -0 systemctl start vcat-forwards.service
	main_pid vcat-forwards.service
	[[ $(stat -c %u "/proc/$pid") -ge 61184 ]]
	grep -x $'NoNewPrivs:\t1' "/proc/$pid/status"
	grep -x $'Seccomp:\t2' "/proc/$pid/status"
	grep -x $'CapBnd:\t0000000000000400' "/proc/$pid/status"
	[[ $BUILD == asan ]] || grep -x $'CapEff:\t0000000000000000' "/proc/$pid/status"
	[[ $BUILD == asan ]] || said vcat-forwards.service \
		"vcat: sandbox: seccomp, Landlock for files"
}

@test "vcat-forwards: with a wrong file the start fails, and the journal has the line" {
	forwards "-l -k 2212 -t 1:2213" "-l -k 2214 -t nowhere:1:2:3"
	run -2 /run/prefix/bin/vcat -f /etc/vcat/forwards --check
	local line=${lines[0]}
	echo "$line"
	run -1 systemctl start vcat-forwards.service
	said vcat-forwards.service "$line"
	# it is not tried again
	has vcat-forwards.service ActiveState failed
	has vcat-forwards.service ExecMainStatus 2
	run -1 vcat 1:2212 </dev/null
}

@test "vcat-forwards: with Group and --mode 660 its socket files are for that group" {
	forwards "-l -k --mode 660 unix:/run/vcat/front -t unix:/run/test/echo"
	configure vcat-forwards.service "[Service]" Group=daemon
	run -0 systemctl start vcat-forwards.service
	echo_server
	expect "$(stat -c "%G %a" /run/vcat/front)" "daemon 660"
	run -0 setpriv --reuid nobody --regid nogroup --groups daemon \
		timeout "$LIMIT" /run/prefix/bin/vcat unix:/run/vcat/front <<<hello
	expect "$output" hello
	run -1 setpriv --reuid nobody --regid nogroup --clear-groups \
		/run/prefix/bin/vcat unix:/run/vcat/front </dev/null
}

@test "vcat-forwards: one that hangs is ended by the watchdog, and started again" {
	forwards "-l -k 2215 -t unix:/run/test/echo"
	configure vcat-forwards.service "[Service]" WatchdogSec=2 RestartSec=0
	run -0 systemctl start vcat-forwards.service
	main_pid vcat-forwards.service
	kill -STOP "$pid"
	becomes vcat-forwards.service NRestarts 1
	becomes vcat-forwards.service ActiveState active
	said vcat-forwards.service "Watchdog timeout"
	echo_server
	crowd 5 2215
	# while it works, the watchdog hears of it
	sleep 5
	has vcat-forwards.service NRestarts 1
}

# client_in_the_middle PORT: one that has had an answer, and goes on when go exists.
client_in_the_middle() {
	start client "$PEER" connect "vsock:1:$1" text first read 5 touch there \
		wait-file go text second shutdown read 6 expect-eof
	wait_until 10 test -e there
}

@test "vcat-forwards: systemctl stop lets an open connection go on for the time of -q" {
	echo_server
	forwards "-l -k 2216 -t unix:/run/test/echo"
	run -0 systemctl start vcat-forwards.service
	client_in_the_middle 2216
	systemctl stop --no-block vcat-forwards.service
	becomes vcat-forwards.service SubState stop-sigterm
	run -1 vcat 1:2216 </dev/null
	touch go
	ended client 0
	becomes vcat-forwards.service ActiveState inactive
	has vcat-forwards.service Result success
}

@test "vcat-forwards: it tells systemd that it ends when a signal does not come from there" {
	echo_server
	forwards "-l -k 2217 -t unix:/run/test/echo"
	run -0 systemctl start vcat-forwards.service
	client_in_the_middle 2217
	main_pid vcat-forwards.service
	kill -TERM "$pid"
	becomes vcat-forwards.service ActiveState deactivating
	touch go
	ended client 0
	becomes vcat-forwards.service ActiveState inactive
}

# proxyd PORT: systemd-socket-proxyd does what vcat@.service does.
proxyd() {
	printf '%s\n' "[Socket]" "ListenStream=vsock::$1" >$UNITS/proxyd.socket
	printf '%s\n' "[Service]" "ExecStart=/lib/systemd/systemd-socket-proxyd \
--exit-idle-time=1 /run/test/sender" >$UNITS/proxyd.service
	systemctl daemon-reload
	systemctl start proxyd.socket
}

@test "proxyd: systemd-socket-proxyd and vcat carry the same bytes" {
	start sender "$PEER" -k 2 -r up listen unix:/run/test/sender \
		seed 7 send 5000000 shutdown read-eof
	wait_until 10 test -e up
	chmod 666 /run/test/sender
	proxyd 2220
	activate 2221 "--exit-idle 1 -t unix:/run/test/sender"
	vcat -d 1:2220 >by-proxyd
	vcat -d 1:2221 >by-vcat
	"$PATTERN" 7 5000000 >sent
	same_bytes sent by-proxyd
	same_bytes sent by-vcat
	becomes proxyd.service ActiveState inactive
	becomes vcat@2221.service ActiveState inactive
	systemctl stop proxyd.socket
}

# systemd-socket-proxyd takes it for the end of both directions.
@test "proxyd: where it ends a connection, vcat passes a half-close on" {
	echo_server
	activate 2222 "-t unix:/run/test/echo"
	"$PATTERN" 8 5000000 >sent
	vcat 1:2222 <sent >got
	same_bytes sent got
}
