# machine: core
bats_require_minimum_version 1.5.0
load helper

@test "ENODEV: without a transport there is nobody to connect to" {
	each_fails <<-'END'
		1 | local(1):1234: connect: No such device      | modprobe vsock_loopback | 1:1234
		1 | host(2):1234: connect: No such device       | no vsock transport      | 2:1234
		1 | vm(3):1234: connect: No such device         | modprobe vhost_vsock    | 3:1234
		1 | hypervisor(0):1234: connect: No such device | the host is CID 2       | 0:1234
	END
}

@test "ENODEV: --retry that waits in vain ends with status 3" {
	timed fails 3 "local(1):1234: connect: No such device" \
		"modprobe vsock_loopback" "$VCAT" --retry=1 1:1234
	expect "$status" 0
	expect_ms 1000 9000
}

@test "EADDRNOTAVAIL: no CID is this machine's" {
	each_fails <<-'END'
		1 | local(1):1234: bind: Cannot assign requested address | modprobe vsock_loopback, or use vcat -l 1234 | -l 1:1234
		1 | host(2):1234: bind: Cannot assign requested address  | listen with vcat -l 1234                             | -l 2:1234
	END
}

@test "any: listening needs no transport" {
	start listener "$VCAT" -l any </dev/null
	port_of listener
	running listener
}

@test "-z: nothing can be reached without a transport" {
	scans 1 "no vsock here" 1:22
	scans 1 "no such VM" 3:22
}
