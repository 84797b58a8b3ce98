# machine: here
# Names that change while a job lasts. Each test has a world: a network namespace
# with a name server of its own, and an /etc that asks it.
# shellcheck disable=SC2016,SC2030,SC2031 # expanded by inner shells; set by helpers
bats_require_minimum_version 1.5.0
load helper

# world: makes it; "inside" runs a command there. A name is a file beneath names/.
world() {
	local flags=(--mount --net)
	[[ $(id -u) == 0 ]] || flags+=(--map-root-user)
	unshare "${flags[@]}" true 2>unshare.err ||
		skip "no namespaces can be made here: $(<unshare.err)"
	mkdir etc names
	echo "hosts: files dns" >etc/nsswitch.conf
	echo "127.0.0.1 localhost" >etc/hosts
	printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' \
		>etc/resolv.conf
	start world unshare "${flags[@]}" sh -c 'mount --bind etc /etc &&
		ip link set lo up && exec "$0" names' "$TOOLS/name-server"
	wait_until 10 grep -q ready world.out
	pid_of world
	inside=(nsenter --target "$pid" --mount --net --wd="$PWD")
	[[ $(id -u) == 0 ]] || inside+=(--user --preserve-credentials)
	for side in 127.0.0.2 127.0.0.3; do
		serve "$side" TCP4-LISTEN "$side"
	done
}

# serve NAME KIND ADDRESS: a server on port 7000 that says its name.
serve() {
	start "at-$1" "${inside[@]}" socat -U \
		"$2:7000,bind=$3,fork,backlog=128,reuseaddr" "EXEC:echo $1"
	wait_until 10 "${inside[@]}" grep -q ":1B58 .* 0A " \
		/proc/self/net/tcp /proc/self/net/tcp6
}

# name NAME WHAT: from now on, in one step.
name() {
	echo "$2" >names/.new
	mv names/.new "names/$1"
}

# forward OPTION...: a forwarder in the world, to a name, which begins as 127.0.0.2.
forward() {
	name our.example 127.0.0.2
	start forward "${inside[@]}" "$VCAT" -l -k unix:s "$@" \
		-t tcp:our.example:7000
	wait_until 10 test -S s
	pid_of forward
	forwarder=$pid
}

# appears NAME WHAT: as name, between two look-ups of a job that tries again and
# again: they ask for IPv4 first, and then for IPv6.
appears() {
	local before
	before=$(grep -c "^$1 AAAA" world.out) || true
	wait_until 20 looked_up "$1" $((before + 4))
	nap
	name "$@"
}

looked_up() {
	(($(grep -c "^$1 AAAA" world.out) >= $2))
}

# helper_of PID: sets helper to that of the process that looks names up for it.
helper_of() {
	helper=$(pgrep -P "$1" -x vcat-names)
}

# says: whom a new connection through the forwarder reaches.
says() {
	timeout 20 "$VCAT" -d unix:s
}

says_only() {
	[[ $(says) == "$1" ]]
}

@test "names: new connections follow, as with a socat for each of them" {
	world
	forward
	start peer "${inside[@]}" socat -t 5 UNIX-LISTEN:peer,fork \
		TCP:our.example:7000
	wait_until 10 test -S peer
	expect "$(says)" 127.0.0.2
	expect "$(timeout 20 "$VCAT" -d unix:peer)" 127.0.0.2
	name our.example 127.0.0.3
	expect "$(timeout 20 "$VCAT" -d unix:peer)" 127.0.0.3
	wait_until 20 says_only 127.0.0.3
	name our.example 127.0.0.2
	wait_until 20 says_only 127.0.0.2
	expect "$(<forward.err)" ""
}

@test "names: /etc/hosts is followed, too" {
	world
	forward
	echo "127.0.0.3 our.example" >>etc/hosts
	wait_until 20 says_only 127.0.0.3
}

# outlives WHAT: while the name server says WHAT of the name, its last addresses
# serve; that is said once; and then it is followed again.
outlives() {
	local i why="vcat: tcp:our.example:7000: resolve: "
	world
	forward
	name our.example "$1"
	[[ $1 != nxdomain ]] || rm names/our.example
	wait_until 40 said_after_connecting "$why"
	for i in 1 2 3 4 5; do
		expect "$(says)" 127.0.0.2
	done
	expect "$(grep -c "^$why.*; its last addresses are used$" forward.err)" 1 \
		"messages"
	name our.example 127.0.0.3
	wait_until 20 says_only 127.0.0.3
	expect "$(wc -l <forward.err)" 1 "lines"
}

