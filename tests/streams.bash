# For bats files about the bytes of a connection. It loads helper.
#
# shellcheck shell=bash disable=SC2034,SC2154

load helper

FEW=1000
MIB=$((1024 * 1024))
MANY=$((8 * MIB))
FREE_PORT=vsock:4294967295:4294967295

# What the two sides send: 16 MiB each, of the peer's seeds 1 and 2. OURS.N is
# the first N bytes of ours, OURS.N.more the next N.
OURS=$BATS_FILE_TMPDIR/ours
THEIRS=$BATS_FILE_TMPDIR/theirs

setup_file() {
	local count
	"$PATTERN" 1 $((2 * MANY)) >"$OURS"
	"$PATTERN" 2 $((2 * MANY)) >"$THEIRS"
	for count in $FEW $MANY; do
		head -c "$count" "$OURS" >"$OURS.$count"
		tail -c +$((count + 1)) "$OURS" | head -c "$count" >"$OURS.$count.more"
	done
	head -c $MANY "$THEIRS" >"$THEIRS.$MANY"
}

# await FILE: waits until it exists; also for scripts.
await() {
	until [[ -e $1 ]]; do
		sleep 0.02
	done
}
export -f await

# feed SCRIPT: makes a fifo, stdin, that carries the output of SCRIPT.
feed() {
	mkfifo stdin
	start feed bash -c "{ $1; } >stdin"
}

# start NAME "${into[@]}" FILE COMMAND...: its stdout is FILE.
# shellcheck disable=SC2016 # expanded by the inner shell
into=(bash -c 'exec "${@:2}" >"$1"' -)

# peer_listens ACTION...: starts a peer on a free port; sets port.
peer_listens() {
	start peer "$PEER" listen $FREE_PORT "$@"
	port_of peer
}

# begins FILE COUNT WHOLE: FILE consists of the first COUNT bytes of WHOLE.
begins() {
	cmp "$1" <(head -c "$2" "$3")
}

# received NAME COUNT WHOLE: the peer NAME printed that it received the first
# COUNT bytes of WHOLE.
received() {
	local sum
	sum=$(head -c "$2" "$3" | sha256sum)
	expect_in "$1.out" "received $2 ${sum%% *}"
}

# holds FILE COUNT: it has COUNT bytes or more.
holds() {
	(($(stat -c %s "$1") >= $2))
}

# small NAME: the running vcat NAME has never used 4 MiB of memory.
small() {
	local key most
	[[ $BUILD == release ]] || return 0 # sanitizers take more
	pid_of "$1"
	while read -r key most _; do
		[[ $key != VmHWM: ]] || break
	done <"/proc/$pid/status"
	((most < 4096)) || {
		echo "$1 has held $most KiB of memory"
		return 1
	}
}
