# machine: loopback
# --files, --into and --verified over VM sockets.
bats_require_minimum_version 1.5.0
load helper

# tree DIR: two large files, small ones, a link, an empty directory, holes.
tree() {
	local i
	mkdir -p "$1/d" "$1/empty"
	"$PATTERN" 1 20000000 >"$1/big"
	"$PATTERN" 2 3000001 >"$1/d/odd"
	for i in {1..100}; do
		echo "$i" >"$1/d/$i"
	done
	ln -s d/1 "$1/link"
	truncate -s 1G "$1/holes"
	echo end | dd of="$1/holes" bs=1 seek=1073741800 conv=notrunc status=none
	touch -d '2001-02-03 04:05:06' "$1/big" "$1/d"
}

# sums DIR: of all files, with their times and modes.
sums() {
	(cd "$1" && find . -type f ! -name holes -exec sha256sum {} + | sort &&
		find . -printf '%p %y %m %TY%Tm%Td%TH%TM%TS %l\n' | sort)
}

@test "files: a tree from a client to a listener, and from a listener to a client" {
	tree src
	mkdir in back
	start receiver "$VCAT" -l --into in any
	port_of receiver
	run -0 vcat --files src 1:"$port"
	finish receiver
	expect "$status" 0 "status of the receiver"
	diff <(sums src) <(sums in/src)
	start sender "$VCAT" -l --files in/src any
	port_of sender
	run -0 vcat --into back 1:"$port"
	finish sender
	expect "$status" 0 "status of the sender"
	diff <(sums src) <(sums back/src)
	expect "$(stat -c %s back/src/holes)" "$((1 << 30))" "size"
	expect "$(tail -c 100 back/src/holes | tr -d '\0')" end "the end"
	((512 * $(stat -c %b back/src/holes) < 1000000))
}

@test "files: twenty senders at once, each told that its files are stored" {
	local i
	mkdir in
	for i in {1..20}; do
		"$PATTERN" "$i" 300000 >"f$i"
	done
	start receiver "$VCAT" -l -k --into in any
	port_of receiver
	for i in {1..20}; do
		start "sender$i" "$VCAT" --files "f$i" 1:"$port"
	done
	for i in {1..20}; do
		finish "sender$i"
		expect "$status" 0 "status of sender $i"
		same_bytes "f$i" "in/f$i"
	done
	stop receiver
}

@test "files: a killed sender leaves nothing, and --resume goes on" {
	"$PATTERN" 1 200000000 >big
	mkdir in
	start receiver "$VCAT" -l --into in --resume any
	port_of receiver
	start sender "$VCAT" --files big 1:"$port"
	# when something has arrived
	wait_until 20 sh -c 'test "$(stat -c %b in/.vcat-part-*)" -gt 20000'
	kill -KILL -- "-$(<sender.pid)"
	finish receiver
	expect "$status" 1 "status of the receiver"
	[[ ! -e in/big ]]
	start receiver "$VCAT" -l -v --into in --resume any
	port_of receiver
	run -0 vcat --files big 1:"$port"
	finish receiver
	expect "$status" 0 "status of the receiver"
	same_bytes big in/big
	expect "$(ls -A in)" big "what is there"
}

@test "files: a receiver that is killed is a failure at once" {
	"$PATTERN" 1 200000000 >big
	mkdir in
	start receiver "$VCAT" -l --into in any
	port_of receiver
	start sender "$VCAT" --files big 1:"$port"
	pid_of receiver
	wait_until 20 sh -c "ls -l /proc/$pid/fd | grep -q deleted"
	kill -KILL "$pid"
	finish sender 10
	expect "$status" 1 "status of the sender"
	expect "$(ls -A in)" "" "what is there"
}

@test "verified: streams both ways, of which each end knows that they are there" {
	"$PATTERN" 1 50000000 >forth
	"$PATTERN" 2 30000000 >back
	start listener "$VCAT" -l --verified any <back
	port_of listener
	run -0 sh -c "timeout $LIMIT '$VCAT' --verified 1:$port <forth >got"
	finish listener
	expect "$status" 0 "status of the listener"
	same_bytes forth listener.out
	same_bytes back got
}

@test "verified: tar to tar" {
	tree src
	mkdir in
	start receiver sh -c "'$VCAT' -l -d --verified any | tar -x -C in"
	port_of receiver
	run -0 sh -c "tar -c --exclude holes src | timeout $LIMIT '$VCAT' --verified 1:$port"
	finish receiver
	expect "$status" 0 "status of the receiver"
	rm src/holes
	diff -r src in/src
}

@test "verified: a killed sender is no end" {
	silence
	start receiver "$VCAT" -l -d --verified any
	port_of receiver
	start sender "$VCAT" --verified 1:"$port" <silent
	echo something >&"$silence_fd"
	wait_until 10 test -s receiver.out
	kill -KILL -- "-$(<sender.pid)"
	finish receiver 10
	expect "$status" 1 "status of the receiver"
	expect_in receiver.err "the peer closed the connection too early"
}

@test "plain peers: the failure has a hint, and comes in time" {
	local said
	echo a >a
	start plain "$VCAT" -l -d any
	port_of plain
	run -3 --separate-stderr vcat -w 1 --verified 1:"$port" <a
	mapfile -t said <<<"$stderr"
	expect "${said[0]}" "vcat: local(1):$port: the peer sent no hello within 1 s"
	expect "${said[1]}" \
		"hint: the peer must also be a vcat with --files, --into or --verified"
	finish plain
	start plain socat VSOCK-LISTEN:7300 EXEC:"echo hello"
	run -1 --separate-stderr vcat --retry=5 --files a 1:7300
	[[ $stderr == *"the peer does not speak vcat's frames"*hint:* ]]
	finish plain
}
