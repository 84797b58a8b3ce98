# For bats files about --lines: many senders, whose lines tell whose they are.
# It loads helper.
#
# shellcheck shell=bash disable=SC2154,SC2016

load helper

# begin NAME OPTION... ADDRESS: vcat -l -k -d --lines, until it listens.
begin() {
	local name=$1
	shift
	start "$name" "$VCAT" -l -k -d --lines "$@" </dev/null
	listens "$name" "${*: -1}"
}

# listens NAME ADDRESS: waits until it does.
listens() {
	case $2 in
	unix:*) wait_until 10 test -S "${2#unix:}" ;;
	*) port_of "$1" ;;
	esac || {
		cat "$1.err"
		return 1
	}
}

# said NAME: its messages, but for where it listens.
said() {
	grep -v '^listening on ' "$1.err" || true
}

# make_senders COUNT LINES [LONGEST]: sent/1, sent/2 ... with lines "SENDER LINE
# TEXT" of random lengths. The last line of each has no newline.
make_senders() {
	mkdir -p sent
	awk -v count="$1" -v lines="$2" -v longest="${3-300}" 'BEGIN {
		srand(1)
		text = "abcdefghijklmnopqrstuvwxyz0123456789 "
		while (length(text) < longest)
			text = text text
		for (i = 1; i <= count; i++)
			for (line = 1; line <= lines; line++)
				printf "%d %d %s%s", i, line,
					substr(text, 1, int(rand() ^ 3 * longest)),
					line < lines ? "\n" : "" >("sent/" i)
	}'
}

# send_all COUNT ADDRESS: all at once, each by a process of its own, until vcat has
# closed on each.
send_all() {
	local i pids=()
	for ((i = 1; i <= $1; i++)); do
		"$PEER" -t 20 connect "$2" file "sent/$i" shutdown read-eof 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || return
	done
}

# all_came COUNT FILE: in FILE are the lines of all senders, whole, and each one's
# in order, and nothing else.
all_came() {
	local i
	rm -rf came wanted
	mkdir came wanted
	awk '{ print >("came/" $1) }' "$2"
	for ((i = 1; i <= $1; i++)); do
		awk 1 "sent/$i" >"wanted/$i"
	done
	expect "$(find came -type f | wc -l)" "$1" "senders in $2" || return
	(cd wanted && sha256sum -- *) >sums
	(cd came && sha256sum --quiet -c ../sums)
}

# settled PID: it does nothing any more.
settled() {
	local before i
	before=$(grep ctxt "/proc/$1/status")
	for i in {1..8}; do
		nap
	done
	[[ $(grep ctxt "/proc/$1/status") == "$before" ]]
}

# little_memory PID: it has never had more than 8 MiB.
little_memory() {
	local most
	[[ $BUILD != asan ]] || return 0 # the sanitizer has its own
	most=$(awk '/^VmHWM/ { print $2 }' "/proc/$1/status")
	((most < 8192)) || {
		echo "it had $most KiB"
		return 1
	}
}
