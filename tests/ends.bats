# machine: loopback loopback-6.12 loopback-7
bats_require_minimum_version 1.5.0
load streams

# How connections end: what arrives at both ends, and the exit status.

# The table: each test is one row. A row has vcat's role, what ends first, how
# much is pending in each direction at that moment, and then what must come of
# it: vcat's exit status, how many bytes of stdin reach the peer, how many bytes
# of the peer reach stdout, and a part of stderr.
#
# After the half-close of a peer vcat sends it as much again. To reset, a peer
# closes a unix socket with unread bytes in it: vsock only reports a reset when
# a machine dies.

@test "ends: connecting, stdin ends first, nothing pending" { row connecting stdin-ends few 0 $FEW $FEW; }
@test "ends: listening, stdin ends first, nothing pending"  { row listening stdin-ends few 0 $FEW $FEW; }
@test "ends: connecting, stdin ends first, 8 MiB pending"   { row connecting stdin-ends many 0 $MANY $MANY; }
@test "ends: listening, stdin ends first, 8 MiB pending"    { row listening stdin-ends many 0 $MANY $MANY; }

@test "ends: connecting, the peer half-closes first, nothing pending" { row connecting peer-half-closes few 0 $((2 * FEW)) $FEW; }
@test "ends: listening, the peer half-closes first, nothing pending"  { row listening peer-half-closes few 0 $((2 * FEW)) $FEW; }
@test "ends: connecting, the peer half-closes first, 8 MiB pending"   { row connecting peer-half-closes many 0 $((2 * MANY)) $MANY; }
@test "ends: listening, the peer half-closes first, 8 MiB pending"    { row listening peer-half-closes many 0 $((2 * MANY)) $MANY; }

@test "ends: connecting, the peer closes while stdin is open, nothing pending" { row connecting peer-closes few 0 $FEW $FEW; }
@test "ends: listening, the peer closes while stdin is open, nothing pending"  { row listening peer-closes few 0 $FEW $FEW; }
@test "ends: connecting, the peer closes while stdin is open, 8 MiB pending"   { row connecting peer-closes many 1 0 $MANY "write: "; }
@test "ends: listening, the peer closes while stdin is open, 8 MiB pending"    { row listening peer-closes many 1 0 $MANY "write: "; }

@test "ends: connecting, the peer resets, nothing pending" { row connecting peer-resets few 1 $((FEW - 1)) $FEW "read: Connection reset"; }
@test "ends: listening, the peer resets, nothing pending"  { row listening peer-resets few 1 $((FEW - 1)) $FEW "read: Connection reset"; }
@test "ends: connecting, the peer resets, 8 MiB pending"   { row connecting peer-resets many 1 1 $MANY "read: Connection reset"; }
@test "ends: listening, the peer resets, 8 MiB pending"    { row listening peer-resets many 1 1 $MANY "read: Connection reset"; }

@test "ends: connecting, stdout's reader goes away, nothing pending" { row connecting reader-goes few 1 $FEW $FEW "stdout: write: Broken pipe"; }
@test "ends: listening, stdout's reader goes away, nothing pending"  { row listening reader-goes few 1 $FEW $FEW "stdout: write: Broken pipe"; }
@test "ends: connecting, stdout's reader goes away, 8 MiB pending"   { row connecting reader-goes many 1 $MANY $FEW "stdout: write: Broken pipe"; }
@test "ends: listening, stdout's reader goes away, 8 MiB pending"    { row listening reader-goes many 1 $MANY $FEW "stdout: write: Broken pipe"; }

@test "ends: connecting, stdout is full, nothing pending" { row connecting stdout-full few 1 $FEW 0 "stdout: write: No space left"; }
@test "ends: listening, stdout is full, nothing pending"  { row listening stdout-full few 1 $FEW 0 "stdout: write: No space left"; }
@test "ends: connecting, stdout is full, 8 MiB pending"   { row connecting stdout-full many 1 $MANY 0 "stdout: write: No space left"; }
@test "ends: listening, stdout is full, 8 MiB pending"    { row listening stdout-full many 1 $MANY 0 "stdout: write: No space left"; }

# Each row runs twice: once with bytes that go straight between the socket and a
# pipe, where the kernel lets them, and once where splice(2) and sendfile(2) are
# refused, to a file.

# row ROLE END few|many STATUS OURS THEIRS [STDERR]
row() {
	local splice
	for splice in on off; do
		mkdir "$splice"
		cd "$splice" || return
		one_row "$@"
		cd .. || return
	done
}

