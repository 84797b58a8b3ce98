# What the bats files share: where the programs are, and how a test runs
# several of them at once without hanging or leaving one behind.
#
# Every bats file begins with
#	# machine: loopback	(or another row of tests/machines)
#	load helper
#
# shellcheck shell=bash disable=SC2034

TOP=$(cd "${BATS_TEST_DIRNAME:?}/.." && pwd)
BUILD=${BUILD:-release}
VCAT=$TOP/build/$BUILD/vcat
TOOLS=$TOP/build/$BUILD/tools
PEER=$TOOLS/peer
PATTERN=$TOOLS/pattern

# No test takes longer; what hangs is killed and fails by its status, 124.
LIMIT=${LIMIT:-60}

# A test's own directory, for sockets too: the path must stay short.
setup() {
	T=$(mktemp -d /tmp/vcat.XXXXXX)
	cd "$T" || return
}

# Ends what the test has left running, by pid, and removes its directory.
teardown() {
	local file
	for file in "$T"/*.pid; do
		[[ -e $file ]] && kill -- "-$(<"$file")" 2>/dev/null
	done
	cd / && rm -rf "$T"
}

# vcat ARG...: the program, in the foreground.
vcat() {
	timeout "$LIMIT" "$VCAT" "$@"
}

# start NAME COMMAND...: runs it in the background in a process group of its
# own. Its stdin is what start's own is; NAME.out, NAME.err and, at its end,
# NAME.status tell of it.
start() {
	local name=$1
	shift
	# nothing that an earlier one of that name has left is read for this one's
	rm -f "$name.status" "$name.pid"
	: >"$name.out"
	: >"$name.err"
	# bats waits for whoever holds descriptor 3
	# shellcheck disable=SC2016 # expanded by the inner shell
	setsid bash -c 'echo $$ >"$0.pid.new" && mv "$0.pid.new" "$0.pid"
		timeout --foreground "$LIMIT_START" "$@" >"$0.out" 2>"$0.err"
		echo $? >"$0.status.new" && mv "$0.status.new" "$0.status"' \
		"$name" "$@" 3>&- <&0 &
	wait_until 5 test -e "$name.pid"
}
export LIMIT_START=$LIMIT

# finish NAME [SECONDS]: waits for its end and sets status to its exit status.
finish() {
	wait_until "${2:-$LIMIT}" test -e "$1.status" || {
		echo "$1 has not ended; its stderr:"
		cat "$1.err"
		return 1
	}
	status=$(<"$1.status")
}

# wait_until SECONDS COMMAND...: until it succeeds; fails when time is up.
wait_until() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" 2>/dev/null; do
		((SECONDS < end)) || return 1
		sleep 0.02
	done
}

# port_of NAME: the port on which it says that it listens; sets port.
port_of() {
	wait_until 10 grep -qE '^(listening on|port) ' "$1.err" "$1.out" || {
		echo "$1 does not listen; its stderr:"
		cat "$1.err"
		return 1
	}
	port=$(sed -nE 's/^(listening on .*:|port )([0-9]+)$/\2/p' \
		"$1.err" "$1.out" | head -n 1)
}

# pid_of NAME: the pid of the program itself that start runs; sets pid.
pid_of() {
	local limiter
	limiter=$(pgrep -P "$(<"$1.pid")")
	wait_until 5 pgrep -P "$limiter" || return
	pid=$(pgrep -P "$limiter")
}

# running NAME: it has not ended yet.
running() {
	[[ ! -e $1.status ]]
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

# expect VALUE WANTED [WHAT]: an equality that says what it saw.
expect() {
	[[ $1 == "$2" ]] || {
		echo "${3:-value}: got '$1', wanted '$2'"
		return 1
	}
}

# expect_in FILE TEXT: the file has that text in some line.
expect_in() {
	grep -qF -- "$2" "$1" || {
		echo "no '$2' in $1:"
		cat "$1"
		return 1
	}
}

# fails STATUS MESSAGE HINT COMMAND...: it ends with STATUS, prints nothing on
# stdout and, on stderr, "vcat: MESSAGE" and one line of hint with HINT in it;
# no hint at all if HINT is empty.
fails() {
	local wanted=$1 message=$2 hint=$3 got=0
	shift 3
	timeout "$LIMIT" "$@" >fails.out 2>fails.err || got=$?
	{
		expect "$got" "$wanted" "status" &&
			expect "$(<fails.out)" "" "stdout" &&
			expect "$(head -n 1 fails.err)" "vcat: $message" "message" &&
			expect "$(grep -c '^vcat: ' fails.err)" 1 "messages" &&
			expect "$(wc -l <fails.err)" "$([[ $hint ]] && echo 2 || echo 1)" \
				"lines" &&
			{ [[ ! $hint ]] ||
				[[ $(sed -n 2p fails.err) == "hint: "*"$hint"* ]]; }
	} || {
		echo "$* wanted $wanted '$message' '$hint'; its stderr:"
		cat fails.err
		return 1
	}
}

# timed COMMAND...: runs it; sets ms, how long it took, and status.
timed() {
	local began=${EPOCHREALTIME/[.,]/}
	status=0
	timeout "$LIMIT" "$@" || status=$?
	# shellcheck disable=SC2034 # for the caller
	ms=$(((${EPOCHREALTIME/[.,]/} - began) / 1000))
}

# expect_ms LEAST MOST: what timed measured lies between.
expect_ms() {
	((ms >= $1 && ms <= $2)) || {
		echo "took $ms ms, wanted $1 to $2"
		return 1
	}
}
