# machine: vhost
bats_require_minimum_version 1.5.0
load helper
load golden

@test "doctor: a host of virtual machines" {
	golden doctor-vhost 0 "$VCAT" --doctor
}

@test "doctor: an ordinary user may open neither node, and vsock is usable all the same" {
	golden doctor-vhost-user 0 "${AS_USER[@]}" "$VCAT" --doctor
}

@test "doctor: whoever is to start VMs joins the group of the node" {
	chgrp users /dev/vhost-vsock
	chmod 0660 /dev/vhost-vsock
	"${AS_USER[@]}" "$VCAT" --doctor --json >said
	chgrp root /dev/vhost-vsock
	chmod 0600 /dev/vhost-vsock
	expect "$(jq -r 'select(.check == "/dev/vhost-vsock").fix' said)" \
		"usermod -a -G users nobody"
}

@test "cid: a host's is 2, and who may not open /dev/vsock is told by bind(2)" {
	run -0 --separate-stderr vcat --cid
	expect "$output" 2
	run -0 --separate-stderr vcat --cid -v
	expect "$output" "2 host"
	run -0 --separate-stderr "${AS_USER[@]}" "$VCAT" --cid
	expect "$output" 2
	expect "$stderr" ""
}