one_row() {
	local pending=$FEW family=vsock stdin="" stdout=">theirs" script=""

	[[ $splice == off ]] || stdout="> >(cat >theirs; touch written)"
	[[ $3 != many ]] || pending=$MANY
	ln -s "$OURS.$pending" ours
	ln -s "$OURS.$pending.more" more
	: >theirs
	act "$2-$3"
	feed "$stdin"
	meet "$1"

	ended vcat "$4" "${7-}"
	[[ $stdin != *sleep\ 1000* ]] || running feed
	ended peer 0
	received peer "$5" "$OURS"
	[[ $stdout != *written* ]] || wait_until 10 test -e written
	begins theirs "$6" "$THEIRS"
}

# act END-AMOUNT: sets the actions that bring about this end: stdin is a script
# that feeds vcat's stdin, stdout redirects its stdout, script is what the peer
# does. The file quiet appears when nothing is pending any more, the file gone
# when stdout's reader has gone.
act() {
	local reader="> >(head -c $FEW >theirs; exec <&-; touch gone)"
	local stays="cat ours; sleep 1000"

	case $1 in
	stdin-ends-few)
		stdin="cat ours; await quiet"
		script="send $pending read $pending touch quiet expect-eof" ;;
	stdin-ends-many)
		stdin="cat ours"
		script="send $pending read-eof" ;;
	peer-half-closes-few)
		stdin="cat ours; await quiet; sleep 0.3; cat more"
		script="send $pending read $pending shutdown touch quiet read-eof" ;;
	peer-half-closes-many)
		stdin="cat ours more"
		script="send $pending shutdown read-eof" ;;
	peer-closes-few)
		stdin=$stays
		script="send $pending read $pending close" ;;
	peer-closes-many)
		stdin=$stays
		script="send $pending close" ;;
	peer-resets-few)
		stdin=$stays family=unix
		script="send $pending read $((pending - 1)) close" ;;
	peer-resets-many)
		stdin=$stays family=unix
		script="read 1 send $pending close" ;;
	reader-goes-few)
		stdin="await gone; sleep 0.5; cat ours" stdout=$reader
		script="send $pending wait-file gone send $pending read-eof" ;;
	reader-goes-many)
		stdin="cat ours" stdout=$reader
		script="may-fail send $pending read-eof" ;;
	stdout-full-few)
		stdin="await quiet; sleep 0.5; cat ours" stdout=">/dev/full"
		script="send $pending touch quiet read-eof" ;;
	stdout-full-many)
		stdin="cat ours" stdout=">/dev/full"
		script="may-fail send $pending read-eof" ;;
	*)
		echo "no such end: $1"
		return 1
		;;
	esac
}

# meet ROLE: starts vcat and the peer, and brings them together.
meet() {
	local vcat=(bash -c "exec \"\$@\" $stdout" - "$VCAT")
	[[ $splice == on ]] || vcat=("$TOOLS/without-splice" "${vcat[@]}")
	local act=(seed 2)

	# shellcheck disable=SC2206 # words
	act+=($script print)
	case $1-$family in
	connecting-vsock)
		peer_listens "${act[@]}"
		start vcat "${vcat[@]}" "1:$port" <stdin
		;;
	connecting-unix)
		start peer "$PEER" -r up listen unix:s "${act[@]}"
		wait_until 10 test -e up
		start vcat "${vcat[@]}" unix:s <stdin
		;;
	listening-vsock)
		start vcat "${vcat[@]}" -l any <stdin
		port_of vcat
		start peer "$PEER" connect "vsock:1:$port" "${act[@]}"
		;;
	listening-unix)
		start vcat "${vcat[@]}" -l unix:s <stdin
		start peer "$PEER" -t 10 connect unix:s "${act[@]}"
		;;
	esac
}

@test "late answer: an answer that starts 3 s after our half-close arrives whole" {
	start small "$PEER" listen unix:small read-eof sleep 3 text answer
	peer_listens read-eof sleep 3 seed 2 send $MIB
	start short "$VCAT" unix:small < <(printf req)
	start long "$VCAT" "1:$port" < <(printf req)
	start listener "$VCAT" -l any < <(printf req)
	port_of listener
	start late "$PEER" connect "vsock:1:$port" read-eof sleep 3 text answer
	for name in short long listener; do
		ended $name 0
	done
	expect "$(<short.out)" answer
	expect "$(<listener.out)" answer
	begins long.out $MIB "$THEIRS"
}

@test "close: vcat ends at once, while stdin stays open and silent" {
	feed "sleep 1000"
	peer_listens text hello wait-file go close sleep 30
	start vcat "$VCAT" "1:$port" <stdin
	wait_until 10 grep -q hello vcat.out
	running vcat
	touch go
	finish vcat 4
	ended vcat 0
	running feed
	running peer
}

