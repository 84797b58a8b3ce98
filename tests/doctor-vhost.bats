# machine: vhost
bats_require_minimum_version 1.5.0
load helper
load golden

@test "doctor: a host of virtual machines" {
	golden doctor-vhost 0 "$VCAT" --doctor
}

@test "doctor: an ordinary user can open neither node, yet vsock is usable" {
	golden doctor-vhost-user 0 "${AS_USER[@]}" "$VCAT" --doctor
}

@test "doctor: a user who wants to start VMs is told to join the group of the node" {
	chgrp users /dev/vhost-vsock
	chmod 0660 /dev/vhost-vsock
	found /dev/vhost-vsock fix "${AS_USER[@]}" >fix
	chgrp root /dev/vhost-vsock
	chmod 0600 /dev/vhost-vsock
	expect "$(<fix)" "usermod -a -G users nobody"
}

@test "cid: a host is 2; bind(2) tells it to users who cannot open /dev/vsock" {
	prints 2 "$VCAT" --cid
	prints "2 host" "$VCAT" --cid -v
	prints 2 "${AS_USER[@]}" "$VCAT" --cid
}
