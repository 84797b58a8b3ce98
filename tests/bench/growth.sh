# How the cost grows: with the size of writes, with the number of forwards, and,
# in the row idle, with the number of connections. tests/bench/plot draws it.
#
# shellcheck shell=bash disable=SC2034,SC2154

readonly write_sizes='64 256 1024 4096 16384 65536 262144 1048576 4194304'

size_in_words() {
	if (($1 < 1024)); then
		echo "$1 B"
	elif (($1 < 1 << 20)); then
		echo "$(($1 >> 10)) KiB"
	else
		echo "$(($1 >> 20)) MiB"
	fi
}

# writes KIND COUNT MOST: into the dialer's stdin, a pipe; COUNT of each size, but
# no more than MOST bytes of them. Small ones beside all peers.
writes() {
	local size count=$2 most=$3 with_size=socat-b
	[[ $where == native ]] || with_size='' # saves half a minute
	address=$1 way=one files='' bytes=$most
	tune carry "writes over $1"
	for size in $write_sizes; do
		bytes=$((size * count < most ? size * count : most))
		files="-w $size"
		what bytes writes "$(size_in_words "$size") each, over $1"
		case $size in
		64 | 1024) in_turns carry vcat socat-b socat ncat limit ;;
		*) in_turns carry vcat $with_size limit ;;
		esac
	done
}

native_writes() {
	writes unix 250000 $((256 << 20))
}

guest_writes() {
	writes vsock 25000 $((64 << 20))
}

# The last of the forwards has the clients. The peers have no such thing: they run
# once for each forward.
native_forwards() {
	seconds=0.3
	for count in 1 3 10 30 100; do
		what ready forwards "$(forwards_in_words), unix to unix"
		in_turns ready vcat apart socat
	done
}

forwards_in_words() {
	if ((count == 1)); then
		echo "1 forward"
	else
		echo "$count forwards"
	fi
}

ready() {
	place unix
	from=$place
	place unix
	to=$place
	several_forwarders "$1"
	measure "$1" ready -t "$limit" -s "$seconds" "$from" "$to" -- "${words[@]}"
}

# several_forwarders TOOL: sets words; from is the address of the last one.
# shellcheck disable=SC2016 # the inner shell's
several_forwarders() {
	local i last
	case $1 in
	vcat | before)
		for ((i = 1; i <= count; i++)); do
			last=$from
			((i == count)) || last+=.$i
			echo "-l -k $last -t $to"
		done >forwards
		words=("${vcats[$1]}" -f forwards)
		;;
	apart)
		words=(sh -c 'for i in $(seq 2 "$3"); do
				"$0" -l -k "$1.$i" -t "$2" &
			done
			"$0" -l -k "$1" -t "$2"' "$vcat" "$from" "$to" "$count")
		;;
	socat)
		words=(sh -c 'for i in $(seq 2 "$2"); do
				socat "UNIX-LISTEN:$0.$i,fork" "UNIX-CONNECT:$1" &
			done
			socat "UNIX-LISTEN:$0,fork,backlog=128" "UNIX-CONNECT:$1"' \
			"${from#*:}" "${to#*:}" "$count")
		;;
	esac
}
