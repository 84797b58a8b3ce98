# machine: here
# A meddler between a sender and a receiver harms one byte: whatever byte it is,
# nobody takes the wrong content for the right one.
bats_require_minimum_version 1.5.0
load helper
load transfer-files

# How many runs go on at once; most wait for a process to start, or to end.
AT_ONCE=12

# The transfer: a directory with a file and a link; each run has its own place.
setup_file() {
	mkdir "$BATS_FILE_TMPDIR/tree"
	echo "a short file" >"$BATS_FILE_TMPDIR/tree/file"
	ln -s file "$BATS_FILE_TMPDIR/tree/link"
}

# run_one DIRECTORY [WAY HARM BYTE]: the transfer in a new directory, with that
# harm, to which the files of SEED are there already. Leaves the statuses in sent and got, and in total how many bytes went
# each way.
run_one() {
	local a b status
	mkdir -p "$1/in"
	[[ ! $SEED ]] || cp -a "$SEED/." "$1/in"
	cd "$1" || return
	shift
	timeout 30 "$VCAT" -l -w 10 -i "$IDLE" --files "$TREE" unix:a \
		>a.out 2>a.err </dev/null &
	a=$!
	timeout 30 "$VCAT" -l -w 10 -i "$IDLE" "${INTO[@]}" --into in unix:b \
		>b.out 2>b.err </dev/null &
	b=$!
	timeout 30 "$MEDDLER" connect unix:a connect unix:b "$@" >total 2>&1
	status=0
	wait $a || status=$?
	echo $status >sent
	status=0
	wait $b || status=$?
	echo $status >got
}

# same_or_none DIRECTORY: what has the name of a file or link has its content,
# and nothing else is there.
same_or_none() {
	local found
	found=$(find "$1/in" -mindepth 2 ! -path "*/tree/file" ! -path "*/tree/link" \
		${SEED:+! -path "*/tree/.vcat-part-*"})
	expect "$found" "" "what else is there" &&
		expect "$(find "$1/in" -mindepth 1 -maxdepth 1 ! -name tree)" "" "what else is there" || return
	[[ ! -e $1/in/tree/file ]] || same_bytes "$1/in/tree/file" "$TREE/file" || return
	[[ ! -L $1/in/tree/link ]] || expect "$(readlink "$1/in/tree/link")" file
}

# all_there DIRECTORY: and no name is missing.
all_there() {
	diff -r --no-dereference "$TREE" "$1/in/tree"
}

# orderly DIRECTORY NAME: that end has succeeded silently, or failed with one
# line; it did not crash or hang.
orderly() {
	case $(<"$1/$2") in
	0) expect "$(<"$1/$3.err")" "" "stderr" ;;
	1 | 3)
		expect "$(grep -vc '^hint: ' "$1/$3.err")" 1 "lines on stderr" &&
			expect "$(LC_ALL=C grep -c '[[:cntrl:]]' "$1/$3.err")" 0
		;;
	*) expect "$(<"$1/$2")" "0, 1 or 3" "status of $2" ;;
	esac
}

# judged DIRECTORY: the run ended as it must, whatever the harm was.
judged() {
	orderly "$1" sent a && orderly "$1" got b && same_or_none "$1" || return
	[[ $(<"$1/sent") != 0 && $(<"$1/got") != 0 ]] || all_there "$1"
}

# found DIRECTORY: and the sender has noticed.
found() {
	judged "$1" && [[ $(<"$1/sent") != 0 ]]
}

# found_by_both DIRECTORY: and the receiver, too.
found_by_both() {
	found "$1" && [[ $(<"$1/got") != 0 ]]
}

# each_byte JUDGE WAY HARM BYTE...: a run for each of these bytes; JUDGE must
# succeed for all.
each_byte() {
	local judge=$1 way=$2 harm=$3 byte running=0 bad=0
	shift 3
	for byte; do
		((running < AT_ONCE)) || wait -n || true
		((running < AT_ONCE)) || running=$((running - 1))
		(run_one "$T/$way.$harm.$byte" "$way" "$harm" "$byte") 3>&- &
		running=$((running + 1))
	done
	wait
	for byte; do
		"$judge" "$T/$way.$harm.$byte" >judged.out 2>&1 && continue
		bad=$((bad + 1))
		((bad < 20)) || continue
		echo "FAILED: $judge of $way $harm $byte: sent $(<"$way.$harm.$byte/sent")," \
			"got $(<"$way.$harm.$byte/got")"
		cat judged.out "$way.$harm.$byte/a.err" "$way.$harm.$byte/b.err"
	done
	expect "$bad" 0 "runs of $# that failed"
}

