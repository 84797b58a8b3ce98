# machine: loopback loopback-6.12 loopback-7
# --bench against --sink and --echo over VM sockets.
bats_require_minimum_version 1.5.0
load helper

@test "sink: both directions over a VM socket, with the buffers of both ends" {
	start sink "$VCAT" -l -k --sink any
	port_of sink
	run --separate-stderr vcat --bench=0.5 --both --json "1:$port"
	expect "$status" 0 "status with '$stderr'" || {
		cat sink.err
		return 1
	}
	jq -e --arg at "1:$port" '.address == $at and .whole and .to_bytes > 0 and
		.from_bytes > 0 and .receive_buffer_here == 4194304 and
		.receive_buffer_there == 4194304 and
		(has("send_buffer_here") | not)' <<<"$output"
	run -0 vcat --bench=0.5 --buffer 64KiB "1:$port"
	[[ ${lines[0]} == "to 1:$port: "*", counted by the receiver)" ]]
	expect "${lines[2]}" "buffers here: relay 64.0 KiB, socket 64.0 KiB"
	expect "${lines[3]}" "buffers there: relay 1.0 MiB, socket 4.0 MiB"
	expect "$(wc -l <sink.err)" 1 "a sink that is content says nothing"
}

@test "echo: over a VM socket, with -k and without" {
	start echo "$VCAT" -l --echo any
	port_of echo
	run -0 vcat --bench=0.5 "1:$port"
	[[ ${lines[0]} == "to and back from 1:$port: "* ]]
	ended echo 0
}

@test "refused: nobody listens, and a peer that is no vcat of that kind" {
	fails 1 "local(1):7: connect: Connection refused" "nobody listens" \
		"$VCAT" --bench=0.2 1:7
	start other "$VCAT" -l any <<<"hello"
	port_of other
	fails 1 "local(1):$port: not a vcat with --sink or --echo: it said \"hello\"" \
		"\`vcat -l -k --sink $port\`" "$VCAT" --bench=0.2 "1:$port"
}
