# machine: here
# -f: many forwards in one process, from a file.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load sandbox
load forward

# runs NAME OPTION...: vcat -f with the file "forwards", until all listen; sets pid.
runs() {
	local name=$1
	shift
	start "$name" "$VCAT" -v -f forwards "$@" </dev/null
	wait_until 20 serves "$name" || {
		echo "$name does not serve; its stderr:"
		head -n 20 "$name.err"
		return 1
	}
	pid_of "$name"
}

# Sanitizers have no sandbox, but all listen soon after the last has said so.
serves() {
	grep -qE '^vcat: sandbox' "$1.err" ||
		{ [[ $BUILD == asan ]] &&
			[[ $(grep -c '^listening' "$1.err") == $(grep -c -- -l forwards) ]]; }
}

# ports_of NAME: sets ports to the TCP ports that it listens on, in the file's order.
ports_of() {
	mapfile -t ports < <(sed -nE 's/^listening on tcp.*:([0-9]+)$/\1/p' "$1.err")
}

# asks ADDRESS: socat sends 1 MB there and compares what an echo server answers.
asks() {
	run -0 --separate-stderr timeout "$LIMIT" bash -c \
		'socat -t 30 - "$1" <sent | sha256sum' - "$1"
	expect "$output" "$(sha256sum <sent)" "what came back through $1"
}

@test "forwards: unix, tcp and mux in one process, each way the same bytes" {
	$PATTERN 1 1000000 >sent
	echo_server "$T/echo"
	start vmm "$TOOLS/fake-vmm" -s ch53 v .
	wait_until 10 grep -qx ready vmm.out
	start guest socat -t 30 UNIX-LISTEN:guest_52,fork,backlog=64 EXEC:cat
	start tcp socat -t 30 -d -d TCP-LISTEN:0,bind=127.0.0.1,fork EXEC:cat
	wait_until 10 grep -q 'listening on' tcp.err
	[[ $(grep -m 1 'listening on' tcp.err) =~ :([0-9]+)$ ]]
	cat >forwards <<-END
		-l -k --shutdown unix:a -t mux:v:52
		-l -k tcp:any -t unix:$T/echo
		-l -k --shutdown mux:m:7 -t tcp:127.0.0.1:${BASH_REMATCH[1]}
		-l -k unix:b -t tcp:localhost:${BASH_REMATCH[1]}
	END
	runs all
	ports_of all
	asks UNIX-CONNECT:a
	asks "TCP:127.0.0.1:${ports[0]}"
	asks UNIX-CONNECT:m_7
	asks UNIX-CONNECT:b
	kill "$pid"
	finish all
	expect "$status" 143
	[[ ! -e a && ! -e b && ! -e m_7 ]]
}

@test "forwards: the same bytes as through socat and systemd-socket-proxyd" {
	local proxyd=/lib/systemd/systemd-socket-proxyd by
	[[ -x $proxyd ]] || skip "no $proxyd"
	$PATTERN 1 3000000 >sent
	# proxyd knows no half-close: one way at a time
	start source socat -U UNIX-LISTEN:source,fork EXEC:"cat sent"
	start sink socat -u UNIX-LISTEN:sink,fork SYSTEM:'cat >got.new; mv got.new got'
	wait_until 10 test -S source
	wait_until 10 test -S sink
	for to in source sink; do
		start "socat-$to" socat -t 30 "UNIX-LISTEN:socat-$to.s,fork" "UNIX-CONNECT:$to"
		start "proxyd-$to" systemd-socket-activate -l "$T/proxyd-$to.s" "$proxyd" \
			"$T/$to"
		echo "-l -k unix:vcat-$to.s -t unix:$to"
	done >forwards
	runs vcat
	for by in socat proxyd vcat; do
		wait_until 10 test -S "$by-source.s"
		wait_until 10 test -S "$by-sink.s"
		timeout "$LIMIT" socat -u "UNIX-CONNECT:$by-source.s" CREATE:back
		same_bytes sent back
		timeout "$LIMIT" socat -u OPEN:sent "UNIX-CONNECT:$by-sink.s"
		wait_until 10 test -e got
		same_bytes sent got
		rm back got
	done
}

