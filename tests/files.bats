# machine: here
# needs: jq loopback setpriv socat strace systemd-socket-activate unshare
# --files and --into: files arrive whole, or not at all.
bats_require_minimum_version 1.5.0
load helper

# LeakSanitizer fails under strace, which some tests use.
export ASAN_OPTIONS=detect_leaks=0

# tree DIR: some of all that can be sent.
tree() {
	mkdir -p "$1"/d/e/f "$1"/empty
	"$PATTERN" 1 3000000 >"$1/big"
	echo small >"$1/d/small"
	: >"$1/d/e/nothing"
	truncate -s 5M "$1/holes"
	echo middle | dd of="$1/holes" bs=1 seek=2500000 conv=notrunc status=none
	ln -s ../big "$1/d/link"
	ln -s /nowhere/at/all "$1/dangling"
	chmod 640 "$1/big"
	chmod 711 "$1/d"
	chmod 555 "$1/d/e/f"
	touch -d '2001-02-03 04:05:06.789012345' "$1/d/small" "$1/d/e"
	touch -h -d '1999-01-01' "$1/d/link"
}

# facts DIR: all that must be the same at the other end.
facts() {
	(cd "$1" && find . -printf '%p %y %m %s %TY-%Tm-%Td %TH:%TM:%TS %l\n' |
		sed -E 's/ l [0-9]+ / l /' | sort)
}

# same_trees A B: in bytes, kinds, modes, times and targets.
same_trees() {
	diff -r --no-dereference "$1" "$2" && diff <(facts "$1") <(facts "$2")
}

# receive DIR OPTION...: a receiver into DIR at unix:s.
receive() {
	local dir=$1
	shift
	mkdir -p "$dir"
	start receiver "$VCAT" -l --into "$dir" "$@" unix:s </dev/null
	wait_until 5 test -S s
}

# send OPTION... FILE...: sends to unix:s; sets sent to its status, received to
# that of the receiver.
send() {
	sent=0
	timeout "$LIMIT" "$VCAT" --files "$@" unix:s >send.out 2>send.err || sent=$?
	finish receiver || return
	received=$status
}

# both_are STATUS: the sender's and the receiver's.
both_are() {
	expect "$sent $received" "$1 $1" "status of sender and receiver" || {
		cat send.err receiver.err
		return 1
	}
}

