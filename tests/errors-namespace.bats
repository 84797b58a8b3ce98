# machine: namespace
bats_require_minimum_version 1.5.0
load helper

# Linux 7.x. This machine is a guest, CID 3, and a host: vhost_vsock is loaded.

@test "ENETUNREACH: a local vsock namespace reaches neither host nor guest" {
	echo local >/proc/sys/net/vsock/child_ns_mode
	for peer in "2 host(2)" "5 vm(5)"; do
		fails 1 "${peer#* }:1234: connect: Network is unreachable" "ns_mode" \
			unshare --net "$VCAT" "${peer% *}:1234"
	done
}

@test "EHOSTUNREACH: the VM's driver is not up" {
	dead_guest
	fails 1 "vm($DEAD):1234: connect: No route to host" "--retry" "$VCAT" -w 2 $DEAD:1234
}

@test "EHOSTUNREACH: --retry waits for it" {
	dead_guest
	timed fails 3 "vm($DEAD):1234: connect: No route to host" "driver" \
		"$VCAT" --retry=1 $DEAD:1234
	expect "$status" 0
	expect_ms 1000 9000
}

@test "-z: unreachable, for both reasons" {
	dead_guest
	scans 1 unreachable $DEAD:22
	echo local >/proc/sys/net/vsock/child_ns_mode
	run -1 --separate-stderr unshare --net "$VCAT" -z -v 2:22
	[[ $output == "2:22 unreachable "* ]]
}

@test "--netns: sockets are those of a namespace, which cannot reach the host" {
	: >space
	echo local >/proc/sys/net/vsock/child_ns_mode
	unshare --net="$T/space" true
	for peer in "2 host(2)" "5 vm(5)"; do
		fails 1 "${peer#* }:1234: connect: Network is unreachable" "--netns" \
			"$VCAT" --netns space "${peer% *}:1234"
	done
	run -1 --separate-stderr vcat -z -v --netns space 2:22
	[[ $output == "2:22 unreachable "* ]]
	umount space
}