@test "forwards: comments, quotation marks, escapes and lines that go on" {
	mkdir "a b"
	echo_server echo
	# shellcheck disable=SC1003
	printf '%s\n' '# comment' '' '   ; another' \
		'-l -k \' '# in between' '  unix:one \' '; and here' '-t unix:echo' \
		"-l -k 'unix:a b/two' -t \"unix:echo\"" \
		'-l -k unix:a\x20b/three -t unix:ec\150o' \
		$'\t-l\t-k\tunix:a\\sb/$HOME\t-t  unix:echo  \r' >forwards
	runs all
	expect "$(find . -type s | sort | paste -sd ,)" \
		'./a b/$HOME,./a b/three,./a b/two,./echo,./one'
	echo hello >sent
	asks UNIX-CONNECT:one
	asks 'UNIX-CONNECT:"a b/three"'
}

@test "forwards: a backslash does not join a line to what follows a blank one" {
	# shellcheck disable=SC1003
	printf '%s\n' '-l -k unix:a -t unix:x \' '' '-l -k unix:b -t unix:x' >forwards
	run -0 "$VCAT" -v -f forwards --check
	expect "$output" "vcat: forwards: 2 forwards"
}

@test "forwards: the last line needs no newline, and a backslash may be its end" {
	run -0 "$VCAT" -f - --check -v < <(printf -- '-l -k unix:a -t unix:x')
	expect "$output" "vcat: -: 1 forward"
	run -0 "$VCAT" -f - --check -v < <(printf -- '-l -k unix:a -t unix:x \\')
	expect "$output" "vcat: -: 1 forward"
}

@test "forwards: --check says nothing of a good file, and opens nothing" {
	echo "-l -k unix:a -t tcp:no-such-name.invalid:80" >forwards
	need_strace
	export ASAN_OPTIONS=detect_leaks=0 # LeakSanitizer fails under strace
	run -0 strace -f -e trace=socket,bind,connect -o calls "$VCAT" -f forwards --check
	expect "$output" ""
	run -1 grep -E '^[0-9 ]*(socket|bind|connect)\(' calls
	[[ ! -e a ]]
}

@test "forwards: each wrong line is reported, with its file and number" {
	printf '%s\n' '-l -k unix:a -t unix:x' \
		'-l unix:a -t unix:x' \
		'-l -k unix:a' \
		'' \
		'-l -k unix:a -t' \
		"-l -k 'unix:a -t unix:x" \
		'-l -k unix:a \q -t unix:x' \
		'-l -k - -t unix:x' \
		'-l -k -q 3 unix:a -t unix:x' \
		'-l -k --no-sandbox unix:a -t unix:x' \
		'-l -k --exit-idle 3 unix:a -t unix:x' \
		'-f forwards' \
		'--version' \
		'-z unix:a' \
		'-l -k unix:a -e cat' \
		'-l -k unix:a -t unix:x unix:y' \
		"-l -k unix:a -t unix:x$(printf ' -N%.0s' {1..70})" >forwards
	for check in --check ""; do
		# shellcheck disable=SC2086 # none, or one
		run -2 "$VCAT" -f forwards $check </dev/null
		expect "$(cut -d: -f 2,3 <<<"$output" | paste -sd ,)" \
			"$(printf ' forwards:%s\n' 2 3 {5..17} | paste -sd ,)" "lines"
		expect_in <(echo "$output") 'forwards:6: a quotation mark is not closed'
		expect_in <(echo "$output") 'forwards:17: too many words'
	done
	[[ ! -e a ]]
	# a line that goes on has the number of its first
	# shellcheck disable=SC1003
	printf '%s\n' '' '-l \' '-k \' 'unix:a' >forwards
	run -2 "$VCAT" -f forwards --check
	[[ $output == "vcat: forwards:2: "* ]]
}

@test "forwards: two at the same address, a comment behind words, and vcat as a word" {
	printf '%s\n' '-k unix:a -t unix:x' '-l -k tcp:any -t unix:x' \
		'-l -k tcp:any -t unix:x' '-l -k unix:a -t unix:x' >forwards
	run -0 "$VCAT" -f forwards --check
	expect "$output" ""
	printf '%s\n' '-l -k -v unix:a -t unix:y' 'vcat -l -k unix:b -t unix:x' \
		'-l -k unix:c -t unix:x # comment' >>forwards
	run -2 "$VCAT" -f forwards --check
	expect "$output" "$(printf 'vcat: forwards:%s\n' \
		'5: forwards:4 listens at the same address' \
		'6: a line begins with its options: leave out vcat' \
		'7: a comment must be on a line of its own')"
	[[ ! -e a ]]
}

