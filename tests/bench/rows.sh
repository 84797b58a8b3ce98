# The rows, a function each. native_ROW runs on this machine, guest_ROW in the
# test machine; a row may have both.
#
# shellcheck shell=bash disable=SC2034,SC2154,SC2206

readonly all_rows='vsock unix mux tcp forward files rate delay start calls '\
'idle scan'

# shapes NAME: three kinds of source and destination, one way and both.
shapes() {
	local name=$1 tools
	for way in one both; do
		make_files
		files='' tools='vcat socat-b socat ncat limit'
		say_way "$name" "pipe to pipe"
		# shellcheck disable=SC2086 # words
		in_turns carry $tools
		((only_pipes)) && continue
		files='-i file -o out' tools='vcat socat-b limit'
		say_way "$name" "file to file"
		# shellcheck disable=SC2086 # words
		in_turns carry $tools
		files='-i zeros -o /dev/null'
		say_way "$name" "zeros to /dev/null"
		# shellcheck disable=SC2086 # words
		in_turns carry $tools
	done
	rm -f zeros file out out.2
}

# The files that one direction sends.
make_files() {
	local size=$bytes
	[[ $way == one ]] || size=$((bytes / 2))
	rm -f zeros
	truncate -s "$size" zeros
	head -c "$size" /dev/urandom >file
	cat zeros file >/dev/null # neither is read for the first time
}

say_way() {
	case $way in
	one) what bytes "$1" "$2, one way" ;;
	both) what bytes "$1" "$2, both ways at once" ;;
	esac
}

guest_vsock() {
	address=vsock bytes=$((128 << 20)) way=one files='' only_pipes=0
	tune carry vsock
	shapes vsock
}

native_unix() {
	address=unix bytes=$((512 << 20)) way=one files='' only_pipes=0
	tune carry unix
	shapes unix
}

native_tcp() {
	address=tcp bytes=$((512 << 20)) way=one files='' only_pipes=1
	tune carry tcp
	shapes tcp
}

# To a stand-in for a VMM that takes all; the peers cannot shake hands.
native_mux() {
	bytes=$((512 << 20))
	what bytes mux "pipe to a VMM, one way"
	in_turns mux_carry vcat limit
}

mux_carry() {
	local first dial
	place unix
	first=("$bare_copy" $limit_options -u -H listen "$place")
	case $1 in
	vcat | before) dial=("${vcats[$1]}" --send-only "mux:${place#*:}:1234") ;;
	limit) dial=("$bare_copy" $limit_options -u -H connect "$place") ;;
	esac
	measure "$1" carry -t "$limit" -b "$bytes" \
		-- "${first[@]}" -- "${dial[@]}"
}

# connections N: that many of them.
connections() {
	if [[ $1 == 1 ]]; then
		echo "1 connection"
	else
		echo "$1 connections"
	fi
}

without() {
	local word left=$1
	shift
	for word in "$@"; do
		[[ $word == "$left" ]] || echo "$word"
	done
}

# floods TOOL...: for one connection and for many. At 64, ncat's two processes a
# connection, of 10 MiB each, would only cost the time of all others.
floods() {
	count=1
	tune flood "$from_kind to $to_kind"
	# shellcheck disable=SC2046 # words
	for count in 1 8 64; do
		what bytes forward \
			"$from_kind to $to_kind, $(connections $count)"
		case $count in
		1) in_turns flood "$@" socat-once ;;
		8) in_turns flood "$@" ;;
		64) in_turns flood $(without ncat "$@") ;;
		esac
	done
}

native_forward() {
	bytes=$((512 << 20))
	from_kind=tcp to_kind=unix
	floods vcat socat-b socat ncat limit direct
	from_kind=unix to_kind=tcp
	floods vcat socat-b socat ncat limit direct
}

guest_forward() {
	bytes=$((64 << 20)) from_kind=tcp to_kind=vsock
	floods vcat socat-b socat limit direct
}

# rates TOOL...: for one client and for 64.
rates() {
	for count in 1 64; do
		what rate rate "$from_kind to $to_kind, $count at once"
		in_turns rate "$@"
	done
}

