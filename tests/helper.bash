# What the bats files share: the paths of the programs, and functions to run
# several programs at once without hanging or leaving one behind.
#
# Every bats file begins with
#	# machine: loopback	(or another row of tests/machines)
#	load helper
#
# shellcheck shell=bash disable=SC2034

# A file that needs a machine of its own must not reach for the vsock of this
# one: only tests/check and tests/vm/bats know that they are on that machine.
read -r _ _ machines <"${BATS_TEST_FILENAME:?}"
[[ $machines == here || " $machines " == *" ${VCAT_TEST_MACHINE:--} "* ]] || {
	echo "$BATS_TEST_FILENAME needs the machine '$machines': use make check T=" >&2
	exit 1
}

TOP=$(cd "${BATS_TEST_DIRNAME:?}/.." && pwd)
BUILD=${BUILD:-release}
VCAT=${VCAT_TEST_PROGRAM:-$TOP/build/$BUILD/vcat}
TOOLS=$TOP/build/$BUILD/tools
PEER=$TOOLS/peer
PATTERN=$TOOLS/pattern

# Seconds for each program; one that hangs is killed and has status 124.
LIMIT=${LIMIT:-60}

# Each test has its own directory; a short path, as sockets lie in it.
setup() {
	T=$(mktemp -d /tmp/vcat.XXXXXX)
	cd "$T" || return
}

# nap: a short sleep without starting a program, which is slow in the guest: it
# reads from a pipe into which nobody writes.
nap() {
	[[ ${nap_fd-} ]] || exec {nap_fd}<> <(:)
	read -rt 0.04 -u "$nap_fd" || true
}

# Kills by pid what the test has left running, and removes its directory.
teardown() {
	local file
	for file in "$T"/*.pid; do
		[[ -e $file ]] && kill -- "-$(<"$file")" 2>/dev/null
	done
	# a program that was just killed may still be writing its status
	cd / && wait_until 5 rm -rf "$T"
}

# vcat ARG...: the program, in the foreground.
vcat() {
	timeout "$LIMIT" "$VCAT" "$@"
}

# start NAME COMMAND...: runs it in the background, in its own process group, with
# the stdin of start itself. Its output goes to NAME.out and NAME.err, and at its
# end its status to NAME.status. (In the guest a fork is cheap, an exec is not.)
# A previous program of that NAME must have ended, or teardown would miss it.
start() {
	local name=$1
	shift
	[[ ! -e $name.pid ]] || wait_until 5 test -s "$name.status" || {
		echo "start: $name is still running"
		return 1
	}
	# files of a previous program must not be taken for this one's
	: >"$name.status"
	: >"$name.pid"
	: >"$name.out"
	: >"$name.err"
	{
		# in the background to get its pid; timeout makes it a process group
		timeout "$LIMIT" "$@" >"$name.out" 2>"$name.err" <&0 &
		echo $! >"$name.pid"
		status=0
		wait $! || status=$?
		echo $status >"$name.status"
	} 3>&- <&0 & # bats waits for whoever holds descriptor 3
	wait_until 5 test -s "$name.pid"
}

# finish NAME [SECONDS]: waits for its end and sets status to its exit status.
finish() {
	wait_until "${2:-$LIMIT}" test -s "$1.status" || {
		echo "$1 has not ended; its stderr:"
		cat "$1.err"
		return 1
	}
	status=$(<"$1.status")
}

# ended NAME STATUS [STDERR]: it ends with STATUS; its stderr contains STDERR, or is
# empty but for where it listens.
ended() {
	local said
	finish "$1"
	said=$(grep -v '^listening on ' "$1.err") || true
	expect "$status" "$2" "status of $1, stderr '$said'"
	if [[ ${3-} ]]; then
		expect_in "$1.err" "$3"
	else
		expect "$said" "" "stderr of $1"
	fi
}

# stop NAME: kills it with all that it has started, and waits for its end.
stop() {
	kill -- "-$(<"$1.pid")" && finish "$1"
}

# wait_until SECONDS COMMAND...: repeats it until it succeeds or time is up. After
# `test -S`, somebody listens there, too, if ever.
wait_until() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" 2>/dev/null; do
		((SECONDS < end)) || return 1
		nap
	done
	[[ "$1 ${2-}" != "test -S" ]] || settle "$3"
}

# settle SOCKET: a busy machine may stop a program between bind(2) and listen(2).
settle() {
	local inode
	inode=$(stat -Lc %i "$1" 2>/dev/null) || return 0
	for _ in {1..10}; do
		[[ $(ss -xlHe 2>/dev/null) != *" ino:$inode "* ]] || break
		nap
	done
}

# port_of NAME: waits until it prints the port it listens on; sets port.
port_of() {
	wait_until 10 says_port "$1" || {
		echo "$1 does not listen; its stderr:"
		cat "$1.err"
		return 1
	}
}

says_port() {
	local line said printed
	mapfile -t said <"$1.err"
	mapfile -t -n 1 printed <"$1.out"
	for line in "${said[@]}" "${printed[@]}"; do
		[[ $line =~ ^(listening\ on\ .*:|port\ )([0-9]+)$ ]] || continue
		port=${BASH_REMATCH[2]}
		return 0
	done
	return 1
}

# pid_of NAME: sets pid to that of the program itself.
pid_of() {
	wait_until 5 pgrep -P "$(<"$1.pid")" || return
	pid=$(pgrep -P "$(<"$1.pid")")
}

# running NAME: succeeds if it has not ended.
running() {
	[[ ! -s $1.status ]]
}

# need_terminal: skips the test on a machine that has no terminals.
need_terminal() {
	script -qec true /dev/null </dev/null >terminal 2>&1 ||
		skip "no terminal can be opened here: $(<terminal)"
}

sum_of() {
	sha256sum <"$1"
}

same_bytes() {
	[[ $(sum_of "$1") == $(sum_of "$2") ]] || {
		ls -l "$1" "$2"
		return 1
	}
}

# expect VALUE WANTED [WHAT]: fails with a message if the two differ.
expect() {
	[[ $1 == "$2" ]] || {
		echo "${3:-value}: got '$1', wanted '$2'"
		return 1
	}
}

# expect_in FILE TEXT: a line of the file contains the text.
expect_in() {
	grep -qF -- "$2" "$1" || {
		echo "no '$2' in $1:"
		cat "$1"
		return 1
	}
}

# fails STATUS MESSAGE HINT COMMAND...: it ends with STATUS and prints nothing on
# stdout; on stderr it prints "vcat: MESSAGE" and one hint that contains HINT, or
# no hint if HINT is empty.
fails() {
	local wanted=$1 message=$2 hint=$3 got=0 said
	shift 3
	timeout "$LIMIT" "$@" >fails.out 2>fails.err || got=$?
	mapfile -t said <fails.err
	{
		expect "$got" "$wanted" "status" &&
			expect "$(<fails.out)" "" "stdout" &&
			expect "${said[0]-}" "vcat: $message" "message" &&
			if [[ $hint ]]; then
				expect "${#said[@]}" 2 "lines on stderr" &&
					[[ ${said[1]} == "hint: "*"$hint"* ]]
			else
				expect "${#said[@]}" 1 "lines on stderr"
			fi
	} || {
		echo "wanted status $wanted, 'vcat: $message', 'hint: ...$hint...'"
		echo "of: $*; its stderr:"
		cat fails.err
		return 1
	}
}

# each_fails: calls fails with vcat for each line of stdin:
#	STATUS | MESSAGE | HINT | ARGUMENT...
each_fails() {
	local rows row status message hint words
	mapfile -t rows < <(sed -E 's/[[:blank:]]*\|[[:blank:]]*/|/g')
	expect "$((${#rows[@]} > 0))" 1 "there are rows" || return
	for row in "${rows[@]}"; do
		IFS='|' read -r status message hint words <<<"$row"
		# shellcheck disable=SC2086 # words
		fails "$status" "$message" "$hint" "$VCAT" $words || return
	done
}

