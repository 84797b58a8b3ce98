# For bats files about the transfer of files with a peer that is no vcat. It
# loads helper.
#
# shellcheck shell=bash disable=SC2034,SC2154,SC2119,SC2120

load helper

COURIER=$TOOLS/courier
MEDDLER=$TOOLS/meddler

# The most memory, in KiB, that a transfer may have held, whatever the peer does.
MOST_MEMORY=16384

# new_world: world/in, into which files are received, beside what a peer must not
# reach; and out/a, a file to send.
new_world() {
	rm -rf world out
	mkdir -p world/in world/outside/dir out
	echo secret >world/outside/file
	echo secret >world/file
	chmod 700 world/outside
	echo -n hello >out/a
	manifest >before
}

# manifest: all that can be seen of what is beside world/in.
manifest() {
	find world -path world/in -prune -o \
		-printf '%p %y %m %n %s %T@ %C@ %l\n' | sort
	cat world/file world/outside/file
}

# has FILES: what is in world/in, as "name:type" each, in the order of the names.
has() {
	local found
	[[ $1 || $(ls -A world/in) ]] || return 0
	found=$(find world/in -mindepth 1 -printf '%P %y\n' | LC_ALL=C sort |
		sed 's/ \(.\)$/:\1/' | paste -sd ' ')
	expect "$found" "$1" "world/in"
}

# outside_is_as_before: and new_world was before.
outside_is_as_before() {
	diff before <(manifest)
}

# one_line NAME: it has said one line on stderr, which begins as ours do and has
# no control characters; a hint may follow.
one_line() {
	local said LC_ALL=C
	mapfile -t said <"$1.err"
	[[ ${said[0]-} == "vcat: "?* && ! "${said[*]}" =~ [[:cntrl:]] &&
		(${#said[@]} == 1 || (${#said[@]} == 2 && ${said[1]} == "hint: "?*)) ]] || {
		echo "wanted one line on stderr of $1:"
		cat -A "$1.err"
		return 1
	}
}

# said_well NAME STATUS WANTED: that status was WANTED, and if it is not 0 there
# was one line on stderr.
said_well() {
	expect "$2" "$3" "status of $1" || {
		cat -A "$1.err"
		return 1
	}
	if [[ $3 != 0 ]]; then
		one_line "$1"
	else
		expect "$(<"$1.err")" "" "stderr of $1"
	fi
}

# ends_with NAME STATUS: it ends in time, with STATUS.
ends_with() {
	finish "$1" 20 && said_well "$1" "$status" "$2"
}

# receiver OPTION...: a vcat that receives into world/in, at unix:s.
receiver() {
	start vcat "$VCAT" -l --into world/in -w 5 -i 5 "$@" unix:s </dev/null
}

# sender OPTION...: a vcat that sends out/a at unix:s.
sender() {
	start vcat "$VCAT" -l -w 5 -i 5 "$@" --files out/a unix:s </dev/null
}

# streamer OPTION...: a vcat for a verified stream, at unix:s, with the stdin.
streamer() {
	start vcat "$VCAT" -l --verified -w 5 -i 5 "$@" unix:s
}

# courier WORD...: plays the words to the vcat at unix:s.
courier() {
	timeout "$LIMIT" "$COURIER" connect unix:s "$@" \
		>courier.out 2>courier.err </dev/null || {
		echo "courier $*"
		cat courier.err courier.out
		return 1
	}
}

# against STATUS OPTION... -- WORD...: a vcat with the options, at unix:s, ends
# with STATUS after the words of a courier. (As start and finish, but many of
# these are run.)
against() {
	local wanted=$1 words=() bad=0 server
	shift
	while [[ $1 != -- ]]; do
		words+=("$1")
		shift
	done
	shift
	timeout 20 "$VCAT" -l -w 5 -i 5 "${words[@]}" unix:s >vcat.out \
		2>vcat.err </dev/null &
	server=$!
	courier "$@" || bad=1
	status=0
	wait $server || status=$?
	said_well vcat "$status" "$wanted" && return "$bad"
}

# empty_world: as new_world, but what is beside world/in is as it was before.
empty_world() {
	[[ -d world ]] || new_world
	[[ ! $(ls -A world/in) ]] || {
		chmod -R u+rwx world/in # not only root can clear it
		find world/in -mindepth 1 -delete
	}
}

# case_of OPTIONS STATUS FILES WORD...: a receiver with the options ends with
# STATUS after the words; then world/in has FILES.
case_of() {
	local options=$1 wanted=$2 files=$3
	shift 3
	empty_world
	# shellcheck disable=SC2086 # words
	against "$wanted" --into world/in $options -- "$@" && has "$files" &&
		outside_is_as_before
}

# each_row COMMAND WORD...: calls it with the words of each line of stdin after
# them, where EMPTY is an empty word; fails if it failed for any, and says which.
each_row() {
	local rows row words bad=0
	mapfile -t rows
	expect "$((${#rows[@]} > 0))" 1 "there are rows" || return
	for row in "${rows[@]}"; do
		read -ra words <<<"$row"
		words=("${words[@]/#EMPTY/}")
		"$@" "${words[@]}" && continue
		echo "FAILED: $row"
		bad=$((bad + 1))
	done
	expect "$bad" 0 "rows of ${#rows[@]} that failed"
}

# refused WORD...: a sender that says that is refused, and nothing is received.
refused() {
	case_of "" 1 "" "$@"
}

# sender_fails WORD...: a vcat that sends fails with a receiver that says that.
sender_fails() {
	against 1 --files out/a -- "$@"
}

# stream_fails WORD...: likewise for a stream.
stream_fails() {
	against 1 --verified -- "$@"
}

# watch_memory: makes ./memory, which writes into the file held how much the
# running vcat has held at most, in KiB; 0 if it has ended.
watch_memory() {
	cat >memory <<-'END'
		#!/bin/bash
		echo 0 >held
		vcat=$(pgrep -P "$(<vcat.pid)") || exit 0
		awk '$1 == "VmHWM:" { print $2 }' "/proc/$vcat/status" >held
	END
	chmod +x memory
}

# held_little: it was not too much, if it had not ended.
held_little() {
	[[ $BUILD != release ]] || (($(<held) < MOST_MEMORY)) ||
		expect "$(<held) KiB" "less than $MOST_MEMORY KiB" "memory"
}

# What a courier says and waits for at the beginning, by its role.
SENDS=(hello 1 expect hello:0)
RECEIVES=(hello 2 expect hello:0 expect entry:0:a)
STREAMS=(hello 3 expect hello:0)
# The content of a file that was let in, and its end.
HELLO=(expect go:0 begin 0 data 0 hello end 5)

# parts COUNT LENGTH: a name of so many parts, of that length each.
parts() {
	local part name
	printf -v part "%0$2d" 0
	name=$(printf "/$part%.0s" $(seq "$1"))
	echo "${name#/}"
}

# within NAME WORD...: the words for all directories that a name lies in, around
# the words.
within() {
	local rest=$1 path="" before=() after=()
	while [[ $rest == */* ]]; do
		path+=${path:+/}${rest%%/*}
		rest=${rest#*/}
		before+=(dir "$path")
		after=(leave "$path" "${after[@]}")
	done
	shift
	echo "${before[@]}" "$@" "${after[@]}"
}

# name_is_refused KIND...: NAME in the words is that; TARGET is of a link.
name_is_refused() {
	refused "${SENDS[@]}" "$@" rejects 0 finish 0 ends
}