# only_in DIR FILE...: what is in it, and nothing else.
only_in() {
	local dir=$1
	shift
	diff <(cd "$dir" && find . -mindepth 1 -printf '%P\n' | sort) \
		<([[ $# == 0 ]] || printf '%s\n' "$@" | sort)
}

@test "files: a tree arrives with its links, modes, times, holes and empty directories" {
	tree src
	receive in
	send src
	both_are 0
	same_trees src in/src
	expect "$(cat send.err receiver.err)" "" "messages"
	# the holes, too
	((512 * $(stat -c %b in/src/holes) < 1000000))
}

@test "files: several operands, and the contents of a directory without it" {
	tree src
	echo one >one
	receive in
	send one src/big src/d/
	both_are 0
	only_in in one big d d/small d/link d/e d/e/nothing d/e/f
	rm -rf in
	receive in
	send src/.
	both_are 0
	# the directory's own facts are not sent
	diff -r --no-dereference src in
}

@test "files: whoever listens may send" {
	tree src
	mkdir in
	start sender "$VCAT" -l --files src unix:s
	wait_until 5 test -S s
	run -0 vcat --into in unix:s
	finish sender
	expect "$status" 0 "status of the sender"
	same_trees src in/src
}

@test "files: over TCP" {
	tree src
	mkdir in
	start receiver "$VCAT" -l --into in tcp:127.0.0.1:any
	port_of receiver
	run -0 vcat --files src tcp:127.0.0.1:"$port"
	finish receiver
	expect "$status" 0 "status of the receiver"
	same_trees src in/src
}

@test "files: over a socket that systemd passes, one that listens or is connected" {
	local option
	tree src
	for option in "" -a; do
		rm -rf in s
		mkdir in
		# shellcheck disable=SC2086 # none, or one
		start unit systemd-socket-activate $option -l "$T/s" \
			"$VCAT" -l --into "$T/in" - </dev/null
		wait_until 10 test -S s
		run -0 vcat --files src unix:s
		# with -a it goes on listening
		if [[ $option ]]; then stop unit; else finish unit; fi
		same_trees src in/src
	done
}

# vmm STYLE: one on ./v, whose guest is this directory.
vmm() {
	start vmm "$TOOLS/fake-vmm" -s "$1" -g 700 v .
	wait_until 5 grep -qx ready vmm.out
}

@test "files: through hybrid sockets of three VMMs, both ways" {
	local style
	tree src
	for style in firecracker ch ch53 vdv; do
		vmm "$style"
		rm -rf in back
		mkdir in back
		start guest "$VCAT" -l --into in unix:guest_52
		wait_until 5 test -S guest_52
		run -0 vcat --files src mux:v:52
		finish guest
		expect "$status" 0 "status of the receiver in the guest"
		same_trees src in/src
		start host "$VCAT" -l --into back mux:v:700
		wait_until 5 test -S v_700
		run -0 vcat --files src unix:host_700
		finish host
		expect "$status" 0 "status of the receiver on the host"
		same_trees src back/src
		stop vmm
	done
}

@test "verified: streams through hybrid sockets of three VMMs, both ways at once" {
	local style
	"$PATTERN" 1 3000000 >forth
	"$PATTERN" 2 2000000 >back
	for style in firecracker ch ch53 vdv; do
		vmm "$style"
		start guest "$VCAT" -l --verified unix:guest_52 <back
		wait_until 5 test -S guest_52
		run -0 sh -c "timeout $LIMIT '$VCAT' --verified mux:v:52 <forth >got"
		finish guest
		expect "$status" 0 "status in the guest"
		same_bytes forth guest.out
		same_bytes back got
		stop vmm
	done
}

@test "files: names with newlines, spaces, bytes that are no UTF-8, 255 bytes" {
	local names=($'new\nline' ' spaces  ' $'\xff\xfe' '-dash' '*' "\\" \
		"$(printf 'x%.0s' {1..255})" 'ünï' $'\e[31mred')
	mkdir src
	local name
	for name in "${names[@]}"; do
		echo "$name" >"src/$name"
	done
	receive in --sums
	send --sums src
	both_are 0
	diff -r src in/src
	# what is printed is what sha256sum(1) takes
	diff <(sort send.out) <(sort receiver.out)
	(cd in && sha256sum --strict -c ../receiver.out)
	expect "$(wc -l <receiver.out)" "${#names[@]}" "sums"
}

@test "files: an empty file, one byte, and around the size of a block" {
	local size
	mkdir src
	for size in 0 1 1048575 1048576 1048577 2097152 3145729; do
		"$PATTERN" $size $size >"src/$size"
	done
	receive in
	send src
	both_are 0
	diff -r src in/src
}

@test "files: directories that their new owner may not read, and files likewise" {
	((EUID == 0)) || skip "only root can send them"
	mkdir -p src/write src/none/inner in
	tee src/write/f src/none/f src/none/inner/f src/zero <<<text >/dev/null
	chmod 311 src/write
	chmod 0 src/none/inner src/none src/zero
	chmod 777 .
	chown 65534 in
	start receiver setpriv --reuid 65534 --clear-groups "$VCAT" -l --into in unix:s
	wait_until 5 test -S s
	send src
	both_are 0
	same_trees src in/src
}

@test "files: what is no file, directory or link is named, and the rest is sent" {
	mkdir src
	echo a >src/a
	mkfifo src/fifo
	echo z >src/z
	receive in
	send src
	both_are 1
	only_in in src src/a src/z
	expect "$(<send.err)" \
		"vcat: unix:s: src/fifo: not a file, directory or symbolic link: skipped"
	expect "$(<receiver.err)" "vcat: unix:s: the sender left out 1 of its files: see its messages"
}

@test "files: one that is not there is an error before anything is opened" {
	fails 1 "nothing: No such file or directory" "" \
		"$VCAT" -l --files nothing unix:s
	[[ ! -e s ]]
	fails 1 "nowhere: No such file or directory" "" \
		"$VCAT" -l --into nowhere unix:s
	[[ ! -e s ]]
}

@test "overwriting: an existing file stays as it is, and both ends name it" {
	mkdir src in
	echo new >src/a
	echo b >src/b
	mkdir in/src
	echo old >in/src/a
	receive in
	send src
	both_are 1
	expect "$(<in/src/a)" old
	expect "$(<in/src/b)" b
	local said="vcat: unix:s: src/a: it exists already: --overwrite replaces it"
	said+=", --resume compares it"
	expect "$(<send.err)" "$said"
	expect "$(<receiver.err)" "$said"
}

@test "overwriting: the old file stays whole for whoever has it open" {
	mkdir in
	echo new >a
	echo old >in/a
	exec {old}<in/a
	receive in --overwrite
	send a
	both_are 0
	expect "$(<in/a)" new
	expect "$(cat <&"$old")" old
}

@test "overwriting: a link is replaced, and what it points to is left alone" {
	mkdir in
	echo secret >secret
	ln -s ../secret in/a
	echo new >a
	receive in --overwrite
	send a
	both_are 0
	expect "$(<secret)" secret
	[[ -f in/a && ! -L in/a ]]
}

@test "limits: --max-size counts all files of a connection" {
	"$PATTERN" 1 60000 >a
	cp a b
	echo c >c
	receive in --max-size 100000
	send a b c
	both_are 1
	only_in in a c
	expect_in send.err "b: this file would exceed --max-size"
}

@test "changes: a file that grows while it is sent is not stored" {
	"$PATTERN" 1 30000000 >a
	receive in --overwrite
	# stopped after its first frames; then the file changes
	start sender strace -f -qq -P "$T/a" -e trace=pread64 \
		-e inject=pread64:delay_exit=3000000:when=2 \
		-o trace "$VCAT" --files a unix:s
	wait_until 10 test -s trace
	echo more >>a
	finish sender
	expect "$status" 1 "status of the sender"
	finish receiver
	expect "$status" 1 "status of the receiver"
	only_in in
	expect_in sender.err "a: it was changed while it was sent"
}

@test "verified: the two ends must fit each other" {
	echo a >a
	receive in
	run -1 --separate-stderr vcat --into in unix:s
	expect "$stderr" \
		"vcat: unix:s: both sides receive: one of them must use --files"
	finish receiver
	receive in
	run -1 --separate-stderr vcat --verified unix:s <a
	[[ $stderr == *"--verified must be used on both sides or on neither" ]]
	finish receiver
	expect "$status" 1
}

@test "verified: a socket as stdout that has hung up is not asked again and again" {
	silence
	start listener "$VCAT" -l --verified unix:s <silent
	wait_until 5 test -S s
	start client socat unix-listen:x \
		exec:"strace -o trace -e trace=poll $VCAT --verified unix\\:s",nofork
	wait_until 5 test -S x
	printf hello | socat -u - unix-connect:x
	wait_until 5 grep -q hello listener.out
	sleep 0.3
	(($(wc -l <trace) < 1000)) || expect "$(wc -l <trace)" "fewer" "calls of poll"
	running client
	stop listener
	finish client
}

@test "keep-open: many senders at once, and one that is silent holds nobody up" {
	local i
	silence
	for i in {1..8}; do
		"$PATTERN" "$i" 500000 >"f$i"
	done
	receive in -k
	start mute socat -u PIPE:silent UNIX-CONNECT:s
	for i in {1..8}; do
		start "sender$i" "$VCAT" --files "f$i" unix:s
	done
	for i in {1..8}; do
		finish "sender$i"
		expect "$status" 0 "status of sender $i"
		same_bytes "f$i" "in/f$i"
	done
	running receiver
	stop mute
	stop receiver
	[[ ! -e s ]]
}

@test "keep-open: many receivers of the same files" {
	tree src
	start sender "$VCAT" -l -k --files src unix:s
	wait_until 5 test -S s
	local i
	for i in 1 2 3; do
		mkdir in$i
		start receiver$i "$VCAT" --into in$i unix:s
	done
	for i in 1 2 3; do
		finish receiver$i
		expect "$status" 0 "status of receiver $i"
		same_trees src in$i/src
	done
	stop sender
}

@test "disk: one that is full leaves no part of the file, and the others" {
	unshare -m true 2>unshare.err ||
		skip "no mount namespace can be made here: $(<unshare.err)"
	mkdir -p in src
	"$PATTERN" 1 3000000 >src/b
	echo a >src/a
	echo c >src/c
	start receiver unshare -m sh -c "mount -t tmpfs -o size=1M none in &&
		'$VCAT' -l --into in unix:s; echo \$? >code; ls -A in in/src >list"
	wait_until 5 test -S s
	send src
	expect "$sent $(<code)" "1 1" "status of sender and receiver"
	expect "$(tr '\n' ' ' <list)" "in: src  in/src: a c "
	expect_in send.err "src/b: No space left on device"
	expect_in receiver.err "src/b: No space left on device"
}

@test "sync: without --no-sync each file is synced before it has its name" {
	echo a >a
	mkdir in
	start receiver strace -f -o trace -e trace=fsync,linkat,renameat,renameat2,sendmsg \
		"$VCAT" -l --into in unix:s
	wait_until 5 test -S s
	send a
	both_are 0
	# the file, its name, the directory, and then the answer
	expect "$(sed -nE 's/^[0-9]+ +([a-z]+)[0-9]*\(.*/\1/p' trace | uniq |
		tr '\n' ' ' | grep -o 'fsync linkat fsync sendmsg')" \
		"fsync linkat fsync sendmsg" "order of calls"
	rm in/a
	start receiver strace -f -o trace -e trace=fsync "$VCAT" -l --no-sync --into in unix:s
	wait_until 5 test -S s
	send a
	both_are 0
	! grep -q fsync trace
}

@test "resume: with --overwrite, an equal file gets the permissions of the sender's" {
	echo a >a
	mkdir in
	cp -p a in/a
	chmod 600 a
	chmod 644 in/a
	receive in --resume
	send a
	both_are 0
	expect "$(stat -c %a in/a)" 644 "permissions without --overwrite"
	receive in --resume --overwrite
	send a
	both_are 0
	expect "$(stat -c %a in/a)" 600 "permissions"
}

@test "resume: each block that is there is answered before the next one is read" {
	"$PATTERN" 1 4000000 >a
	mkdir in
	cp -p a in/a
	receive in --resume
	strace -o trace -e trace=connect,pread64,sendmsg "$VCAT" --files a unix:s
	finish receiver
	expect "$status" 0 "status of the receiver"
	# so that no -i ends a transfer while a slow disk is read
	expect "$(sed '1,/^connect/d' trace | sed -nE 's/^([a-z]+)[0-9]*\(.*/\1/p' |
		tr '\n' ' ' | grep -o 'pread .*pread ')" \
		"pread sendmsg pread sendmsg pread sendmsg pread " "order of calls"
}

@test "json: an object a file, and a total" {
	mkdir src in
	echo a >src/a
	echo b >src/b
	mkdir in/src
	echo old >in/src/b
	receive in --json
	send --json --sums src
	both_are 1
	local file
	for file in send.out receiver.out; do
		expect "$(jq -r 'select(.name == "src/a") | "\(.stored) \(.bytes)"' $file)" \
			"true 2" "src/a in $file"
		expect "$(jq -r 'select(.name == "src/b") | "\(.stored) \(.error)"' $file)" \
			"false it exists already: --overwrite replaces it, --resume compares it" \
			"src/b in $file"
		expect "$(jq -r 'select(.name | not) |
			"\(.stored) \(.failed) \(.bytes) \(.status)"' $file)" \
			"1 1 2 1" "total in $file"
	done
	expect "$(jq -r 'select(.name == "src/a").sha256' send.out)  src/a" \
		"$(sha256sum src/a)" "sum"
}

@test "json: a stdout that takes nothing is a failure" {
	echo a >a
	receive in
	local got=0
	timeout "$LIMIT" "$VCAT" --json --files a unix:s >/dev/full 2>err || got=$?
	expect "$got" 1
	expect_in err "stdout: write: No space left on device"
	finish receiver
	expect "$status" 0 "status of the receiver"
}

@test "sums: a stdout that takes nothing is a failure" {
	echo a >a
	receive in
	local got=0
	timeout "$LIMIT" "$VCAT" --sums --files a unix:s >/dev/full 2>err || got=$?
	expect "$got" 1
	expect_in err "stdout: write: No space left on device"
	finish receiver
	expect "$status" 0 "status of the receiver"
}

@test "sums: one that cannot be computed is a failure" {
	echo a >a
	receive in -k --overwrite
	local n failed=0 got
	for n in {6..14}; do
		got=0
		(ulimit -n "$n" && exec timeout "$LIMIT" "$VCAT" --sums --files a unix:s) \
			>out 2>err || got=$?
		! grep -qx 'vcat: unix:s: sum: Too many open files' err || failed=1
		[[ $got != 0 || $(<out) == "$(sha256sum a)" ]] || {
			echo "status 0 with $n descriptors: $(<out)"
			return 1
		}
	done
	expect "$got $failed" "0 1" "last status, and whether a sum failed"
	stop receiver
}

@test "many: 100000 small files, some of them there already" {
	local i
	mkdir -p src in/src
	(cd src && seq 100000 | split -l 1 -a 5 -d -)
	for ((i = 0; i < 200; i++)); do
		echo other >"in/src/x$((10000 + i))"
	done
	receive in --no-sync
	send src
	both_are 1
	expect "$(wc -l <send.err)" 200 "failures"
	diff -rq src in/src >differ || true
	expect "$(wc -l <differ)" 200 "files that differ"
}

@test "holes: 6 GiB of them take no time and no room" {
	truncate -s 6G a
	"$PATTERN" 1 1000000 | dd of=a bs=1M seek=3000 conv=notrunc status=none
	receive in
	send a
	both_are 0
	expect "$(stat -c %s in/a)" "$((6 << 30))" "size"
	((512 * $(stat -c %b in/a) < 3000000))
	cmp <(dd if=a bs=1M skip=3000 count=1 status=none) \
		<(dd if=in/a bs=1M skip=3000 count=1 status=none)
}