@test "names: the last addresses serve while a name server fails" {
	outlives servfail
}

@test "names: the last addresses serve while there is no such name" {
	outlives nxdomain
}

@test "names: the last addresses serve while no name server answers" {
	outlives drop
}

# A connection may be what has the name looked up.
said_after_connecting() {
	says_only 127.0.0.2 && grep -q "$1" forward.err
}

@test "names: other connections go on while a look-up hangs" {
	world
	start echo "${inside[@]}" socat TCP4-LISTEN:7000,bind=127.0.0.4,fork EXEC:cat
	name our.example 127.0.0.4
	start forward "${inside[@]}" "$VCAT" -l -k unix:s -t tcp:our.example:7000
	wait_until 10 test -S s
	pid_of forward
	helper_of "$pid"
	start old "$PEER" connect unix:s save old.back text hello read 5 \
		touch open wait-file go seed 1 both 3000000
	wait_until 10 test -e open
	sed -i 's/timeout:1/timeout:30/' etc/resolv.conf
	name our.example drop
	wait_until 20 asks_in_vain
	# a look-up hangs, and a connection waits for it, or has given up
	touch go
	finish old
	expect "$status" 0
	pgrep -P "$helper"
	{
		printf hello
		$PATTERN 1 3000000
	} >wanted
	same_bytes wanted old.back
	# and those that come do not wait for it for ever
	for i in 1 2 3 4 5; do
		expect "$("$VCAT" unix:s <<<"new $i")" "new $i"
	done
	pgrep -P "$helper"
}

# Has a connection made, and looks whether its name is being looked up.
asks_in_vain() {
	((++asked))
	start "client$asked" "$VCAT" unix:s </dev/null
	nap
	pgrep -P "$helper"
}

@test "names: --resolve once keeps the first addresses, in one process" {
	world
	forward --resolve once
	expect "$(pgrep -P "$forwarder")" ""
	start other "${inside[@]}" "$VCAT" -l -k unix:o -t tcp:our.example:7000
	wait_until 10 test -S o
	name our.example 127.0.0.3
	wait_until 20 other_says 127.0.0.3
	expect "$(says)" 127.0.0.2
}

other_says() {
	[[ $("$VCAT" -d unix:o) == "$1" ]]
}

@test "names: a process for them only where one can be of use" {
	local options
	world
	name our.example 127.0.0.2
	for options in "-l -k unix:s -t tcp:127.0.0.2:7000" \
		"-l unix:s -t tcp:our.example:7000" \
		"-l -k unix:s -t unix:t" "-l -k --retry unix:s -t tcp:7000"; do
		# shellcheck disable=SC2086 # words
		start job "${inside[@]}" "$VCAT" $options
		wait_until 10 test -S s
		pid_of job
		wait_until 10 grep -q "^Seccomp:.*[^0]$" "/proc/$pid/status" ||
			[[ $BUILD == asan ]]
		expect "$(pgrep -P "$pid")" "" "children of $options"
		stop job
		rm -f s
	done
	# and not for longer
	start server "$PEER" -r up listen tcp:127.0.0.1:0 sleep 60
	wait_until 10 test -e up
	silence
	start job "$VCAT" -v --retry "tcp:localhost:$(<up)" <silent
	wait_until 10 grep -q ': connected' job.err
	pid_of job
	wait_until 10 childless "$pid"
}

# Its process for names has ended, and waits at most for its parent.
childless() {
	! pgrep -P "$1" --runstates R,S,D
}

@test "names: where the process for them is killed, that is said, and the last serve" {
	world
	forward
	helper_of "$forwarder"
	kill -KILL "$helper"
	name our.example 127.0.0.3
	wait_until 20 said_after_connecting \
		"vcat: the process that looks names up has ended: from now on"
	for i in 1 2 3; do
		expect "$(says)" 127.0.0.2
	done
	expect "$(wc -l <forward.err)" 2
	expect_in forward.err "hint: start vcat again"
}