native_rate() {
	seconds=0.5 message=1
	from_kind=unix to_kind=unix
	rates vcat socat ncat limit direct
	from_kind=tcp to_kind=unix
	rates vcat socat ncat limit direct
}

# An ncat takes half a second to start there.
guest_rate() {
	seconds=0.5 message=1 from_kind=tcp to_kind=vsock
	rates vcat socat limit direct
}

delays() {
	for message in 1 1024; do
		what delay delay "$from_kind to $to_kind, $message bytes"
		in_turns delay vcat socat ncat limit direct
	done
}

native_delay() {
	rounds=3000 from_kind=tcp to_kind=unix
	delays
	from_kind=unix to_kind=unix
	delays
}

guest_delay() {
	rounds=150 from_kind=tcp to_kind=vsock
	delays
}

native_start() {
	what start start "say the version"
	in_turns version vcat socat ncat limit
	what start start "connect, see the end, close"
	in_turns visit vcat socat ncat limit
}

version() {
	case $1 in
	vcat | before) words=("${vcats[$1]}" -V) ;;
	socat) words=(socat -V) ;;
	ncat) words=(ncat --version) ;; # to stderr
	limit) words=("$bare_copy" -h) ;;
	esac
	measure "$1" start -n 20 -- "${words[@]}"
}

visit() {
	place unix
	dialer "$1" "$place" both
	measure "$1" visit -n 20 "$place" -- "${words[@]}"
}

native_calls() {
	bytes=$((16 << 20)) address=unix way=one
	what calls calls "pipe to pipe over unix"
	in_turns calls vcat socat-b socat ncat limit
}

# strace -D leaves the command its own parent, and so its own place in /proc.
calls() {
	local first said
	place unix
	rm -f calls.1 calls.2
	listener "$1" "$place" one
	first=("${words[@]}")
	dialer "$1" "$place" one
	said=$(run_load carry -t "$limit" -b "$bytes" \
		-- strace -D -f -c -o calls.1 "${first[@]}" \
		-- strace -D -f -c -o calls.2 "${words[@]}")
	# shellcheck disable=SC2086 # keys and values are words
	record "$1" $said calls \
		"$(awk '$NF == "total" { sum += $4 } END { print sum + 0 }' \
			calls.1 calls.2)"
}

# 10,000, or as many as the limit allows that even root may be under.
most_connections() {
	local files
	files=$(ulimit -Hn)
	if [[ $files == unlimited || $files -ge 20200 ]] ||
		ulimit -Hn 20200 2>/dev/null; then
		echo 10000
	else
		echo $(((files - 100) / 2))
	fi
}

# A peer has a process or two for each connection; 10,000 of them are not for
# every machine.
native_idle() {
	seconds=0.5 from_kind=unix to_kind=unix
	for count in 1 100 1000 "$(most_connections)"; do
		what idle idle "$(connections "$count"), all silent"
		case $count in
		1) in_turns idle vcat socat ncat limit ;;
		100 | 1000) in_turns idle vcat socat limit ;;
		*) in_turns idle vcat ;;
		esac
	done
}

# Port by port where a tool knows no more than one at a time: in a loop, and
# over fewer of them. Port 9 is open, so that there is something to find.
guest_scan() {
	local opener
	what scan scan "which ports of the loopback are open?"
	socat -u VSOCK-LISTEN:9,fork OPEN:/dev/null,wronly &
	opener=$!
	in_turns scan vcat socat ncat
	kill "$opener"
}

scan() {
	local ports=$1 said
	# shellcheck disable=SC2016 # the inner shell's
	case $1 in
	vcat)
		ports=65536
		words=("$vcat" -z 1:0-65535)
		;;
	socat)
		ports=100
		words=(sh -c 'for port in $(seq 0 99); do
			socat -u /dev/null VSOCK-CONNECT:1:$port 2>/dev/null
		done; true')
		;;
	ncat)
		ports=20
		words=(sh -c 'for port in $(seq 0 19); do
			ncat -z --vsock 1 $port
		done; true')
		;;
	esac
	said=$(run_load start -n 1 -t 50 -- "${words[@]}")
	# shellcheck disable=SC2086 # keys and values are words
	record "$1" $said ports "$ports"
}
