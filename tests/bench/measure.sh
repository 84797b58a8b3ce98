# One measurement, several of them in turns, and the search for the best sizes
# of those that have sizes.
#
# shellcheck shell=bash disable=SC2034,SC2154,SC2206

# What compares the files that have arrived, called with the tool, if any.
check=

# A tool that has run out of time in a case is not tried there again.
declare -A out_of_time=()
serial=0

# place KIND [SUFFIX]: sets place to an address that nobody has used.
place() {
	serial=$((serial + 1))
	case $1 in
	vsock) place=vsock:1:$((5000 + serial)) ;;
	unix) place=unix:s$serial ;;
	tcp) place=tcp:127.0.0.1:$((20000 + ($$ + serial) % 12000)) ;;
	esac
}

# what KIND GROUP TITLE: names the measurements that follow. KIND tells the
# summary what is looked at: bytes, files, rate, delay, idle, start, calls.
what() {
	kind=$1 group=$2 title=$3
	echo "bench: $group: $title" >&2
}

# record TOOL KEY VALUE...: a line in the raw results.
record() {
	local tool=$1 label promise
	shift
	label=$(label_of "$tool")
	promise=$(promise_of "$tool")
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$where" "$group" \
		"$title" "$kind" "$tool" "$label" "$*" "$promise" >>"$raw"
}

# measure TOOL LOAD-ARGUMENT...: runs load and records what it prints.
measure() {
	local tool=$1 key="$group/$title/$1" said
	local began=${EPOCHREALTIME/[.,]/}
	shift
	if [[ ${out_of_time[$key]-} ]]; then
		record "$tool" result not-tried
		return
	fi
	said=$(run_load "$@")
	[[ $said != *timed-out* ]] || out_of_time[$key]=1
	[[ $said != *"result ok"* || ! $check ]] || "$check" "$tool" ||
		said=${said/result ok/result lost}
	# shellcheck disable=SC2086 # keys and values are words
	record "$tool" $said wall_ms $(((${EPOCHREALTIME/[.,]/} - began) / 1000))
}

# Prints what load says, in a line; load ends by itself before timeout does.
run_load() {
	local said
	said=$(timeout -k 5 60 "$load" "$@" 2>>"$errors") || true
	[[ $said == *result* ]] || said+=" result failed"
	echo "${said//$'\n'/ }"
}

# in_turns FUNCTION TOOL...: RUNS times, each time all tools, one after the
# other, so that what disturbs the machine disturbs all of them. With BEFORE
# only the two vcats and the limit.
in_turns() {
	local function=$1 run tool tools=()
	shift
	for tool in "$@"; do
		case ${BEFORE:+$tool} in
		vcat) tools+=(vcat before) ;;
		'' | limit) tools+=("$tool") ;;
		esac
	done
	for ((run = 0; run < RUNS; run++)); do
		for tool in "${tools[@]}"; do
			"$function" "$tool"
		done
	done
}

# --- bytes through two commands ----------------------------------------

# carry TOOL: uses address (its kind), way, files (load's options) and bytes,
# of which each direction has its share.
carry() {
	local first both=()
	[[ $way == one ]] || both=(-2)
	place "$address"
	listener "$1" "$place" "$way"
	first=("${words[@]}")
	dialer "$1" "$place" "$way"
	# shellcheck disable=SC2086 # options are words
	measure "$1" carry -t "$limit" "${both[@]}" \
		-b $((bytes / (${#both[@]} + 1))) $files \
		-- "${first[@]}" -- "${words[@]}"
}

# --- bytes through a forwarder -------------------------------------------

# forwarding TOOL: sets words, from and to; uses from_kind and to_kind.
forwarding() {
	place "$from_kind"
	from=$place
	place "$to_kind"
	to=$place
	forwarder "$1" "$from" "$to"
}

# flood TOOL: the bytes are spread over count connections.
flood() {
	forwarding "$1"
	measure "$1" flood -t "$limit" -n "$count" -b $((bytes / count)) \
		"$from" "$to" -- "${words[@]}"
}

rate() {
	forwarding "$1"
	measure "$1" rate -t "$limit" -n "$count" -s "$seconds" \
		"$from" "$to" -- "${words[@]}"
}

delay() {
	forwarding "$1"
	measure "$1" delay -t "$limit" -m "$message" -r "$rounds" \
		"$from" "$to" -- "${words[@]}"
}

idle() {
	forwarding "$1"
	measure "$1" idle -t "$limit" -n "$count" -s "$seconds" \
		"$from" "$to" -- "${words[@]}"
}

# --- the best sizes -------------------------------------------------------

readonly socat_blocks='16384 65536 262144 1048576'
readonly limit_choices='-b 65536
-b 262144
-b 262144 -p 1048576
-b 262144 -p 1048576 -s 1048576
-b 1048576 -p 1048576 -s 4194304'

# Microseconds of the faster of two runs of FUNCTION TOOL, without a record.
# shellcheck disable=SC2317,SC2329 # measure is called by the function
trial() {
	(
		measure() {
			shift
			run_load "$@"
		}
		"$1" "$2"
		"$1" "$2"
	) | awk '{ for (i = 1; i < NF; i++) if ($i == "seconds") took = $(i + 1) }
		/result ok/ && (!best || took < best) { best = took }
		END { printf "%d\n", best ? best * 1000000 : 1000000000 }'
}

# tune FUNCTION NAME: tries sizes for socat-b and limit with it.
tune() {
	local choice took least best
	echo "bench: $2: best sizes" >&2
	least=9999999999
	for choice in $socat_blocks; do
		socat_block=$choice
		took=$(trial "$1" socat-b)
		serial=$((serial + 4))
		((took >= least)) || { least=$took best=$choice; }
	done
	socat_block=$best
	least=9999999999
	while read -r choice; do
		limit_options=$choice
		took=$(trial "$1" limit)
		serial=$((serial + 4))
		((took >= least)) || { least=$took best=$choice; }
	done <<<"$limit_choices"
	limit_options=$best
	printf '%s\t%s\tsocat -b %s; limit: bare-copy %s\n' "$where" "$2" \
		"$socat_block" "$limit_options" >>"$sizes"
}
