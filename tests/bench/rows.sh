# The rows, a function each. native_ROW runs on this machine, guest_ROW in the
# test machine; a row may have both.
#
# shellcheck shell=bash disable=SC2034,SC2154,SC2206

readonly all_rows='vsock perf unix mux tcp writes forward files ssh rate delay '\
'start calls idle forwards scan vhost'

# The rows for which the kernel matters most.
readonly every_kernel='vsock perf'

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
	# so many that the start of both programs counts for little, see the row start
	address=vsock bytes=$((256 << 20)) way=one files='' only_pipes=0
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
	tune mux_carry mux limit
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

# floods TOOL...: for each of counts, one connection and many. At 64, ncat's two
# processes a connection, of 10 MiB each, would only cost the time of all others.
floods() {
	count=1
	tune flood "$from_kind to $to_kind"
	# shellcheck disable=SC2046 # words
	for count in $counts; do
		what bytes forward \
			"$from_kind to $to_kind, $(connections "$count")"
		case $count in
		1) in_turns flood "$@" socat-once ;;
		8) in_turns flood "$@" ;;
		64) in_turns flood $(without ncat "$@") ;;
		esac
	done
}

# each_pair FUNCTION PAIR...: with the kinds of each pair, FROM-TO.
each_pair() {
	local pair function=$1
	shift
	for pair in "$@"; do
		from_kind=${pair%-*} to_kind=${pair#*-}
		"$function"
	done
}

# forwarders TOOL...: prints those that can serve the pair.
forwarders() {
	if [[ $to_kind == vsock ]]; then
		without proxyd "$@"
	else
		printf '%s\n' "$@"
	fi
}

native_forward() {
	bytes=$((512 << 20)) counts='1 8 64'
	each_pair flood_pair tcp-unix unix-tcp
}

guest_forward() {
	bytes=$((64 << 20)) counts='1 8 64'
	each_pair flood_pair tcp-vsock
	counts='1 8'
	each_pair flood_pair unix-vsock vsock-unix vsock-tcp
}

# shellcheck disable=SC2046 # words
flood_pair() {
	if [[ $where == native ]]; then
		floods $(forwarders vcat proxyd socat-b socat ncat limit direct)
	else
		floods $(forwarders vcat proxyd socat-b socat limit direct)
	fi
}

# For one client and for 64. An ncat starts another for each connection: it takes
# half a second to do so in the guest, and here too long for 64.
# shellcheck disable=SC2046 # words
rate_pair() {
	for count in 1 64; do
		what rate rate "$from_kind to $to_kind, $count at once"
		if [[ $where-$count == native-1 ]]; then
			in_turns rate $(forwarders vcat proxyd socat ncat limit direct)
		else
			in_turns rate $(forwarders vcat proxyd socat limit direct)
		fi
	done
}

native_rate() {
	seconds=0.5 message=1
	each_pair rate_pair unix-unix tcp-unix tcp-tcp
}

guest_rate() {
	seconds=0.5 message=1
	each_pair rate_pair tcp-vsock vsock-unix
}

# shellcheck disable=SC2046 # words
delay_pair() {
	for message in $messages; do
		what delay delay "$from_kind to $to_kind, $message bytes, one processor"
		in_turns delay $(forwarders vcat proxyd socat ncat limit direct)
	done
}

# On one processor: on two, whether the programs share one is a matter of luck, and
# counts for more than what they do.
native_delay() {
	rounds=3000 messages='1 1024'
	pin 0
	each_pair delay_pair unix-unix tcp-unix unix-tcp tcp-tcp
	pin "0-$(($(nproc --all) - 1))"
}

guest_delay() {
	rounds=150 messages='1 1024'
	pin 0
	each_pair delay_pair tcp-vsock
	messages=1
	each_pair delay_pair vsock-tcp unix-vsock vsock-unix
	pin "0-$(($(nproc --all) - 1))"
}

# pin PROCESSORS: this shell, and what it starts.
pin() {
	taskset -cp "$1" "$BASHPID" >/dev/null
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
	bytes=$((16 << 20)) address=unix way=one files=''
	tune carry calls
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
	seconds=0.3 from_kind=unix to_kind=unix
	for count in 1 10 100 1000 "$(most_connections)"; do
		what idle idle "$(connections "$count"), all silent"
		case $count in
		1) in_turns idle vcat proxyd socat ncat limit ;;
		10 | 100 | 1000) in_turns idle vcat proxyd socat limit ;;
		*) in_turns idle vcat ;;
		esac
	done
}

# vsock_perf sends one buffer again and again and drops what comes; a vcat has
# zeros and /dev/null. Its time includes the start of both programs.
guest_perf() {
	bytes=$((256 << 20)) address=vsock way=one files=''
	rm -f zeros
	truncate -s "$bytes" zeros
	tune perf perf limit vsock_perf
	what bytes perf "memory to nothing over vsock"
	in_turns perf vcat pipes vsock_perf limit
	rm -f zeros perf.out
}

perf() {
	local first second options=() check=
	if [[ $1 == pipes ]]; then
		carry vcat pipes
		return
	fi
	place vsock
	case $1 in
	vcat | before)
		options=(-i zeros -o /dev/null)
		first=("${vcats[$1]}" -l "$place")
		second=("${vcats[$1]}" "$place")
		;;
	vsock_perf)
		options=(-o perf.out) check=all_of_perf
		first=("$vsock_perf" $perf_options --port "${place##*:}")
		second=("${first[@]}" --sender 1 --bytes "$bytes")
		;;
	limit)
		first=("$bare_copy" $limit_options -u -n listen "$place")
		second=("$bare_copy" $limit_options -u -m "$bytes" connect
			"$place")
		;;
	esac
	measure "$1" transfer -t "$limit" -b "$bytes" "${options[@]}" \
		-- "${first[@]}" -- "${second[@]}"
}

# What the receiver has counted.
all_of_perf() {
	grep -qx "total bytes received: $bytes" perf.out
}

# Port by port where a tool knows no more than one at a time: in a loop, and
# over fewer of them. Port 9 is open, so that there is something to find.
guest_scan() {
	local opener
	what scan scan "which ports of the loopback are open?"
	socat -u VSOCK-LISTEN:9,fork OPEN:/dev/null,wronly &
	opener=$!
	left_running+=("$opener")
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
