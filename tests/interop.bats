# machine: loopback
bats_require_minimum_version 1.5.0
load streams

# vcat with other people's programs. What is asserted is vcat's part: the bytes,
# and its exit status. ncat 7.93 stays when its peer has closed; where it listens
# it drops what it has yet to send when its peer half-closes, so vcat's stdin
# ends last then, and there is no answer to that end.

@test "socat listens: 8 MiB to it"           { to_it; }
@test "socat listens: 8 MiB from it"         { from_it; }
@test "socat listens: 8 MiB both ways"       { both_ways; }
@test "socat listens: it answers our end"    { it_answers; }
@test "socat listens: we answer its end"     { we_answer; }

@test "socat connects: 8 MiB to it"          { to_it; }
@test "socat connects: 8 MiB from it"        { from_it; }
@test "socat connects: 8 MiB both ways"      { both_ways; }
@test "socat connects: it answers our end"   { it_answers; }
@test "socat connects: we answer its end"    { we_answer; }

@test "ncat listens: 8 MiB to it"            { to_it; }
@test "ncat listens: 8 MiB from it"          { from_it; }
@test "ncat listens: 8 MiB both ways"        { both_ways; }
@test "ncat listens: we answer its end"      { we_answer; }

@test "ncat connects: 8 MiB to it"           { to_it; }
@test "ncat connects: 8 MiB from it"         { from_it; }
@test "ncat connects: 8 MiB both ways"       { both_ways; }
@test "ncat connects: it answers our end"    { it_answers; }
@test "ncat connects: we answer its end"     { we_answer; }

@test "vsock-go listens: 8 MiB to it"        { to_it; }
@test "vsock-go listens: 8 MiB from it"      { from_it; }
@test "vsock-go listens: 8 MiB both ways"    { both_ways; }
@test "vsock-go listens: it answers our end" { it_answers; }
@test "vsock-go listens: we answer its end"  { we_answer; }

@test "vsock-go connects: 8 MiB to it"        { to_it; }
@test "vsock-go connects: 8 MiB from it"      { from_it; }
@test "vsock-go connects: 8 MiB both ways"    { both_ways; }
@test "vsock-go connects: it answers our end" { it_answers; }
@test "vsock-go connects: we answer its end"  { we_answer; }

@test "socat listens on a unix socket: 8 MiB both ways"     { both_ways; }
@test "socat listens on a unix socket: it answers our end"  { it_answers; }
@test "socat listens on a unix socket: we answer its end"   { we_answer; }

@test "socat connects to a unix socket: 8 MiB both ways"    { both_ways; }
@test "socat connects to a unix socket: it answers our end" { it_answers; }
@test "socat connects to a unix socket: we answer its end"  { we_answer; }

# choose: by the name of the test, the other program and where to meet it.
choose() {
	local port=$((7000 + BATS_TEST_NUMBER))
	local socat=(socat -t 30 -) # it would wait half a second for an answer

	[[ $BATS_TEST_DESCRIPTION != *"it answers"* ]] || socat[3]=exec:sha256sum
	address=1:$port
	case $BATS_TEST_DESCRIPTION in
	"socat listens on a unix"*) program=("${socat[@]}" unix-listen:s) ;;
	"socat connects to a unix"*) program=("${socat[@]}" unix-connect:s) ;;
	"socat listens"*) program=("${socat[@]}" "vsock-listen:$port") ;;
	"socat connects"*) program=("${socat[@]}" "vsock-connect:1:$port") ;;
	"ncat listens"*) program=(ncat --vsock -l "$port") ;;
	"ncat connects"*) program=(ncat --vsock 1 "$port") ;;
	"vsock-go listens"*) program=("$TOOLS/vsock-go" listen "$port") ;;
	"vsock-go connects"*) program=("$TOOLS/vsock-go" dial 1 "$port") ;;
	esac
	[[ $BATS_TEST_DESCRIPTION != *unix* ]] || address=unix:s
}

# with IN OUT COMMAND...: start's command, for it to have these two.
# shellcheck disable=SC2016 # expanded by the inner shell
with=(bash -c 'exec <"$1" >"$2" "${@:3}"' -)

# meet IN OUT THEIR_IN THEIR_OUT: starts both programs, with these.
meet() {
	choose
	if [[ $BATS_TEST_DESCRIPTION == *" listens"* ]]; then
		start theirs "${with[@]}" "$3" "$4" "${program[@]}"
		start ours "${with[@]}" "$1" "$2" "$VCAT" --retry=10 "$address"
	else
		start ours "${with[@]}" "$1" "$2" "$VCAT" -v -l "$address"
		wait_until 10 grep -q '^listening on ' ours.err
		start theirs "${with[@]}" "$3" "$4" "${program[@]}"
	fi
}

# we_succeed: vcat has ended, and well.
we_succeed() {
	finish ours 20
	expect "$status" 0 "vcat's status"
}

# they_got FILE: what they have received is that.
they_got() {
	local begin=0
	# it says where it listens
	[[ $BATS_TEST_DESCRIPTION != "vsock-go listens"* ]] || begin=10
	wait_until 10 holds theirs.got $(($(stat -c %s "$1") + begin))
	cmp "theirs.got" "$1" "$begin"
}

# ending FILE: sets in to what has FILE's bytes. Where ncat listens, it is a
# fifo that ends when all that we are to get has come, and else FILE itself.
ending() {
	in=$1
	[[ $BATS_TEST_DESCRIPTION == "ncat listens"* ]] || return 0
	in=stdin
	: >got
	feed "cat '$1'; until ((\$(stat -c %s got) >= $MANY)); do sleep 0.05; done"
}

to_it() {
	meet "$OURS.$MANY" got /dev/null theirs.got
	we_succeed
	they_got "$OURS.$MANY"
	expect "$(<got)" ""
}

from_it() {
	ending /dev/null
	meet "$in" got "$THEIRS.$MANY" theirs.got
	we_succeed
	cmp got "$THEIRS.$MANY"
}

both_ways() {
	ending "$OURS.$MANY"
	meet "$in" got "$THEIRS.$MANY" theirs.got
	we_succeed
	cmp got "$THEIRS.$MANY"
	they_got "$OURS.$MANY"
}

# answering COMMAND: its output is what can be read from the fifo reply; the
# fifo request is its stdin.
answering() {
	mkfifo request reply
	start answer bash -c "exec >reply; $1"
}

# vsock-go does not pass our end on to its stdout: it answers when it has all.
it_answers() {
	case $BATS_TEST_DESCRIPTION in
	socat*)
		meet "$OURS.$MANY" got /dev/null theirs.got
		;;
	ncat*)
		answering "sha256sum <request"
		meet "$OURS.$MANY" got reply request
		;;
	vsock-go*)
		: >theirs.got
		answering "until ((\$(stat -c %s theirs.got) >= $MANY))
			do sleep 0.05; done; sha256sum <'$OURS.$MANY'"
		meet "$OURS.$MANY" got reply theirs.got
		;;
	esac
	we_succeed
	expect "$(<got)" "$(sha256sum <"$OURS.$MANY")"
}

we_answer() {
	answering "sha256sum <request"
	meet reply request "$THEIRS.$MANY" theirs.got
	we_succeed
	sha256sum <"$THEIRS.$MANY" >answer
	they_got answer
}
