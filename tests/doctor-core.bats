# machine: core
bats_require_minimum_version 1.5.0
load helper
load golden

@test "doctor: a kernel with AF_VSOCK and no transport" {
	golden doctor-core 1 "$VCAT" --doctor
}

@test "doctor: --json has no number for an unknown CID, and says that nothing is usable" {
	expect "$(found cid cid)" null
	expect "$(found verdict usable)" false
}

@test "cid: without a transport there is no CID, and the hint names --doctor" {
	fails 1 "/dev/vsock: cid: No such device" "vcat --doctor" "$VCAT" --cid
}
