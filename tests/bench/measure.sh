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
# summary what is looked at, see kinds in summary.jq.
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

# carry TOOL [NAME]: uses address (its kind), way, files (load's options) and
# bytes, of which each direction has its share. The record calls it NAME.
carry() {
	local first both=()
	[[ $way == one ]] || both=(-2)
	place "$address"
	listener "$1" "$place" "$way"
	first=("${words[@]}")
	dialer "$1" "$place" "$way"
	# shellcheck disable=SC2086 # options are words
	measure "${2:-$1}" carry -t "$limit" "${both[@]}" \
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

# leave_nothing: ends what a row has left running, for an exit in the middle.
left_running=()
leave_nothing() {
	[[ ${#left_running[@]} == 0 ]] || kill "${left_running[@]}" 2>/dev/null ||
		true
}

idle() {
	forwarding "$1"
	measure "$1" idle -t "$limit" -n "$count" -s "$seconds" \
		"$from" "$to" -- "${words[@]}"
}

# --- the best sizes -------------------------------------------------------

# In each run of every row that uses them, as the best differ between machines.
declare -A choices=(
	[socat-b]='16384
65536
262144
1048576'
	[limit]='-b 65536
-b 262144
-b 262144 -p 1048576
-b 262144 -p 1048576 -s 1048576
-b 1048576 -p 1048576 -s 4194304'
	[vsock_perf]='--buf-size 128K --vsk-size 256K
--buf-size 256K --vsk-size 1M
--buf-size 1M --vsk-size 1M
--buf-size 1M --vsk-size 4M
--buf-size 256K --vsk-size 4M --rcvlowat 128K
--buf-size 1M --vsk-size 4M --rcvlowat 512K
--buf-size 1M --vsk-size 4M --zerocopy'
)

# try_sizes TOOL CHOICE: the tool has these from now on.
try_sizes() {
	case $1 in
	socat-b) socat_block=$2 ;;
	limit) limit_options=$2 ;;
	vsock_perf) perf_options=$2 ;;
	esac
}

default_sizes() {
	try_sizes socat-b 65536
	try_sizes limit '-b 262144'
	try_sizes vsock_perf ''
}

# Microseconds of the fastest of so many runs of FUNCTION TOOL, without a record.
trials=2
# shellcheck disable=SC2317,SC2329 # measure is called by the function
trial() {
	(
		measure() {
			shift
			run_load "$@"
		}
		for ((run = 0; run < trials; run++)); do
			"$1" "$2"
		done
	) | awk '{ for (i = 1; i < NF; i++) if ($i == "seconds") took = $(i + 1) }
		/result ok/ && (!best || took < best) { best = took }
		END { printf "%d\n", best ? best * 1000000 : 1000000000 }'
}

# tune FUNCTION NAME [TOOL...]: tries sizes for socat-b and limit, or for these,
# with the function.
tune() {
	local function=$1 name=$2 tool said=''
	shift 2
	[[ $# -gt 0 ]] || set -- socat-b limit
	echo "bench: $name: best sizes" >&2
	for tool in "$@"; do
		[[ ! ${BEFORE-} || $tool == limit ]] || continue
		tune_tool "$function" "$tool"
		said+="${said:+; }$tool: $best"
	done
	printf '%s\t%s\t%s\n' "$where" "$name" "$said" >>"$sizes"
}

# tune_tool FUNCTION TOOL: leaves the best of its choices in best, too.
tune_tool() {
	local choice took least=9999999999
	while read -r choice; do
		try_sizes "$2" "$choice"
		took=$(trial "$1" "$2")
		serial=$((serial + 4))
		((took >= least)) || { least=$took best=$choice; }
	done <<<"${choices[$2]}"
	try_sizes "$2" "$best"
}