@test "names: the process for them ends with vcat, even if a look-up hangs" {
	world
	forward
	helper_of "$forwarder"
	sed -i 's/timeout:1/timeout:30/' etc/resolv.conf
	name our.example drop
	wait_until 20 asks_in_vain
	worker=$(pgrep -P "$helper")
	kill -KILL "$forwarder"
	wait_until 5 eval "! kill -0 $helper"
	wait_until 5 eval "! kill -0 $worker"
}

@test "names: the process for them holds nothing of vcat's, and hears no signal" {
	world
	forward
	helper_of "$forwarder"
	wait_until 5 eval "[[ \$(ls /proc/$helper/fd | paste -sd ' ') == '0 1 2 3' ]]"
	for i in 0 1 2; do
		expect "$(readlink "/proc/$helper/fd/$i")" /dev/null
	done
	expect "$(readlink "/proc/$helper/fd/3" | cut -d : -f 1)" socket
	for i in HUP INT QUIT TERM USR1 USR2 PIPE ALRM CHLD TSTP; do
		kill -"$i" "$helper"
	done
	name our.example 127.0.0.3
	wait_until 20 says_only 127.0.0.3
	expect "$(<forward.err)" ""
}

@test "names: the process for them has no rights that it does not need" {
	[[ $BUILD != asan ]] || skip "no Landlock under AddressSanitizer"
	world
	forward
	helper_of "$forwarder"
	wait_until 5 grep -q "^NoNewPrivs:.1$" "/proc/$helper/status"
	expect "$(grep -c "^Cap[IPE].*:.0*$" "/proc/$helper/status")" 3
	rm s
	start free "${inside[@]}" "$VCAT" -l -k --no-sandbox unix:s \
		-t tcp:our.example:7000
	wait_until 10 test -S s
	pid_of free
	wait_until 5 helper_of "$pid"
	expect "$(grep "^NoNewPrivs:" "/proc/$helper/status")" \
		"$(grep "^NoNewPrivs:" "/proc/$$/status")" "as the test itself has it"
}

@test "names: what looks names up can write no file and start no program there" {
	[[ $BUILD != asan ]] || skip "no Landlock under AddressSanitizer"
	"$VCAT" -v -z unix:none 2>&1 </dev/null | grep -q ' Landlock for' ||
		skip "no Landlock"
	world
	inside+=(env "LD_PRELOAD=$TOOLS/bad-names.so")
	forward
	# before vcat's sandbox it can
	expect "$(<tried)" "wrote ran "
	rm tried
	name our.example 127.0.0.3
	wait_until 20 says_only 127.0.0.3
	[[ ! -e tried ]]
}

@test "names: a look-up that crashes is a failure, and the next one works" {
	[[ $BUILD != asan ]] || skip "AddressSanitizer must be loaded first"
	world
	inside+=(env "LD_PRELOAD=$TOOLS/bad-names.so")
	forward
	touch crash
	name our.example 127.0.0.3
	wait_until 20 said_after_connecting \
		"resolve: the look-up was killed; its last addresses are used"
	rm crash
	wait_until 20 says_only 127.0.0.3
}

@test "names: stdout's reader sees the end when vcat has ended" {
	world
	forward
	name late.example servfail
	mkfifo end
	start reader cat end
	start job "${inside[@]}" sh -c \
		'exec "$0" --retry=60 -d tcp:late.example:7000 >end' "$VCAT"
	pid_of job
	wait_until 20 helper_of "$pid"
	kill -KILL "$pid"
	finish reader 10
}

@test "names: --retry waits for a name in the sandbox, for -F and -e, too" {
	local options
	world
	for options in -d "-e true"; do
		name late.example servfail
		# shellcheck disable=SC2086 # words
		start job "${inside[@]}" "$VCAT" -v --retry=60 \
			tcp:late.example:7000 $options
		wait_until 20 grep -q '^vcat: sandbox: ' job.err
		appears late.example 127.0.0.3
		finish job
		expect "$status" 0 "with '$options'"
		[[ $options != -d ]] || expect "$(<job.out)" 127.0.0.3
		expect "$(grep -c 'sandbox: none' job.err)" 0
	done
	name late.example servfail
	start job "${inside[@]}" "$TOOLS/take-fd" "$VCAT" -v --retry=60 -F \
		tcp:late.example:7000
	wait_until 20 grep -q '^vcat: sandbox: ' job.err
	appears late.example 127.0.0.2
	finish job
	expect_in job.out 127.0.0.2
}

