# What is measured: vcat, its peers and the limit, and how each is told to
# listen, to dial and to forward. The functions set the array words.
#
# The tools: vcat; socat with its default block and socat-b with its best;
# socat-once, which forwards one connection without a process for it; ncat;
# proxyd, which is systemd-socket-proxyd; limit, which is tests/tools/bare-copy;
# direct, which is no forwarder at all; before, which is another vcat (BEFORE), to
# be compared with this one.
#
# shellcheck shell=bash disable=SC2034,SC2154,SC2206

readonly proxyd=/lib/systemd/systemd-socket-proxyd

declare -A vcats=([vcat]=$vcat [before]=${BEFORE-})

label_of() {
	case $group:$1 in
	files:vcat) echo "vcat --files" ;;
	files:before) echo "vcat --files, before" ;;
	files:plain) echo "vcat <file" ;;
	files:tar) echo "tar | vcat | tar" ;;
	files:each) echo "vcat <file, $count times" ;;
	files:scp)
		if ((count > 1)); then
			echo "scp -r, $count files"
		else
			echo "scp, $((bytes >> 20)) MiB"
		fi
		;;
	perf:vcat) echo "vcat <zeros >/dev/null" ;;
	perf:pipes) echo "vcat from pipe to pipe" ;;
	ssh:vcat) echo "vcat -F" ;;
	ssh:before) echo "vcat -F, before" ;;
	ssh:piped) echo "vcat" ;;
	ssh:nc) echo "nc -F" ;;
	ssh:direct) echo "no ProxyCommand" ;;
	forwards:vcat) echo "vcat -f" ;;
	forwards:apart) echo "vcat, a process each" ;;
	forwards:socat) echo "socat, a process each" ;;
	*) label_of_tool "$1" ;;
	esac
}

label_of_tool() {
	case $1 in
	socat-b) echo "socat -b $((socat_block / 1024))K" ;;
	socat-once) echo "socat -b $((socat_block / 1024))K, no fork" ;;
	direct) echo "no forwarder" ;;
	before) echo "vcat before" ;;
	proxyd) echo "systemd-socket-proxyd" ;;
	*) echo "$1" ;;
	esac
}

# promise_of TOOL: what it promises about files, in a few words.
promise_of() {
	case $group:$1 in
	files:vcat | files:before) echo "verified, atomic, synced" ;;
	files:scp) echo "encrypted, not atomic" ;;
	files:*) echo "nothing checked" ;;
	esac
}

# The address as socat has it; listening when $2 is LISTEN.
socat_address() {
	local kind=${1%%:*} rest=${1#*:} side=$2
	case $kind:$side in
	vsock:LISTEN) echo "VSOCK-LISTEN:${rest#*:}" ;;
	tcp:LISTEN) echo "TCP-LISTEN:${rest#*:},bind=${rest%:*},reuseaddr" ;;
	*) echo "${kind^^}-$side:$rest" ;;
	esac
}

# The address as ncat has it, in words; -l goes before.
ncat_address() {
	local kind=${1%%:*} rest=${1#*:}
	case $kind in
	vsock) echo "--vsock ${rest/:/ }" ;;
	tcp) echo "${rest/:/ }" ;;
	unix) echo "-U $rest" ;;
	esac
}

# ncat 7.93 wants no CID where it listens.
ncat_listening() {
	case $1 in
	vsock:*) echo "--vsock ${1##*:}" ;;
	*) ncat_address "$1" ;;
	esac
}

# 30 s instead of 0.5 for the other direction, once one has ended.
socat_options() {
	case $1 in
	socat) echo "-t 30" ;;
	*) echo "-t 30 -b $socat_block" ;;
	esac
}

one_way() {
	[[ $2 != one ]] || echo "$1"
}

# listener TOOL ADDRESS one|both
# shellcheck disable=SC2207,SC2046,SC2206 # words
listener() {
	case $1 in
	vcat | before) words=("${vcats[$1]}" -l "$2") ;;
	socat | socat-b)
		if [[ $3 == one ]]; then
			words=(socat $(socat_options "$1") -u
				"$(socat_address "$2" LISTEN)" -)
		else
			words=(socat $(socat_options "$1") -
				"$(socat_address "$2" LISTEN)")
		fi
		;;
	ncat) words=(ncat -l $(one_way --recv-only "$3")
		$(ncat_listening "$2")) ;;
	limit) words=("$bare_copy" $limit_options $(one_way -u "$3") listen
		"$2") ;;
	esac
}

# dialer TOOL ADDRESS one|both
# shellcheck disable=SC2207,SC2046,SC2206 # words
dialer() {
	case $1 in
	vcat | before) words=("${vcats[$1]}" "$2") ;;
	socat | socat-b) words=(socat $(socat_options "$1")
		$(one_way -u "$3") - "$(socat_address "$2" CONNECT)") ;;
	ncat) words=(ncat $(one_way --send-only "$3") $(ncat_address "$2")) ;;
	limit) words=("$bare_copy" $limit_options $(one_way -u "$3") connect
		"$2") ;;
	esac
}

# The address as systemd-socket-proxyd has it; it cannot dial vsock.
proxyd_address() {
	case $1 in
	unix:*) echo "$PWD/${1#*:}" ;;
	*) echo "${1#*:}" ;;
	esac
}

# forwarder TOOL FROM TO; for direct there are no words. systemd-socket-activate
# would start proxyd within the time that is measured.
# shellcheck disable=SC2207,SC2046,SC2206 # words
forwarder() {
	local listening
	listening=$(socat_address "$2" LISTEN),backlog=128
	words=()
	case $1 in
	vcat | before) words=("${vcats[$1]}" -l -k "$2" -t "$3") ;;
	socat | socat-b) words=(socat $(socat_options "$1")
		"$listening,fork" "$(socat_address "$3" CONNECT)") ;;
	socat-once) words=(socat $(socat_options "$1")
		"$listening" "$(socat_address "$3" CONNECT)") ;;
	ncat) words=(ncat -l -k -m 10000 $(ncat_listening "$2")
		--sh-exec "exec ncat $(ncat_address "$3")") ;;
	proxyd) words=("$with_socket" "$2" "$proxyd"
		--connections-max=20000 "$(proxyd_address "$3")") ;;
	limit) words=("$bare_copy" $limit_options forward "$2" "$3") ;;
	esac
}