@test "forwards: a NUL is wrong, wherever it is" {
	printf -- '-l -k unix:a -t unix:x\n-l -k unix:b\0 -t unix:x\n' >forwards
	fails 2 "forwards:2: a NUL is in this line" "" "$VCAT" -f forwards --check
	printf -- '-l -k unix:a \\\n-t unix:x\0\n' >forwards
	run -2 "$VCAT" -f forwards --check
	expect "${lines[0]}" "vcat: forwards:2: a NUL is in this line"
	printf '# \0\n-l -k unix:a -t unix:x\n' >forwards
	fails 2 "forwards:1: a NUL is in this line" "" "$VCAT" -f forwards --check
}

@test "forwards: a file that is empty, missing, a directory or unreadable" {
	: >forwards
	fails 2 "forwards: no forward is in this file" "" "$VCAT" -f forwards
	printf '# only\n\n; comments\n' >forwards
	fails 2 "forwards: no forward is in this file" "" "$VCAT" -f forwards
	fails 2 "stdin: no forward is in this file" "" "$VCAT" -f - </dev/null
	fails 1 "none: read: No such file or directory" "" "$VCAT" -f none
	fails 1 "none: read: No such file or directory" "" "$VCAT" -f none --check
	fails 1 ".: read: Is a directory" "" "$VCAT" -f .
}

@test "forwards: from stdin, they run after its end" {
	echo_server echo
	start all "$VCAT" -f - < <(echo "-l -k unix:a -t unix:echo")
	wait_until 10 test -S a
	echo hello >sent
	asks UNIX-CONNECT:a
}

@test "forwards: all listen, or none, and no socket file is left behind" {
	start other "$VCAT" -l -d unix:c </dev/null
	wait_until 10 test -S c
	printf '%s\n' '-l -k unix:a -t unix:x' '-l -k tcp:any -t unix:x' \
		'-l -k unix:c -t unix:x' '-l -k unix:d -t unix:x' >forwards
	run -1 timeout "$LIMIT" "$VCAT" -f forwards </dev/null
	expect_in <(echo "$output") \
		"vcat: forwards:3: unix:c: bind: Address already in use"
	expect "$(find . -type s)" ./c
	# the same address twice, in two ways
	printf '%s\n' '-l -k unix:a -t unix:x' '-l -k unix:./a -t unix:y' >forwards
	run -1 timeout "$LIMIT" "$VCAT" -f forwards </dev/null
	expect_in <(echo "$output") \
		"vcat: forwards:2: unix:./a: bind: Address already in use"
	[[ ! -e a ]]
	# and a name that is not found
	printf '%s\n' '-l -k unix:a -t unix:x' '-l -k unix:b -t tcp:none.invalid:1' >forwards
	run -1 timeout "$LIMIT" "$VCAT" -f forwards </dev/null
	expect_in <(echo "$output") "vcat: forwards:2: tcp:none.invalid:1: resolve: "
	[[ ! -e a && ! -e b ]]
}

@test "forwards: messages name the forward, those at its end as well" {
	start mute "$PEER" -r up listen unix:mute read 5 sleep 60
	wait_until 10 test -e up
	printf '%s\n' '-l -k unix:a -t unix:none' '-l -k unix:b -t unix:mute' >forwards
	runs all
	run -0 timeout "$LIMIT" "$PEER" connect unix:a may-fail read-eof
	wait_until 10 grep -qF 'vcat: forwards:1: unix:none: connect: No such file' all.err
	start client "$PEER" connect unix:b text hello read 1
	wait_until 10 grep -qF 'vcat: forwards:2: unix:mute: connected' all.err
	kill "$pid"
	finish all
	run -1 grep -vE '^(vcat: (forwards:[12]: |sandbox: )|listening on |hint: )' all.err
}

@test "forwards: -m of a line, and -m of all" {
	start mute socat UNIX-LISTEN:mute,fork,backlog=64 EXEC:'sleep 60'
	wait_until 10 test -S mute
	printf '%s\n' '-l -k -m 1 unix:a -t unix:mute' '-l -k unix:b -t unix:mute' >forwards
	runs all -m 3
	for at in a a b b b; do
		start "client$at$((++i))" "$PEER" connect unix:$at touch "in$i" sleep 60
		wait_until 10 test -e "in$i"
	done
	wait_until 10 opened all 1 2
	kill -USR1 "$pid"
	wait_until 10 grep -q '^forwards:2: unix:b' all.err
	expect_in all.err "forwards:1: unix:a -> unix:mute: 1 open, 1 accepted"
	expect_in all.err "forwards:2: unix:b -> unix:mute: 2 open, 2 accepted"
}

