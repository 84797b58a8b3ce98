# What surrounds a job of jobs.bash: its directories, its servers, the vcat that is
# looked at and the peers of that. Whoever sources this has set top; limit, the seconds
# that a program may take; seconds, those that a gauge measures; and patience, those
# that it waits.
#
# shellcheck shell=bash disable=SC2034,SC2154,SC2317 # variables shared with jobs.bash

readonly VCAT=$top/build/${BUILD:-release}/vcat
readonly TOOLS=$top/build/${BUILD:-release}/tools
readonly PEER=$TOOLS/peer PATTERN=$TOOLS/pattern

# Options that the vcat that is looked at gets in every job.
read -ra vcat_options <<<"${VCAT_OPTIONS-}"

# Others that one case needs.
case_options=()

# shellcheck source=tests/faults/jobs.bash
. "$top/tests/faults/jobs.bash"

# Bytes that a case moves.
readonly amount=200000

# suspect ARG...: the vcat with the faults, in the background; sets pid.
suspect() {
	timeout -s KILL "$limit" "${under[@]}" "$VCAT" "${vcat_options[@]}" "${case_options[@]}" "$@" <&0 &
	pid=$!
}

# ended: waits for the suspect; sets status.
ended() {
	status=0
	wait "$pid" || status=$?
}

# peer_of ARG...: a sound peer in the background, which ends soon after the
# suspect; sets peer.
peer_of() {
	timeout -s KILL "$limit" "$@" <&0 &
	peer=$!
}

# Whoever speaks to a suspect that has failed has nobody to wait for.
peer_ended() {
	[[ $status == 0 ]] || kill "$peer" 2>/dev/null
	peer_status=0
	wait "$peer" || peer_status=$?
}

alive() {
	kill -0 "$pid" 2>/dev/null
}

# await COMMAND...: until it succeeds; fails if the suspect has ended.
await() {
	until "$@"; do
		alive || return
		nap
	done
}

nap() {
	read -rt 0.004 -u "$nap_fd" || true
}

same() {
	cmp -s "$1" "$2"
}

judge() {
	whole=no
	! "$@" || whole=yes
}

# The fault may have taken the line, and then strace has it.
says_port() {
	port=$(sed -nE 's/.*listening on [^ ]*:([1-9][0-9]*)(\\n.*)?$/\1/p' err \
		"$home/trace" | head -n 1)
	[[ $port ]]
}

# Servers of a whole job, which serve one case after the other.

serve() {
	timeout -s KILL 1200 "$@" 2>"$home/server.err" &
	servers+=("$!")
}

serve_echo() {
	serve socat -t 10 "UNIX-LISTEN:$home/echo,fork,backlog=64" EXEC:cat
	until [[ -S $home/echo ]]; do nap; done
}

tcp_port() {
	tcp=$(sed -nE 's/.* listening on .*:([0-9]+)$/\1/p' "$home/tcp.log")
	[[ $tcp ]]
}

serve_tcp_echo() {
	: >"$home/tcp.log"
	serve socat -dd -lf "$home/tcp.log" -t 10 \
		TCP-LISTEN:0,fork,backlog=64,bind=127.0.0.1 EXEC:cat
	until tcp_port; do nap; done
}

make_home() {
	home=$(mktemp -d /tmp/faults.XXXXXX)
	servers=()
	exec {nap_fd}<> <(:)
	"$PATTERN" 1 "$amount" >"$home/data"
	"$PATTERN" 2 "$amount" >"$home/back"
	mkdir -p "$home/tree/d"
	"$PATTERN" 3 700000 >"$home/tree/big"
	echo small >"$home/tree/d/small"
	: >"$home/tree/empty"
	ln -s big "$home/tree/link"
	truncate -s 1M "$home/tree/holes"
	echo middle | dd of="$home/tree/holes" bs=1 seek=500000 conv=notrunc \
		status=none
	! declare -F "before_$job" >/dev/null || "before_$job"
}

leave_home() {
	cd / && kill "${servers[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$home"
}

# run_job: the job once, as under says, in an empty directory.
run_job() {
	rm -rf "$home/case"
	mkdir "$home/case"
	cd "$home/case" || exit
	: >err
	"job_$job" 2>/dev/null
}
