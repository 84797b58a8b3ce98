# machine: here
# needs: loopback
# Bytes that did not arrive are a failure, and bytes that can arrive do, also
# where the kernel reports it otherwise than by a failed read or write.
bats_require_minimum_version 1.5.0
load helper

# meets ADDRESS ACTION...: starts a peer there with these actions; sets address.
meets() {
	address=$1
	shift
	start peer "$PEER" -r up listen "${address/any/127.0.0.1:0}" "$@"
	wait_until 5 test -e up
	[[ $address != tcp:* ]] || address=tcp:127.0.0.1:$(<up)
}

# fed COMMAND: makes a fifo, stdin, with its output and no EOF.
fed() {
	mkfifo stdin
	start feed bash -c "{ $1; sleep 1000; } >stdin"
}

# gives STATUS PATTERN: vcat ends with STATUS and its stderr matches PATTERN.
gives() {
	finish vcat 20
	expect "$status" "$1" "status, stderr '$(<vcat.err)'"
	[[ $(<vcat.err) =~ $2 ]]
}

reset='write: (Connection reset by peer|Broken pipe)'

# leaves ADDRESS: the peer there half-closes, takes 10 of our 100 bytes, and
# closes once vcat has seen its half-close, which shows in the end of stdout.
# Both must have happened: a reset that comes earlier fails differently.
leaves() {
	meets "$1" shutdown read 10 touch some wait-file go close
	fed "head -c 100 /dev/zero"
	mkfifo stdout
	start reader bash -c 'cat stdout; touch ended'
	start vcat bash -c 'exec "$@" >stdout' - "$VCAT" "$address" <stdin
	wait_until 5 test -e some
	wait_until 5 test -e ended
	touch go
}

@test "reset: one after the peer's half-close is a failure on a unix socket" {
	leaves unix:s
	gives 1 "$reset"
}

@test "reset: one after the peer's half-close is a failure over TCP" {
	leaves tcp:any
	gives 1 "$reset"
}

@test "reset: bytes for a TCP peer that has closed are a failure" {
	meets tcp:any close
	fed "sleep 0.3; echo foo"
	start vcat "$VCAT" "$address" <stdin
	gives 1 "$reset"
}

@test "reset: a forwarder reports one after the half-close too" {
	meets unix:t shutdown read 10 touch some wait-file go close
	start vcat "$VCAT" -l unix:s -t unix:t </dev/null
	wait_until 5 test -S s
	start client "$PEER" connect unix:s send 100 expect-eof touch ended sleep 5
	wait_until 5 test -e some
	wait_until 5 test -e ended
	touch go
	gives 1 "unix:t: $reset"
}

@test "close: after its half-close a peer that has all our bytes may close" {
	meets unix:s shutdown read 5 sleep 0.3 close
	fed "printf hello"
	start vcat "$VCAT" "$address" <stdin
	gives 0 '^$'
}

@test "close: a TCP peer that has all our bytes may close after our half-close" {
	meets tcp:any shutdown read 5 read-eof close
	start vcat "$VCAT" "$address" < <(printf hello; sleep 0.3)
	gives 0 '^$'
}

@test "--send-only: a TCP peer that sends and reads late gets everything" {
	local option
	"$PATTERN" 1 1000000 >sent
	for option in --shutdown --no-shutdown; do
		rm -f up got
		meets tcp:any text tick sleep 3 text tick save got read 1000000 text tock
		run -0 "$VCAT" --send-only $option "$address" <sent
		finish peer
		same_bytes sent got
	done
}
