# machine: here
# needs: loopback strace unshare
# No transfer makes a system call that its sandbox refuses: strace looks on from
# the beginning to the end.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load sandbox

setup() {
	T=$(mktemp -d /tmp/vcat.XXXXXX)
	cd "$T" || return
	need_filter
	need_strace
	tree out
	mkdir in
}

# tree DIR: some of all that can be sent.
tree() {
	mkdir -p "$1"/d/e/f "$1"/empty
	"$PATTERN" 1 3000000 >"$1/big"
	echo small >"$1/d/small"
	truncate -s 5M "$1/holes"
	echo middle | dd of="$1/holes" bs=1 seek=2500000 conv=notrunc status=none
	ln -s ../big "$1/d/link"
	chmod 640 "$1/big"
	chmod 555 "$1/d/e/f"
	touch -d '2001-02-03 04:05:06.789012345' "$1/d/small" "$1/d/e"
}

# receives OPTION...: a receiver into in at unix:s.
receives() {
	trace receiver "$VCAT" -l --into in "$@" unix:s </dev/null
	wait_until 10 test -S s
}

# sends OPTION... -- OPERAND...: to there.
sends() {
	trace sender "$VCAT" --files "$@" unix:s </dev/null
}

# both_end SENDER RECEIVER: they end with this status each, having made no call
# that is not for them.
both_end() {
	ends sender "$1" "dials-unix reads" reads
	ends receiver "$2" "accepts writes" writes
}

@test "files: a tree, with all that is asked along the way" {
	receives -v --sums
	sends -v --sums --progress out
	both_end 0 0
	diff -r --no-dereference out in/out
	receives --json --overwrite
	sends --json out
	both_end 0 0
}

@test "files: over an old file, and not over one" {
	mkdir in/out
	echo old >in/out/big
	receives
	sends out/big out
	finish sender
	finish receiver
	expect "$status" 1
	made_only sender "dials-unix reads" reads
	made_only receiver "accepts writes" writes
	receives --overwrite --no-sync
	sends out
	both_end 0 0
	diff -r --no-dereference out in/out
}

@test "files: the other ways round, and over TCP" {
	trace sender "$VCAT" -l --files out/big out/d unix:s </dev/null
	wait_until 10 test -S s
	trace receiver "$VCAT" --into in unix:s </dev/null
	ends sender 0 "accepts reads" reads
	ends receiver 0 "dials-unix writes" writes
	trace receiver "$VCAT" -l --into in tcp:any </dev/null
	port_of receiver
	trace sender "$VCAT" --files out "tcp:localhost:$port" </dev/null
	ends sender 0 "dials-tcp reads" reads
	ends receiver 0 "accepts writes" writes
}

@test "files: what was left by a receiver that was killed is gone on with" {
	start slow "$VCAT" -l --files out/big unix:b </dev/null
	wait_until 10 test -S b
	receives --resume
	start meddler "$TOOLS/meddler" connect unix:b connect unix:s forth halt 2000000
	wait_until 20 grep -q halted meddler.out
	traced_pid receiver
	kill -KILL "$pid"
	stop meddler
	finish slow
	finish receiver
	made_only receiver "accepts writes" writes
	rm -f s
	receives --resume -v
	sends out/big
	both_end 0 0
	cmp out/big in/big
}

@test "files: one that is too big, and a full disk" {
	receives --max-size 1000000
	sends out
	both_end 1 1
	rm -rf in/*
	"$PATTERN" 2 3000000 >out/big
	[[ $(id -u) == 0 ]] || skip "only root can make a small file system"
	trace receiver unshare -m sh -c "mount -t tmpfs -o size=1M none in &&
		exec '$VCAT' -l --into in unix:s" </dev/null
	wait_until 10 test -S s
	sends out
	both_end 1 1
}

@test "files: many receivers at once, and SIGTERM" {
	receives -k -v
	for i in 1 2 3; do
		mkdir "out$i"
		echo "$i" >"out$i/file"
		start "sender$i" "$VCAT" --files "out$i" unix:s
	done
	for i in 1 2 3; do
		finish "sender$i"
		expect "$status" 0
	done
	start stuck "$PEER" connect unix:s sleep 30
	wait_until 10 eval '[[ $(grep -c accepted receiver.err) == 4 ]]'
	traced_pid receiver
	kill "$pid"
	finish receiver
	expect "$status" 143
	made_only receiver "accepts writes forks" writes
	diff -r out3 in/out3
}

@test "files: many senders at once" {
	trace sender "$VCAT" -l -k --files out unix:s </dev/null
	wait_until 10 test -S s
	for i in 1 2; do
		mkdir "in$i"
		start "receiver$i" "$VCAT" --into "in$i" unix:s
	done
	for i in 1 2; do
		finish "receiver$i"
		expect "$status" 0
	done
	traced_pid sender
	kill "$pid"
	finish sender
	made_only sender "accepts reads forks" reads
}

@test "files: what cannot be read, and names that are not there" {
	ln -s /nowhere out/dangling
	mkfifo out/fifo
	receives
	sends out out/big
	finish sender
	finish receiver
	made_only sender "dials-unix reads" reads
	made_only receiver "accepts writes" writes
}

@test "verified: a stream both ways, and a peer that hangs" {
	trace there "$VCAT" -l --verified -v unix:s <out/big
	wait_until 10 test -S s
	trace here "$VCAT" --verified --progress unix:s <out/holes
	ends here 0 dials-unix ""
	ends there 0 accepts ""
	cmp there.out out/holes
	trace there "$VCAT" -l --verified -i 0.3 unix:s </dev/null
	wait_until 10 test -S s
	start mute "$PEER" connect unix:s sleep 30
	finish there
	made_only there accepts ""
}
