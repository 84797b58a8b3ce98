# machine: here
# The recipes of examples/ that use a microVM's socket, with a VMM that
# tests/tools/fake-vmm plays: the guest's port N is the AF_UNIX socket ./guest_N.
# examples-vsock.bats has the others.
bats_require_minimum_version 1.5.0
load examples

# vmm OPTION...: one on ./v
vmm() {
	start vmm "$TOOLS/fake-vmm" "$@" v .
	wait_until 5 grep -qx ready vmm.out
}

# guest PORT COMMAND: runs it for each connection to that port of the guest.
guest() {
	start "guest$1" "$VCAT" -l -k "unix:guest_$1" -e "$2"
	wait_until 5 test -S "guest_$1"
}

# to_here FILE: an example with the addresses of this test in place of its own.
to_here() {
	sed "s,/run/vm3.vsock,$T/v," "$EXAMPLES/$1"
}

# sshd and rsync's daemon take the rights of a user.
need_root() {
	[[ $(id -u) == 0 ]] || skip "only root can run that server"
}

@test "ssh-host: a microVM, a command's answer and status, 4 MiB" {
	need_root
	prepare_ssh
	vmm
	guest 22 "exec /usr/sbin/sshd -i -e -f $T/sshd_config"
	run -9 --separate-stderr in_time ssh-host mux:v:22 -F ssh_config 'echo hello; exit 9'
	expect "$output" hello
	"$PATTERN" 1 $((4 * MIB)) >sent
	in_time ssh-host mux:v:22 -F ssh_config "cat >$T/got" <sent
	same_bytes sent got
}

@test "ssh_config: a microVM by its name, with ssh, scp and rsync" {
	need_root
	prepare_ssh
	vmm
	guest 22 "exec /usr/sbin/sshd -i -e -f $T/sshd_config"
	to_here ssh_config >>ssh_config
	run -0 --separate-stderr in_time ssh -F ssh_config microvm3 'echo hello'
	expect "$output" hello
	tree src
	in_time scp -q -F ssh_config src/hard "microvm3:$T/copy"
	same_bytes src/hard copy
	in_time rsync -aH -e 'ssh -F ssh_config' src/ "microvm3:$T/there"
	same_tree src there
}

@test "rsync-host: a microVM's daemon, both ways" {
	need_root
	vmm
	mkdir data
	sed "s,/srv/data,$T/data," "$EXAMPLES/rsyncd.conf" >rsyncd.conf
	guest 873 "exec rsync --daemon --config=rsyncd.conf"
	tree src
	in_time rsync-host mux:v:873 -aH src/ guest::data
	same_tree src data
	in_time rsync-host mux:v:873 -aH guest::data/ back
	same_tree src back
}

@test "tar-send, tar-receive: a microVM, both ways" {
	tree src
	mkdir there back
	vmm
	start receiver tar-receive there -l unix:guest_1234
	wait_until 5 test -S guest_1234
	in_time tar-send src mux:v:1234
	ended receiver 0
	same_tree src there
	start sender tar-send there -l unix:guest_1235
	wait_until 5 test -S guest_1235
	in_time tar-receive back mux:v:1235
	ended sender 0
	same_tree src back
}

@test "tar-send, tar-receive: they fail if tar does, and if the stream is cut off" {
	start receiver tar-receive . -l unix:s
	wait_until 5 test -S s
	run -2 in_time tar-send nowhere unix:s
	finish receiver
	mkdir there
	start receiver tar-receive there -l unix:s
	wait_until 5 test -S s
	silence
	"$PATTERN" 1 $MIB >big
	tar -c big | head -c 200K >&"$silence_fd" &
	start sender "$VCAT" --verified unix:s <silent
	wait_until 5 test -s there/big
	stop sender
	finish receiver
	expect "$status" 2 "status of the receiver"
	# a unix socket says so if the killed end has left something unread
	grep -Eq "the peer closed the connection too early|reset by peer" receiver.err
}

@test "console-host: keys go to the guest, and the terminal is as before" {
	need_terminal
	vmm
	guest 1024 "exec script -qfc 'exec bash --norc' /dev/null"
	cat >session <<-END
		stty -g >before
		console-host mux:v:1024
		stty -g >after
	END
	mkfifo keys
	exec {keys}<>keys
	start terminal script -qec 'bash session' /dev/null <&"$keys"
	wait_until 20 grep -q bash terminal.out
	echo 'tty >where; stty -echo; echo $((6 * 7))' >&"$keys"
	wait_until 20 grep -q 42 terminal.out
	echo exit >&"$keys"
	finish terminal
	expect "$status" 0
	[[ $(<where) == /dev/pts/* ]]
	same_bytes before after
}

@test "kata-console: finds a sandbox on Cloud Hypervisor or Firecracker" {
	local place
	for place in vm/sandbox/root/clh.sock vm/sandbox/clh.sock \
		firecracker/sandbox/root/kata.hvsock; do
		rm -rf run
		mkdir -p "run/${place%/*}"
		start vmm "$TOOLS/fake-vmm" "run/$place" .
		wait_until 5 grep -qx ready vmm.out
		guest 1026 'echo "a shell of ${VCAT_PEER:+the guest}"'
		run -0 in_time kata-console sandbox run </dev/null
		expect "$output" "a shell of the guest"
		stop guest1026
		stop vmm
	done
	run -1 in_time kata-console other run
	expect "$output" "kata-console: other: no socket of this sandbox below run"
}

@test "firecracker-vsock: configures the device, and prints what the guest sends" {
	start api "$VCAT" -l -k unix:api -e 'exec 3<&0; cat <&3 >request &
		until grep -q uds_path request; do sleep 0.1; done
		printf "HTTP/1.1 204 No Content\r\n\r\n"; kill $!'
	wait_until 5 test -S api
	start example firecracker-vsock api v
	wait_until 10 test -S v_52
	grep -q '^PUT /vsock HTTP/1.1' request
	expect "$(tail -n 1 request | jq -c .)" '{"guest_cid":3,"uds_path":"v"}'
	vmm -g 52
	wait_until 5 test -S host_52
	echo hello | vcat --send-only unix:host_52
	echo again | vcat --send-only unix:host_52
	wait_until 10 grep -qx again example.out
	expect "$(<example.out)" $'hello\nagain'
}

@test "cloud-hypervisor-start: says when the guest answers, and ends with the monitor" {
	fake cloud-hypervisor <<-END
		#!/bin/bash
		[[ \$* == "--vsock cid=3,socket=v --kernel vmlinux" ]] || exit 7
		exec "$TOOLS/fake-vmm" -s ch53 v .
	END
	start example cloud-hypervisor-start v --kernel vmlinux
	wait_until 10 grep -qx ready example.out
	guest 22 'echo SSH-2.0-test'
	wait_until 10 grep -qx mux:v:22 example.out
	stop example
}

@test "wait-ready: a microVM's port counts when its banner has come" {
	vmm
	start example wait-ready mux:v:22
	guest 22 'echo SSH-2.0-test'
	ended example 0
	expect "$(<example.out)" mux:v:22
	guest 23 'echo other'
	run -1 in_time wait-ready mux:v:23 0.5
}

@test "libvirt.xml: is well-formed, and has a CID for guests" {
	run -0 xmllint --xpath 'string(/vsock/cid/@address)' "$EXAMPLES/libvirt.xml"
	expect "$output" 3
}

@test "qemu-start: QEMU knows the device and its option" {
	run -0 qemu-system-x86_64 -device vhost-vsock-pci,help
	[[ $output == *guest-cid=* ]]
}