# opened NAME COUNT...: so many connections are open in the first forward, the second...
opened() {
	local name=$1 i=0 count
	shift
	for count; do
		((++i))
		[[ $(grep -c "^vcat: forwards:$i: .*: connected" "$name.err") == "$count" ]] ||
			return 1
	done
}

@test "forwards: clients that take all places of one leave the others theirs" {
	start mute socat UNIX-LISTEN:mute,fork,backlog=256 EXEC:'sleep 60'
	echo_server echo
	wait_until 10 test -S mute
	printf '%s\n' '-l -k unix:a -t unix:mute' '-l -k unix:b -t unix:echo' \
		'-l -k unix:c -t unix:echo' >forwards
	runs all -m 12
	for i in {1..20}; do
		start "slow$i" "$PEER" connect unix:a touch "in$i" sleep 60
	done
	for i in {1..20}; do
		wait_until 10 test -e "in$i"
	done
	# 12 places, 2 of them kept for each: 12 - 2 - 2
	wait_until 10 opened all 8
	# two at a time have theirs
	for at in b c b; do
		run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 30 -c 2 -b 10000 "unix:$at"
		expect "${lines[0]}" "30 whole"
	done
	opened all 8
	# a place that is free again is for whoever waits
	pid_of slow1
	first=$pid
	wait_until 10 pgrep -P "$(<slow20.pid)"
	kill "$first"
	for i in {2..9}; do
		stop "slow$i"
	done
	wait_until 10 more_than 8
}

more_than() {
	(($(grep -c '^vcat: forwards:1: .*: connected' all.err) > $1))
}

# Clients that are there and do nothing: COUNT at each socket.
VISIT='
import socket, sys, time
clients = []
for name in sys.argv[2:]:
    for i in range(int(sys.argv[1])):
        clients.append(socket.socket(socket.AF_UNIX))
        clients[-1].connect(name)
print("there", flush=True)
time.sleep(60)'

# visit COUNT NAME...: starts them, and waits until all are there.
visit() {
	start visit python3 -c "$VISIT" "$@"
	wait_until 20 grep -q there visit.out
}

@test "forwards: a flood on one does not stop another, with few descriptors" {
	echo_server echo
	start mute python3 -c "import socket, time; s = socket.socket(socket.AF_UNIX)
s.bind('mute'); s.listen(256); print('there', flush=True); time.sleep(60)"
	wait_until 10 grep -q there mute.out
	printf '%s\n' '-l -k unix:a -t unix:mute' '-l -k unix:b -t unix:echo' \
		'-l -k unix:c -t unix:echo' >forwards
	start all bash -c 'ulimit -n 100; exec "$@"' - "$VCAT" -v -f forwards </dev/null
	wait_until 10 serves all
	visit 60 a
	# 22 places, 3 of them kept for each; the loop has some descriptors, too
	wait_until 10 more_than 10
	for at in b c; do
		run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 20 -c 3 -b 10000 "unix:$at"
		expect "${lines[0]}" "20 whole"
	done
	run -1 grep 'Too many open files' all.err
	run -1 more_than 30
}

@test "forwards: what listens counts as a descriptor, too" {
	start mute python3 -c "import socket, time; s = socket.socket(socket.AF_UNIX)
s.bind('mute'); s.listen(256); print('there', flush=True); time.sleep(60)"
	wait_until 10 grep -q there mute.out
	for i in {1..60}; do
		echo "-l -k unix:s$i -t unix:mute"
	done >forwards
	start all bash -c 'ulimit -n 300; exec "$@"' - "$VCAT" -v -f forwards </dev/null
	wait_until 10 serves all
	visit 4 s{1..60}
	# each of them has one at least
	wait_until 10 each_opened all 60
	pid_of all
	kill -USR1 "$pid"
	wait_until 10 grep -q '^forwards:60: ' all.err
	run -1 grep 'Too many open files' all.err
}

each_opened() {
	[[ $(grep -oE '^vcat: forwards:[0-9]+: .*: connected' "$1.err" | cut -d: -f 3 |
		sort -u | wc -l) == "$2" ]]
}

@test "forwards: 1,000 in one file, with few descriptors to begin with" {
	local count=1000
	[[ $BUILD != asan ]] || count=200
	(($(ulimit -Hn) > count + 200)) || skip "no more than $(ulimit -Hn) descriptors"
	echo_server echo
	for ((i = 1; i <= count; i++)); do
		echo "-l -k unix:s$i -t unix:echo"
	done >forwards
	start all bash -c 'ulimit -Sn 256; exec "$@"' - "$VCAT" -v -f forwards </dev/null
	wait_until 20 serves all
	echo hello >sent
	asks UNIX-CONNECT:s1
	asks "UNIX-CONNECT:s$count"
	pid_of all
	kill "$pid"
	finish all
	expect "$status" 143
	expect "$(find . -type s)" ./echo
	# too few in all: none listens
	start few bash -c 'ulimit -n 64; exec "$@"' - "$VCAT" -f forwards </dev/null
	ended few 1 "Too many open files"
	expect "$(find . -type s)" ./echo
}