@test "close: vcat ends at once even if the peer half-closed long before" {
	feed "sleep 1000"
	peer_listens text hello shutdown wait-file go close sleep 30
	start vcat "$VCAT" "1:$port" <stdin
	wait_until 10 grep -q hello vcat.out
	sleep 1.5
	running vcat
	touch go
	finish vcat 4
	ended vcat 0
	running feed
	running peer
}

@test "close: if the peer has not read all our bytes, vcat fails" {
	head -c $MIB "$OURS" >ours
	peer_listens read 1000 touch half wait-file go close
	feed "cat ours; sleep 1000"
	start vcat "$VCAT" "1:$port" <stdin
	wait_until 10 test -e half
	touch go
	ended vcat 1 "write: "
}

@test "half-close: after the peer's half-close vcat goes on sending" {
	feed "await go; sleep 1; printf one; sleep 1; printf two"
	peer_listens text hello shutdown touch go read-eof print
	start vcat "$VCAT" "1:$port" <stdin
	ended vcat 0
	ended peer 0
	expect "$(<vcat.out)" hello
	printf onetwo >words
	received peer 6 words
}

@test "half-close: the peer's half-close ends stdout while vcat goes on sending" {
	mkfifo stdout
	start reader bash -c 'cat stdout >theirs; touch ended'
	feed "await ended; printf later"
	peer_listens text hello shutdown read-eof print
	start vcat bash -c 'exec "$@" >stdout' - "$VCAT" "1:$port" <stdin
	ended vcat 0
	ended peer 0
	expect "$(<theirs)" hello
	printf later >word
	received peer 5 word
}

@test "half-close: our half-close reaches the peer while the peer goes on sending" {
	peer_listens expect-eof text hello sleep 1 text " again"
	run -0 --separate-stderr vcat "1:$port" </dev/null
	expect "$output" "hello again"
	ended peer 0
}

@test "--shutdown, -N: both do what is the default" {
	for option in --shutdown -N; do
		peer_listens read 3 expect-eof text answer
		run -0 --separate-stderr vcat $option "1:$port" <<<ab
		expect "$output" answer
		ended peer 0
	done
}

@test "--no-shutdown: stdin's EOF does not half-close, and the answer arrives" {
	peer_listens read 3 sleep 1 expect-open text answer sleep 1 text s
	run -0 --separate-stderr vcat --no-shutdown "1:$port" <<<ab
	expect "$output" answers
	ended peer 0
}

@test "--no-shutdown: vcat ends with the peer's half-close" {
	peer_listens read 3 text answer shutdown expect-eof
	run -0 --separate-stderr vcat --no-shutdown "1:$port" <<<ab
	expect "$output" answer
	ended peer 0
}

@test "--send-only: everything is sent, nothing is printed, and vcat does not wait for the peer" {
	head -c $MIB "$OURS" >ours
	peer_listens text junk read-eof print wait-file go expect-epipe
	start vcat "$VCAT" --send-only "1:$port" <ours
	ended vcat 0
	expect "$(<vcat.out)" ""
	running peer
	touch go
	ended peer 0
	received peer $MIB ours
}

@test "--send-only: a peer that sends without reading does not stall it" {
	"$PATTERN" 1 $MANY >ours
	peer_listens may-fail send $MANY read-eof print
	start vcat "$VCAT" --send-only "1:$port" <ours
	ended vcat 0
	ended peer 0
	received peer $MANY ours
	expect "$(<vcat.out)" ""
}

@test "--recv-only: everything is received, and vcat ends with the peer's half-close" {
	feed "printf junk; sleep 1000"
	peer_listens seed 2 send $MIB shutdown read-eof print
	start vcat "$VCAT" --recv-only "1:$port" <stdin
	ended vcat 0
	ended peer 0
	begins vcat.out $MIB "$THEIRS"
	expect_in peer.out "received 0 "
	running feed
}

@test "--recv-only, -d: stdin is left unread for the next program" {
	for option in --recv-only -d --detach-stdin; do
		peer_listens text theirs. shutdown read-eof print
		run -0 bash -c 'timeout 30 "$@" && cat' - "$VCAT" $option "1:$port" <<<ours
		expect "$output" theirs.ours
		ended peer 0
		expect_in peer.out "received 0 "
	done
}

@test "-d: the peer's bytes arrive although stdin is at EOF" {
	peer_listens sleep 1 expect-open seed 2 send $MIB
	start vcat "$VCAT" -d "1:$port" </dev/null
	ended vcat 0
	ended peer 0
	begins vcat.out $MIB "$THEIRS"
}

@test "-q: an answer within the limit arrives" {
	peer_listens read-eof sleep 1 seed 2 send $MIB touch sent sleep 30
	start vcat "$VCAT" -q 4 "1:$port" <<<req
	ended vcat 0
	running peer
	begins vcat.out $MIB "$THEIRS"
}

