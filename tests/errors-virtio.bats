# machine: virtio
bats_require_minimum_version 1.5.0
load helper

# This machine is a guest, CID 3; its loopback is not loaded. The VMM is
# vhost-device-vsock, with nobody behind it.

# The host drops what is for a CID that it does not know or serve; this VMM also
# says nothing when it serves no such port.
@test "ETIMEDOUT: an unknown CID, the loopback, and a port that nobody serves" {
	each_fails <<-'END'
		3 | vm(5):1234: connect: Connection timed out         | the CID may not exist   | -w 1 5:1234
		3 | hypervisor(0):1234: connect: Connection timed out | the host is CID 2       | -w 1 0:1234
		3 | local(1):1234: connect: Connection timed out      | modprobe vsock_loopback | -w 1 1:1234
		3 | host(2):1234: connect: Connection timed out       | nobody answered         | -w 1 host:1234
	END
}

@test "ENODEV, ESOCKTNOSUPPORT: our own CID, and a device without SEQPACKET" {
	each_fails <<-'END'
		1 | vm(3):1234: connect: No such device              | modprobe vsock_loopback | 3:1234
		1 | host(2):1234: connect: Socket type not supported | leave out --seqpacket   | --seqpacket 2:1234
	END
}

@test "EADDRNOTAVAIL: CID 1 without the loopback, and CIDs of other machines" {
	fails 1 "local(1):1234: bind: Cannot assign requested address" \
		"modprobe vsock_loopback" "$VCAT" -l 1:1234
	fails 1 "vm(4):1234: bind: Cannot assign requested address" \
		"listen with vcat -l 1234" "$VCAT" -l 4:1234
	# shown as it would be typed: not any:any
	fails 1 "vm(4):any: bind: Cannot assign requested address" "vcat -l any" \
		"$VCAT" -l 4:any
	run -1 grep any: <(tail -n 1 fails.err)
	fails 1 "host(2):1234: bind: Cannot assign requested address" \
		"not this machine's" "$VCAT" -l 2:1234
}

@test "listening: our own CID works" {
	start listener "$VCAT" -l -v 3:1234 </dev/null
	wait_until 10 grep -qx "listening on 3:1234" listener.err
	running listener
}

@test "-z: a VMM that does not answer is a time-out" {
	scans 3 "timed out" -w 1 host:22
}