@test "forwards: more than 64 TCP targets, all of which can be reached" {
	start target socat -t 30 -d -d TCP-LISTEN:0,bind=127.0.0.1,fork EXEC:cat
	wait_until 10 grep -q 'listening on' target.err
	[[ $(grep -m 1 'listening on' target.err) =~ :([0-9]+)$ ]]
	for i in {1..70}; do
		echo "-l -k unix:s$i -t tcp:127.0.0.1:$i"
	done >forwards
	echo "-l -k unix:last -t tcp:127.0.0.1:${BASH_REMATCH[1]}" >>forwards
	runs all
	echo hello >sent
	asks UNIX-CONNECT:last
}

@test "forwards: the sandbox holds" {
	need_filter
	echo "-l -k unix:a -t unix:echo" >forwards
	runs all
	expect_in "/proc/$pid/status" $'Seccomp:\t2'
}

@test "forwards: a signal ends them, with -q once those that run have ended" {
	echo_server echo
	printf '%s\n' '-l -k unix:a -t unix:echo' '-l -k unix:b -t unix:echo' >forwards
	runs all -q 30
	start client "$PEER" connect unix:a text one read 3 touch in wait-file go \
		text two read 3 shutdown read-eof
	wait_until 10 test -e in
	kill -INT "$pid"
	# nobody comes in any more
	wait_until 10 test ! -e b
	[[ ! -e a ]]
	running all
	touch go
	ended client 0
	finish all
	expect "$status" 130
}

@test "forwards: a second signal does not wait" {
	echo_server echo
	echo '-l -k unix:a -t unix:echo' >forwards
	runs all -q 1000
	start client "$PEER" connect unix:a text one read 3 touch in read-eof
	wait_until 10 test -e in
	kill "$pid"
	wait_until 10 test ! -e a
	running all
	kill "$pid"
	finish all
	expect "$status" 143
}

@test "forwards: some listen, others dial again and again" {
	printf '%s\n' '-k unix:far -t unix:echo' '-l -k unix:a -t unix:echo' >forwards
	runs all
	wait_until 10 grep -qF 'vcat: forwards:1: unix:far: connect: ' all.err
	echo_server echo
	echo hello >sent
	for _ in 1 2; do
		start far "$PEER" listen unix:far text hello read 5 shutdown read-eof
		asks UNIX-CONNECT:a
		ended far 0
		rm -f far
	done
	kill "$pid"
	finish all
	expect "$status" 143
}

@test "forwards: --exit-idle ends all of them with 0, and not with one that dials" {
	echo_server echo
	printf '%s\n' '-l -k unix:a -t unix:echo' '-l -k unix:b -t unix:echo' >forwards
	runs all --exit-idle 0.5
	finish all
	expect "$status" 0
	[[ ! -e a && ! -e b ]]
	echo '-k unix:a -t unix:echo' >>forwards
	fails 2 "forwards:3: --exit-idle requires -l in each forward" "" \
		"$VCAT" -f forwards --exit-idle 1
}

# The numbers of allocations that are tried are those of the whole job, and more.
@test "forwards: without memory none of them is forgotten" {
	local i
	[[ $BUILD != asan ]] || skip "AddressSanitizer has its own malloc"
	printf -- '-l -k unix:%s -t unix:x\n' a b >forwards
	for i in {1..12}; do
		run env LD_PRELOAD="$TOOLS/rough.so" ROUGH="malloc:$i" ROUGH_MARK=mark \
			"$VCAT" -f forwards --check -v
		[[ $status == 1 || $output == *"forwards: 2 forwards"* ]] ||
			expect "$i: $status $output" "1, or both"
	done
}

@test "forwards: in other network namespaces a CID and port may come again" {
	printf '%s\n' "-l -k --netns one 5000 -t unix:t" \
		"-l -k --netns two 5000 -t unix:t" >list
	run -0 vcat -f list --check
	printf '%s\n' "-l -k 5000 -t unix:t" "-l -k 5000 -t unix:t" >list
	run -2 vcat -f list --check
}
