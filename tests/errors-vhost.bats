# machine: vhost
bats_require_minimum_version 1.5.0
load helper

@test "ENODEV: no VM has that CID, CID 0 is VMware's, and a host has no siblings" {
	each_fails <<-'END'
		1 | vm(5):1234: connect: No such device          | no running VM has that CID | 5:1234
		1 | vm(4294967294):1234: connect: No such device | guest-cid                  | 4294967294:1234
		1 | hypervisor(0):1234: connect: No such device  | the host is CID 2          | 0:1234
		1 | vm(5):1234: connect sibling: No such device  | leave out --sibling        | --sibling 5:1234
	END
}

@test "ETIMEDOUT: the VM's driver is not up" {
	dead_guest
	each_fails <<-END
		3 | vm($DEAD):1234: connect: Connection timed out | booting | -w 1 $DEAD:1234
		3 | vm($DEAD):1234: connect: Connection timed out | --retry | -w 1 $DEAD:1234
	END
}

@test "ETIMEDOUT: after --retry the hint does not suggest --retry" {
	dead_guest
	run -3 --separate-stderr vcat --retry=1 $DEAD:1234
	[[ ${stderr_lines[1]} == "hint: "* ]]
	[[ $stderr != *"--retry"* ]]
}

@test "ECONNREFUSED: nobody listens on this machine, the host" {
	fails 1 "host(2):1234: connect: Connection refused" "vcat -l 1234" \
		"$VCAT" host:1234
}

@test "-z: no such VM, a VM whose driver is not up, and a refusal" {
	scans 1 "no such VM" 5:22
	scans 1 refused host:22
	dead_guest
	scans 3 "timed out" -w 1 $DEAD:22
}