@test "names: --retry ends with its time, by what the name server said" {
	world
	name late.example servfail
	fails 3 "tcp:late.example:7000: resolve: Temporary failure in name resolution" \
		"" "${inside[@]}" "$VCAT" --retry=1 -d tcp:late.example:7000
	# an answer that does not come does not make it longer
	sed -i 's/timeout:1/timeout:3/' etc/resolv.conf
	name late.example drop
	run -3 "${inside[@]}" "$VCAT" --retry=1 -w 1 -d tcp:late.example:7000
}

@test "names: --resolve once, with --retry, looks up until it has found" {
	world
	name our.example servfail
	start job "${inside[@]}" "$VCAT" -v --retry=60 --resolve once -d \
		tcp:our.example:7000
	wait_until 20 grep -q '^vcat: sandbox: ' job.err
	appears our.example 127.0.0.2
	finish job
	expect "$status" 0
	expect "$(<job.out)" 127.0.0.2
}

@test "names: -k that connects again and again waits for a name, and follows it" {
	world
	name late.example servfail
	start job "${inside[@]}" "$VCAT" -v -k -d tcp:late.example:7000
	wait_until 20 grep -q '^vcat: sandbox: ' job.err
	name late.example 127.0.0.2
	wait_until 30 grep -q 127.0.0.2 job.out
	name late.example 127.0.0.3
	wait_until 30 grep -q 127.0.0.3 job.out
	running job
}

@test "names: one process follows those of all forwards of a file" {
	world
	name our.example 127.0.0.2
	name your.example 127.0.0.3
	printf '%s\n' "-l -k unix:s -t tcp:our.example:7000" \
		"-l -k unix:o -t tcp:your.example:7000" \
		"-l -k unix:p --resolve once -t tcp:our.example:7000" >file
	start forward "${inside[@]}" "$VCAT" -f file
	wait_until 10 test -S p
	expect "$(says)" 127.0.0.2
	other_says 127.0.0.3
	pid_of forward
	expect "$(pgrep -P "$pid" | wc -l)" 1
	name our.example 127.0.0.3
	name your.example 127.0.0.2
	wait_until 20 says_only 127.0.0.3
	wait_until 20 other_says 127.0.0.2
	expect "$("$VCAT" -d unix:p)" 127.0.0.2
	expect "$(<forward.err)" ""
}

@test "names: one with thirty addresses, of which one answers" {
	local many i
	world
	forward
	for ((i = 100; i < 129; i++)); do
		many+="127.0.0.$i "
	done
	name our.example "$many 127.0.0.3"
	wait_until 20 says_only 127.0.0.3
}

@test "names: IPv6 and IPv4, mixed" {
	world
	forward
	"${inside[@]}" grep -q ' lo$' /proc/self/net/if_inet6 || skip "no IPv6"
	# nobody listens on ::1 yet
	name our.example "::1 127.0.0.3"
	wait_until 20 says_only 127.0.0.3
	serve six TCP6-LISTEN '[::1]'
	name our.example "127.0.0.77 ::1"
	wait_until 20 says_only six
}

@test "names: many connections at once, while the name changes and fails" {
	local i
	world
	forward
	for i in 1 2 3; do
		start "crowd$i" bash -c 'for i in {1..60}; do
			[[ $("$0" -d unix:s) == 127.0.0.[23] ]] || exit 1
		done' "$VCAT"
	done
	for i in {1..40}; do
		name our.example 127.0.0.$((2 + i % 2))
		nap
		name our.example servfail
		nap
	done
	name our.example 127.0.0.2
	for i in 1 2 3; do
		finish "crowd$i"
		expect "$status" 0
	done
}

@test "names: numeric addresses load nothing that looks names up" {
	[[ $BUILD != asan ]] || skip "LeakSanitizer does not work under strace"
	strace -o /dev/null true 2>strace.err || skip "no strace: $(<strace.err)"
	start server "$PEER" -r up listen tcp:127.0.0.1:0 text hello close
	wait_until 10 test -e up
	run -0 strace -f -o calls "$VCAT" -d "tcp:127.0.0.1:$(<up)"
	expect "$output" hello
	run -1 strace -f -o more "$VCAT" -z 'tcp:[::1]:1'
	run -1 grep -E 'nsswitch|resolv|libnss|/etc/hosts|nscd' calls more
}