# measure: sets forth and back, the bytes of the transfer without harm.
measure() {
	TREE=$BATS_FILE_TMPDIR/tree
	INTO=()
	SEED=
	IDLE=${1:-5}
	(run_one "$T/whole") 3>&-
	expect "$(<whole/sent) $(<whole/got)" "0 0" "statuses without harm" || {
		cat whole/*.err
		return 1
	}
	all_there whole
	read -r _ forth < <(grep forth whole/total)
	read -r _ back < <(grep back whole/total)
	((forth > 300 && back > 100))
}

# partial: has SEED hold a partial file of 1.5 of 2.5 blocks, and sets forth and
# back, for the transfer that resumes it.
partial() {
	measure 5
	TREE=$T/tree
	INTO=(--resume)
	mkdir tree
	"$PATTERN" 1 2621440 >tree/file
	(run_one "$T/cut" forth cut 1900000) 3>&-
	expect "$(<cut/sent) $(<cut/got)" "1 1" "statuses after the cut"
	same_or_none cut && run ! test -e cut/in/tree/file
	SEED=$T/cut/in
	run -0 test -e "$SEED"/tree/.vcat-part-*
	(run_one "$T/resumed") 3>&-
	expect "$(<resumed/sent) $(<resumed/got)" "0 0" "statuses when it is resumed"
	all_there resumed
	read -r _ forth < <(grep forth resumed/total)
	read -r _ back < <(grep back resumed/total)
}

# The last frame of the sender is BYE, which only says that it has the RESULT.
BYE=40

@test "damage: a flipped bit in any byte to the receiver is found by both" {
	measure
	each_byte found_by_both forth flip $(seq 0 $((forth - BYE - 1)))
	each_byte judged forth flip $(seq $((forth - BYE)) $((forth - 1)))
}

@test "damage: a flipped bit in any byte to the sender is found by it" {
	measure
	each_byte found back flip $(seq 0 $((back - 1)))
}

# Every seventh byte, and so on: these harms do not depend on what a byte says.
@test "damage: an end in the middle is found" {
	measure
	each_byte found_by_both forth cut $(seq 0 7 $((forth - BYE - 1)))
	each_byte judged forth cut $(seq $((forth - BYE)) 7 $((forth - 1)))
	each_byte found back cut $(seq 0 7 $((back - 1)))
}

@test "resume: what is there already is not sent again, and checked" {
	partial
	# one block of two and a half is there as a whole
	((forth < 2000000 && back > 200))
	# a partial file that somebody has changed
	printf x | dd of="$(echo "$SEED"/tree/.vcat-part-*)" bs=1 seek=500000 \
		conv=notrunc status=none
	(run_one "$T/changed") 3>&-
	expect "$(<changed/sent) $(<changed/got)" "0 0"
	all_there changed
}

@test "resume: a flipped bit to the sender is found by it" {
	partial
	each_byte found back flip $(seq 0 7 $((back - 1)))
}

@test "resume: a flipped bit to the receiver is found by both" {
	partial
	each_byte found_by_both forth flip $(seq 0 7 300) \
		$(seq 1000 100003 $((forth - 300))) \
		$(seq $((forth - 300)) 7 $((forth - BYE - 1)))
}

@test "damage: a byte that is lost or comes twice is found" {
	measure 1
	AT_ONCE=16
	each_byte found_by_both forth drop $(seq 0 13 $((forth - BYE - 1)))
	each_byte judged forth drop $(seq $((forth - BYE)) 7 $((forth - 1)))
	each_byte found back drop $(seq 0 13 $((back - 1)))
	# FINISH ends with eight zeros, and one more does no harm
	each_byte found_by_both forth twice $(seq 0 13 $((forth - BYE - 9)))
	each_byte judged forth twice $(seq $((forth - BYE)) 7 $((forth - 1)))
	each_byte judged back twice $(seq 0 13 $((back - 1)))
}

@test "damage: a wire that goes dead at any byte is found in time" {
	measure 1
	AT_ONCE=16
	each_byte found_by_both forth halt $(seq 0 29 $((forth - BYE - 1)))
	each_byte judged forth halt $(seq $((forth - BYE)) 29 $((forth - 1)))
	each_byte found back halt $(seq 0 29 $((back - 1)))
}

# What two couriers say to each other, the one that sends first.
SAY=(hello 1 expect hello file a 5 expect go:0 begin 0 data 0 hello end 5
	expect stored:0 finish 0 expect result:1 bye expect eof)
ANSWER=(hello 2 expect hello expect entry:0:a go 0 expect begin:0
	expect data:0:hello expect end:5 stored 0 expect finish:1 result 1 0
	expect bye)

@test "tools: two couriers agree, and not if a meddler flips a bit" {
	local byte name
	for byte in "" 0 100 250; do
		start say "$COURIER" listen unix:a patience 5 "${SAY[@]}"
		start answer "$COURIER" listen unix:b patience 5 "${ANSWER[@]}"
		# shellcheck disable=SC2086 # none, or three words
		run -0 timeout 20 "$MEDDLER" connect unix:a connect unix:b \
			${byte:+forth flip $byte}
		for name in say answer; do
			finish $name
			[[ ($byte && $status == 1) || (! $byte && $status == 0) ]]
		done
	done
}
