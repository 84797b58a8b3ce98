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

# nap: a short sleep without a fork, as forks cost much in the guest: it reads
# from a pipe from which nothing ever comes.
nap() {
	[[ ${nap_fd-} ]] || exec {nap_fd}<> <(:)
	read -rt 0.04 -u "$nap_fd" || true
}

# Ends what the test has left running, by pid, and removes its directory.
teardown() {
	local file
	for file in "$T"/*.pid; do
		[[ -e $file ]] && kill -- "-$(<"$file")" 2>/dev/null
	done
	# what has just been killed may still be writing its status
	cd / && wait_until 5 rm -rf "$T"
}

# vcat ARG...: the program, in the foreground.
vcat() {
	timeout "$LIMIT" "$VCAT" "$@"
}

# start NAME COMMAND...: runs it in the background in a process group of its
# own. Its stdin is what start's own is; NAME.out, NAME.err and, at its end,
# NAME.status tell of it. (In the guest a fork is cheap and an exec is not.)
# Another of that name has to end before: teardown would not know of it.
start() {
	local name=$1
	shift
	[[ ! -e $name.pid ]] || wait_until 5 test -s "$name.status" || {
		echo "start: $name is still running"
		return 1
	}
	# nothing that an earlier one of that name has left is read for this one's
	: >"$name.status"
	: >"$name.pid"
	: >"$name.out"
	: >"$name.err"
	{
		# in the background for its pid; of its own accord it is a group's
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

# stop NAME: ends it and all that it has started, and waits for that.
stop() {
	kill -- "-$(<"$1.pid")" && finish "$1"
}

# wait_until SECONDS COMMAND...: until it succeeds; fails when time is up.
wait_until() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" 2>/dev/null; do
		((SECONDS < end)) || return 1
		nap
	done
}

# port_of NAME: the port on which it says that it listens; sets port.
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

# pid_of NAME: the pid of the program itself that start runs; sets pid.
pid_of() {
	wait_until 5 pgrep -P "$(<"$1.pid")" || return
	pid=$(pgrep -P "$(<"$1.pid")")
}

# running NAME: it has not ended yet.
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

# each_fails: fails, of vcat, for each line of stdin:
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

# dead_guest: from now on the CID $DEAD belongs to a VM whose driver never comes
# up. To connect to it neither works nor fails: it takes until a time limit.
DEAD=9
dead_guest() {
	start guest "$TOOLS/dead-guest" "$DEAD" 60
	wait_until 10 grep -q ready guest.out
}

# silence: makes a fifo, silent, from which nothing comes, not even an end.
silence() {
	mkfifo silent
	# the descriptor that keeps it open is closed with the test
	# shellcheck disable=SC2034
	exec {silence_fd}<>silent
}

# timed COMMAND...: runs it; sets ms, how long it took, and status.
timed() {
	local began=${EPOCHREALTIME/[.,]/}
	status=0
	"$@" || status=$?
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

# scans STATUS OUTCOME OPTION... ADDRESS: -z tells that of it, to people and,
# by --json, to jq; and ends with STATUS.
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
