# machine: loopback
bats_require_minimum_version 1.5.0
load helper

@test "transfer: 64 MiB arrive as they were sent, vcat to vcat" {
	$PATTERN 1 67108864 >sent
	start listener "$VCAT" -l any </dev/null
	port_of listener
	run -0 "$VCAT" 1:"$port" <sent
	finish listener
	expect "$status" 0 "the listener's status"
	same_bytes sent listener.out
}
