# machine: here
# needs: strace developer
bats_require_minimum_version 1.5.0
load splice

@test "splice: from a pipe to a socket, and from the socket to a pipe" {
	exchange unix:s "cat '$OURS' | \"\$@\"" "> >(cat >got)"
	many out splice
	many in splice
}

@test "splice: what is written into a file once vcat has ended is not sent" {
	head -c 100000 "$OURS" >file
	start in "$PEER" listen unix:s wait-file go read-eof print
	wait_until 10 test -S s
	"$VCAT" --send-only --buffer 64KiB unix:s <file
	tr '\0-\377' 'x' <file | dd of=file conv=notrunc status=none
	touch go
	ended in 0
	received in 100000 "$OURS"
}

@test "splice: a file is sent from where another has read to" {
	start in "$VCAT" -l --recv-only unix:s
	wait_until 10 test -S s
	{ dd bs=100 count=1 status=none && "$VCAT" --send-only unix:s; } <"$OURS" >first
	ended in 0
	cat first in.out | cmp - "$OURS"
}

@test "splice: a file that grows is sent to its end" {
	head -c $MIB "$OURS" >file
	mkfifo go
	start in bash -c 'exec "$0" -l --recv-only unix:s > >(read -r <go; cat >got; touch written)' "$VCAT"
	wait_until 10 test -S s
	start out "$VCAT" --send-only unix:s <file
	tail -c +$((MIB + 1)) "$OURS" | head -c $MIB >>file
	echo >go
	ended out 0
	ended in 0
	wait_until 10 test -e written
	begins got "$(stat -c %s got)" "$OURS"
	[[ $(stat -c %s got) -ge $MIB ]]
}

@test "splice: a kernel or a filter that refuses it: all is copied" {
	start in "$TOOLS/without-splice" bash -c 'exec "$0" -l --recv-only unix:s > >(cat >got)' "$VCAT"
	wait_until 10 test -S s
	cat "$OURS" | "$TOOLS/without-splice" "$VCAT" --send-only unix:s
	ended in 0
	wait_until 10 cmp got "$OURS"
}

@test "splice: a file opened for appending is appended to" {
	echo first >got
	start in bash -c 'exec "$0" -l --recv-only unix:s >>got' "$VCAT"
	wait_until 10 test -S s
	"$VCAT" --send-only unix:s <"$OURS"
	ended in 0
	cmp got <(echo first; cat "$OURS")
}

@test "splice: the reader of stdout goes: vcat fails, as without it" {
	start in bash -c 'exec "$0" -l --recv-only unix:s > >(head -c 3000000 >/dev/null)' "$VCAT"
	wait_until 10 test -S s
	"$VCAT" --send-only unix:s <"$OURS" || true
	ended in 1 "stdout: write: Broken pipe"
}

@test "splice: the peer goes: vcat fails, as without it" {
	start in "$PEER" listen unix:s read 3000000 close
	wait_until 10 test -S s
	run bash -c "cat '$OURS' '$OURS' | '$VCAT' unix:s"
	expect "$status" 1
	expect "$output" "vcat: unix:s: read: Connection reset by peer"
}
