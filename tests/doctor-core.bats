# machine: core
bats_require_minimum_version 1.5.0
load helper
load golden

@test "doctor: a kernel with AF_VSOCK and no transport" {
	golden doctor-core 1 "$VCAT" --doctor
}

@test "cid: without a transport there is none, and the hint says who tells more" {
	fails 1 "/dev/vsock: cid: No such device" "vcat --doctor" "$VCAT" --cid
}
