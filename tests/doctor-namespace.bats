# machine: namespace
bats_require_minimum_version 1.5.0
load helper
load golden

# Linux 7.x. This machine is a guest, CID 3, and a host: vhost_vsock is loaded.

@test "doctor: the global network namespace of a nested host" {
	golden doctor-namespace-global 0 "$VCAT" --doctor
}

@test "doctor: a network namespace in global mode sees the same" {
	golden doctor-namespace-global 0 unshare --net "$VCAT" --doctor
}

@test "doctor: a network namespace in local mode cannot reach the host" {
	echo local >/proc/sys/net/vsock/child_ns_mode
	golden doctor-namespace-local 0 unshare --net "$VCAT" --doctor
}