# dead_guest: starts a VM with the CID $DEAD whose driver never comes up. A
# connection to it neither succeeds nor fails; only a time limit ends it.
DEAD=9
dead_guest() {
	start guest "$TOOLS/dead-guest" "$DEAD" 60
	wait_until 10 grep -q ready guest.out
}

# silence: makes a fifo, silent, that gives neither bytes nor EOF.
silence() {
	mkfifo silent
	# the descriptor that keeps it open is closed with the test
	# shellcheck disable=SC2034
	exec {silence_fd}<>silent
}

# timed COMMAND...: runs it; sets ms to the time it took, and status.
timed() {
	local began=${EPOCHREALTIME/[.,]/}
	status=0
	"$@" || status=$?
	# shellcheck disable=SC2034 # for the caller
	ms=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
}

# expect_ms LEAST MOST: the time that timed measured is in this range.
expect_ms() {
	((ms >= $1 && ms <= $2)) || {
		echo "took $ms ms, wanted $1 to $2"
		return 1
	}
}

# scans STATUS OUTCOME OPTION... ADDRESS: vcat -z ends with STATUS and reports
# OUTCOME, in its text and in its JSON.
scans() {
	local wanted=$1 outcome=$2 got=0
	shift 2
	timeout "$LIMIT" "$VCAT" -z -v "$@" >scans.out 2>scans.err || got=$?
	expect "$got" "$wanted" "status of -z $*" &&
		expect "$(sed -E 's/^[^ ]+ (.*) [0-9.]+ ms$/\1/' scans.out)" \
			"$outcome" "outcome of -z $*" || return
	timeout "$LIMIT" "$VCAT" -z --json "$@" >scans.json 2>scans.err || true
	expect "$(jq -r .outcome scans.json)" "$outcome" "--json of -z $*" &&
		expect "$(<scans.err)" "" "stderr of -z --json"
}

# silent_port: sets port to one that does not answer: its listener has been
# stopped, and its backlog is full.
silent_port() {
	local i
	start silent "$VCAT" -l -d tcp:any
	port_of silent
	pid_of silent
	kill -STOP "$pid"
	for i in 1 2 3 4; do
		start "waiting$i" "$VCAT" -w 0 "tcp:$port"
	done
	wait_until 10 backlog_full "$port"
}

# Nobody gets in any more.
backlog_full() {
	! timeout 0.3 bash -c ": <>/dev/tcp/127.0.0.1/$1"
}
