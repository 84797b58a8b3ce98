# What the tests of forwarding share: a target of any kind, a forwarder that
# listens on any kind, and the client's way in.
#
# shellcheck shell=bash disable=SC2034,SC2154

# What a VMM says to "CONNECT 52\n", which has 11 bytes.
OK=$'OK 1073741824\n'

# open_target NAME KIND ACTION...: a peer that plays the actions, behind a
# handshake if it is mux; sets target to its address, as -t takes it.
open_target() {
	local name=$1 kind=$2
	shift 2
	case $kind in
	unix)
		start "$name" "$PEER" -r "$name.up" listen "unix:$name.s" "$@"
		target=unix:$name.s
		;;
	mux)
		start "$name" "$PEER" -r "$name.up" listen "unix:$name.s" \
			read 11 text "$OK" "$@"
		target=mux:$name.s:52
		;;
	tcp)
		start "$name" "$PEER" -r "$name.up" listen tcp:127.0.0.1:0 "$@"
		;;
	vsock)
		start "$name" "$PEER" -r "$name.up" listen \
			vsock:1:4294967295 "$@"
		;;
	esac
	wait_until 10 test -e "$name.up"
	case $kind in
	tcp) target=tcp:127.0.0.1:$(<"$name.up") ;;
	vsock) target=1:$(<"$name.up") ;;
	esac
}

# forward NAME KIND OPTION...: vcat -l -k on a new address of that kind, with
# the options; sets near to it, as peer and crowd take it.
forward() {
	local name=$1 kind=$2
	shift 2
	case $kind in
	unix) start "$name" "$VCAT" -l -k "unix:$name.s" "$@" ;;
	mux) start "$name" "$VCAT" -l -k "mux:$name.s:700" "$@" ;;
	tcp) start "$name" "$VCAT" -l -k tcp:any "$@" ;;
	vsock) start "$name" "$VCAT" -l -k local:any "$@" ;;
	esac
	case $kind in
	unix) near=unix:$name.s ;;
	mux) near=unix:$name.s_700 ;;
	tcp) port_of "$name" && near=tcp:127.0.0.1:$port ;;
	vsock) port_of "$name" && near=vsock:1:$port ;;
	esac
	[[ $near != unix:* ]] || wait_until 10 test -S "${near#unix:}"
}

# client ACTION...: a peer that connects to near.
client() {
	timeout "$LIMIT" "$PEER" connect "$near" "$@"
}

# echo_server PATH: one that we did not write, and a process for each.
echo_server() {
	start echo socat -t 30 "UNIX-LISTEN:$1,fork,backlog=256" EXEC:cat
	wait_until 10 test -S "$1"
}

# 4 MB each way at once, all equal. On mux: half-closing has to be asked for.
both_ways() {
	open_target bulk "$2" save there seed 2 both 4000000
	forward bulk-forward "$1" --shutdown -t "$target"
	client save back seed 1 both 4000000
	finish bulk
	expect "$status" 0 "the target's status"
	same_bytes there sent-there
	same_bytes back sent-back
}

late_answer() {
	open_target late "$2" save question read-eof sleep 0.3 text answer
	forward late-forward "$1" --shutdown -t "$target"
	client save answer text question shutdown read-eof
	finish late
	expect "$status" 0 "the target's status"
	expect "$(<question)" question
	expect "$(<answer)" answer
}

# forwards NEAR FAR: the two, between these kinds.
forwards() {
	$PATTERN 1 4000000 >sent-there
	$PATTERN 2 4000000 >sent-back
	both_ways "$1" "$2"
	late_answer "$1" "$2"
	run -1 grep -hv "^listening on " bulk-forward.err late-forward.err
}

# What the program holds and has used; sets descriptors (without pipes: they come
# and go), pipes, rss (KiB), ticks.
look_at() {
	local stat
	pid_of "$1" >/dev/null
	descriptors=$(find "/proc/$pid/fd" -mindepth 1 ! -lname "pipe:*" | wc -l)
	pipes=$(find "/proc/$pid/fd" -lname "pipe:*" | wc -l)
	rss=$(awk '$1 == "VmRSS:" { print $2 }' "/proc/$pid/status")
	read -ra stat <"/proc/$pid/stat"
	ticks=$((stat[13] + stat[14]))
}

# same_memory BEFORE: within 1 MiB; a sanitizer holds on to what is freed.
same_memory() {
	[[ $BUILD == asan ]] || ((rss - $1 < 1024)) ||
		expect "$rss" "$1" "VmRSS in KiB"
}

# has_descriptors NAME COUNT: and no pipe to splice through; others have left some.
has_descriptors() {
	look_at "$1" && [[ $descriptors == "$2" ]] && ((pipes < 10))
}
