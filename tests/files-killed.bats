# machine: here
# --files and --into, when one of the two is killed somewhere in the middle.
bats_require_minimum_version 1.5.0
load helper
load transfer-files

# Of each side that is killed.
ROUNDS=25

setup_file() {
	local i
	mkdir -p "$BATS_FILE_TMPDIR/src/d"
	cd "$BATS_FILE_TMPDIR/src" || return
	"$PATTERN" 1 2500000 >big
	for i in {1..20}; do
		"$PATTERN" "$i" 3000 >"d/$i"
	done
	truncate -s 5M holes
	"$PATTERN" 3 100000 | dd of=holes bs=1000 seek=3000 conv=notrunc status=none
	ln -s big link
}

# begin_both OPTION...: a sender of the tree at unix:a, a receiver at unix:b with
# the options, into in.
begin_both() {
	start sender "$VCAT" -l --files "$BATS_FILE_TMPDIR/src" unix:a
	start receiver "$VCAT" -l --into in "$@" unix:b
}

# through WORD...: a meddler between the two, until it ends or has halted.
through() {
	start meddler "$MEDDLER" connect unix:a connect unix:b "$@"
	wait_until 20 grep -qE '^(halted|forth)' meddler.out
}

# whole_size: sets forth, the bytes that the sender of a whole tree sends.
whole_size() {
	rm -rf in
	mkdir in
	begin_both
	through
	finish sender
	expect "$status" 0 "status of the sender"
	finish receiver
	expect "$status" 0 "status of the receiver"
	finish meddler
	read -r _ forth <meddler.out
}

# kill_one NAME BYTE OPTION...: kills it when so many bytes have passed; the
# other then loses its connection, and fails.
kill_one() {
	local name=$1 byte=$2 pid other
	shift 2
	begin_both "$@"
	pid_of "$name"
	through forth halt "$byte"
	kill -KILL "$pid"
	stop meddler
	finish "$name"
	for other in sender receiver; do
		finish $other
		((status != 0)) || {
			echo "$other ended well, killed: $name at $byte"
			return 1
		}
	done
}

# is_old_or_new FILE: one of the two, as a whole.
is_old_or_new() {
	cmp -s "$1" old || cmp -s "$1" "$BATS_FILE_TMPDIR/src/big" || {
		echo "$1 is neither the old file nor the new one"
		return 1
	}
}

# all_is_there: and nothing else.
all_is_there() {
	diff -r --no-dereference "$BATS_FILE_TMPDIR/src" in/src
	expect "$(find in -name '.vcat*')" "" "partial files"
}

# rounds NAME: kills it again and again, each time at a random byte, and each time
# goes on to the end.
rounds() {
	local round byte
	whole_size
	echo old >old
	RANDOM=$((SECONDS + $$))
	for ((round = 0; round < ROUNDS; round++)); do
		byte=$(((RANDOM * 32768 + RANDOM) % (forth - 100)))
		echo "round $round: $1 is killed at byte $byte of $forth"
		rm -rf in
		mkdir -p in/src
		cp old in/src/big
		kill_one "$1" "$byte" --resume --overwrite
		is_old_or_new in/src/big
		begin_both --resume --overwrite
		through
		finish sender
		expect "$status" 0 "status of the sender that goes on"
		finish receiver
		expect "$status" 0 "status of the receiver that goes on"
		all_is_there
	done
}

@test "killed: a sender, at any byte: --resume goes on, and all is there" {
	rounds sender
}

@test "killed: a receiver, at any byte: --resume goes on, and all is there" {
	rounds receiver
}

@test "killed: without --resume nothing is left of what was not complete" {
	local name byte
	whole_size
	for name in sender receiver; do
		for byte in 700 1500000 2400000; do
			rm -rf in
			mkdir in
			kill_one $name $byte
			# complete files may be there
			find in -type f | while read -r file; do
				cmp "$file" "$BATS_FILE_TMPDIR/${file#in/}"
			done
			expect "$(find in -name '.vcat*')" "" "partial files"
		done
	done
}

@test "killed: what is there already is not sent again" {
	local rest
	whole_size
	rm -rf in
	mkdir in
	# within the big file
	kill_one receiver 2200000 --resume
	begin_both --resume
	through
	finish sender
	finish receiver
	finish meddler
	read -r _ rest <meddler.out
	all_is_there
	((rest < forth - 1000000)) || expect "$rest" "less than $forth by far"
}

@test "killed: again and again in one transfer, which gets on all the same" {
	local i byte rest
	whole_size
	rm -rf in
	mkdir in
	for i in {1..6}; do
		kill_one receiver 300000 --resume
	done
	begin_both --resume
	through
	finish receiver
	expect "$status" 0 "status"
	all_is_there
	finish meddler
}
