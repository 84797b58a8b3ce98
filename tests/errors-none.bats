# machine: none
bats_require_minimum_version 1.5.0
load helper

@test "EAFNOSUPPORT: the kernel has no vsock, and the hint says how to get it" {
	each_fails <<-'END'
		1 | local(1):1234: socket: Address family not supported by protocol | modprobe vhost_vsock    | 1:1234
		1 | local(1):1234: socket: Address family not supported by protocol | modprobe vsock_loopback | 1:1234
		1 | local(1):1234: socket: Address family not supported by protocol | vsock device            | 1:1234
		1 | any:1234: socket: Address family not supported by protocol      | modprobe vhost_vsock    | -l 1234
		1 | any:1234: socket: Address family not supported by protocol      | modprobe vsock_loopback | -l 1234
		1 | any:1234: socket: Address family not supported by protocol      | vsock device            | -l 1234
		1 | host(2):1234: socket: Address family not supported by protocol  | modprobe                | host:1234
		1 | vm(3):1234: socket: Address family not supported by protocol    | modprobe                | 3 1234
		1 | vm(3):1234: socket: Address family not supported by protocol    | modprobe                | --seqpacket 3 1234
	END
}

@test "EAFNOSUPPORT: --retry does not wait for it" {
	timed fails 1 "vm(3):1234: socket: Address family not supported by protocol" \
		"modprobe" "$VCAT" --retry 3:1234
	expect "$status" 0
	expect_ms 0 10000
}

@test "unix: it works without vsock" {
	start listener "$VCAT" -l unix:s < <(echo answer)
	wait_until 10 test -S s
	run -0 vcat unix:s <<<request
	expect "$output" answer
	finish listener
	expect "$(<listener.out)" request
}

@test "-z: the kernel has no vsock" {
	scans 1 "no vsock here" 3:22
	scans 1 "no vsock here" 1:22
}
