# The row vhost: a host and its guest with the kernel's vhost between them, in the
# machine host. One emulation runs in another, so only the ratios mean anything, and
# a program takes seconds to start in the guest: three runs at most. CPU time is that
# of the host's side.
#
# shellcheck shell=bash disable=SC2034,SC2154

pair_vhost() {
	GUEST=$PWD/guest VCAT=$vcat
	# shellcheck source=tests/vm/guest.bash
	. "$here/../vm/guest.bash"
	local trials=1 RUNS=$((RUNS < 3 ? RUNS : 3))
	bytes=$((8 << 20)) limit=50
	choices[socat-b]=$'65536\n262144'
	choices[limit]=$'-b 65536\n-b 262144 -p 1048576 -s 1048576'
	mkdir "$GUEST"
	start_guest >>"$errors"
	left_running+=("$(<"$GUEST/qemu.pid")")
	plug_vsock
	tell "truncate -s $bytes zeros" || return
	tune from_guest vhost
	what bytes vhost "from a file of the guest to a pipe of its host"
	in_turns from_guest vcat socat-b socat limit
	# the shell says that it was killed
	{ kill_guest && wait; } 2>>"$errors" || true
}

# tell SCRIPT: a shell of the guest runs it.
tell() {
	"$vcat" --retry=100 -w 60 3:1024 <<<"$1" >>"$errors" 2>&1
}

# from_guest TOOL: the first byte starts the clock, not the program in the guest.
# shellcheck disable=SC2016 # the inner shell's
from_guest() {
	local first script
	serial=$((serial + 1))
	script="$(dialer_in_guest "$1" "vsock:2:$((6000 + serial))") <zeros"
	listener "$1" "vsock:4294967295:$((6000 + serial))" one
	first=("${words[@]}")
	measure "$1" carry -t "$limit" -b "$bytes" -- "${first[@]}" \
		-- sh -c 'echo "$1" | "$0" -w 60 3:1024' "$vcat" "$script"
}

# dialer_in_guest TOOL ADDRESS: prints its words as they are there.
dialer_in_guest() {
	local bare_copy=bare-copy
	local -A vcats=([vcat]=vcat [before]=vcat)
	dialer "$1" "$2" one
	echo "${words[@]}"
}

wait_until() {
	local end=$((SECONDS + $1 + 1))
	shift
	until "$@" 2>/dev/null; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}