@test "--strict: between two vcats, a finished stream is success" {
	start receiver "$VCAT" -l --strict any </dev/null
	port_of receiver
	start sender "$VCAT" --strict "1:$port" <"$OURS"
	ended sender 0
	ended receiver 0
	same_bytes receiver.out "$OURS"
}

# A sender that is killed half-way, to a receiver with these options.
kill_sender() {
	start receiver "$VCAT" -l --strict any "$@"
	port_of receiver
	feed "cat ours; sleep 1000"
	head -c $MIB "$OURS" >ours
	start sender "$VCAT" "1:$port" <stdin
	wait_until 20 test -s receiver.out
	pid_of sender
	kill -KILL "$pid"
	ended receiver 1 "truncated"
	begins receiver.out "$(stat -c %s receiver.out)" ours
}

@test "--strict: between two vcats, a killed sender is a failure" {
	silence
	kill_sender <silent
}

@test "--strict: a killed sender is a failure for a receiver that does not read stdin" {
	kill_sender -d </dev/null
}

@test "--strict: a killed sender is a failure for a receiver whose stdin was empty" {
	kill_sender </dev/null
}

@test "--strict: a peer that dies, aborts or just closes is a failure" {
	for end in kill linger-reset close; do
		feed "sleep 1000"
		peer_listens seed 2 send $MIB $end
		start vcat "$VCAT" --strict "1:$port" <stdin
		ended vcat 1 "truncated"
		begins vcat.out $MIB "$THEIRS"
		stop feed
		rm stdin
	done
}

@test "--strict: a peer that half-closes and waits for our end is success" {
	feed "sleep 1.5; printf later"
	peer_listens text hello shutdown read-eof print
	start vcat "$VCAT" --strict "1:$port" <stdin
	ended vcat 0
	ended peer 0
	expect_in peer.out "received 5 "
}

@test "--strict: it works the same on a unix socket" {
	"$PEER" -w 20 listen unix:s text part close &
	start listener "$VCAT" -l --strict unix:t </dev/null
	start peer "$PEER" -t 10 connect unix:t text all shutdown read-eof
	ended listener 0
	wait_until 10 test -S s
	feed "sleep 1000"
	start vcat "$VCAT" --strict unix:s <stdin
	ended vcat 1 "truncated"
}

@test "stdin closed: it counts as empty" {
	peer_listens expect-eof text answer
	run -0 --separate-stderr bash -c 'timeout 30 "$@" <&-' - "$VCAT" "1:$port"
	expect "$output" answer
	ended peer 0
}

@test "stdout closed: bytes for it are a failure, and our bytes still arrive" {
	head -c $MIB "$OURS" >ours
	peer_listens text answer read-eof print
	start vcat bash -c 'exec "$@" >&-' - "$VCAT" "1:$port" <ours
	ended vcat 1 "stdout: write: "
	ended peer 0
	received peer $MIB ours
}

# A VM socket that was accepted forgets the end it has not yet read.
@test "ends: a client that closes just as we half-close has ended the stream, no more" {
	ASAN_OPTIONS=detect_leaks=0 start vcat strace -qq -o trace \
		-e trace=shutdown -e inject=shutdown:delay_enter=3000000 \
		"$VCAT" -l any < <(wait_until 20 test -e ended)
	port_of vcat
	start peer "$PEER" connect "vsock:1:$port" text answer \
		wait-file ended sleep 1 close
	wait_until 10 grep -q answer vcat.out
	touch ended
	ended vcat 0
	ended peer 0
	expect "$(<vcat.out)" answer
	expect_in trace DELAYED
}

@test "stdout closed: it is no failure if no byte comes for it" {
	head -c $MIB "$OURS" >ours
	peer_listens read-eof print
	start vcat bash -c 'exec "$@" >&-' - "$VCAT" "1:$port" <ours
	ended vcat 0
	ended peer 0
	received peer $MIB ours
}

@test "stdin, stdout and stderr closed: the connection takes none of their numbers" {
	peer_listens text answer read-eof print
	start vcat bash -c 'exec "$@" <&- >&- 2>&-' - "$VCAT" "1:$port"
	ended vcat 1
	ended peer 0
	expect_in peer.out "received 0 "
}

@test "stdout: a byte that does not fit is a failure, whatever ends first" {
	for ending in "" shutdown close "shutdown read-eof"; do
		# shellcheck disable=SC2086 # words
		peer_listens text x $ending
		start vcat bash -c 'exec "$@" >/dev/full' - "$VCAT" "1:$port" </dev/null
		ended vcat 1 "stdout: write: No space left on device"
	done
}
