# For bats files about bytes that vcat passes on without reading them. What it does is
# counted by strace; what arrives is compared. It loads streams.
#
# shellcheck shell=bash disable=SC2154

load streams

# traced NAME CALLS COMMAND...: starts it; counts its calls in the file NAME.calls.
traced() {
	local name=$1 calls=$2
	shift 2
	start "$name" strace -f -o "$name.calls" -e trace="$calls" "$@"
}

# many NAME CALL: more than a few that worked in the file NAME.calls.
many() {
	[[ $(grep -cE " $2\(.* = [1-9][0-9]*$" "$1.calls") -gt 3 ]]
}

# exchange ADDRESS SENDER RECEIVER: 16 MiB to ADDRESS and into the file got, by vcats
# that shell commands start, as "$@".
exchange() {
	rm -f got
	traced in splice,recvmsg bash -c "exec \"\$@\" $3" - \
		"$VCAT" -l --recv-only "$1"
	traced out splice,sendfile,sendmsg bash -c "$2" - \
		"$VCAT" --retry=10 --send-only "$1"
	ended out 0
	ended in 0
	wait_until 10 test -s got
	wait_until 10 cmp got "$OURS"
}

# forward FROM TO: 16 MiB from a vcat through another one, which listens at FROM and
# dials TO, to a third. The calls of the second are in the file mid.calls.
forward() {
	rm -f got
	start in "${into[@]}" got "$VCAT" -l --recv-only "$2"
	traced mid splice,recvmsg,sendmsg "$VCAT" -l "$1" -t "$2" --retry=10
	"$VCAT" --retry=10 --send-only "$1" <"$OURS"
	ended mid 0
	ended in 0
	cmp got "$OURS"
}
