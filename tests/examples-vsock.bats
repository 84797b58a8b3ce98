# machine: loopback
# The recipes of examples/ over VM sockets, with the programs they are for. Both
# halves run in one machine: the guest is CID 1, and so is the host.
bats_require_minimum_version 1.5.0
load examples

export ALLOW=local

# listens NAME COMMAND...: starts it and waits until it listens on a VM socket, whose
# port is the last part of NAME, such as ssh-22.
listens() {
	start "$@"
	wait_until 10 vcat -z "local:${1##*-}" || {
		cat "$1.err"
		return 1
	}
}

# tcp_listens PORT: somebody does, on the loopback.
tcp_listens() {
	wait_until 10 vcat -z "tcp:$1"
}

# web PORT: an HTTP server for the file page.
web() {
	"$PATTERN" 1 $MIB >page
	start "web$1" busybox httpd -f -p "127.0.0.1:$1"
	tcp_listens "$1"
}

# fetches CURL_WORD...: curl gets the file page.
fetches() {
	curl -s --max-time 30 -o got "$@" && same_bytes page got
}

@test "ssh-guest, ssh-host, ssh_config: a command, its status, and SOCKS by ssh -D" {
	prepare_ssh
	sed 's/ 3:22/ local:22/' "$EXAMPLES/ssh_config" >>ssh_config
	listens ssh-22 ssh-guest 22 -f "$T/sshd_config"
	run -9 --separate-stderr in_time ssh-host local:22 -F ssh_config 'echo hello; exit 9'
	expect "$output" hello
	run -0 --separate-stderr in_time ssh -F ssh_config vsock/1 'echo hello'
	expect "$output" hello
	web 8000
	start socks ssh -F ssh_config -N -D 1081 guest3-relay
	tcp_listens 1081
	fetches --proxy socks5h://127.0.0.1:1081 http://127.0.0.1:8000/page
}

@test "rsync-guest: both ways, by RSYNC_CONNECT_PROG and by -e" {
	mkdir data
	sed "s,/srv/data,$T/data," "$EXAMPLES/rsyncd.conf" >rsyncd.conf
	listens rsync-873 rsync-guest
	tree src
	chown 1234:1235 src/hole
	in_time rsync-host local:873 -aH src/ guest::data
	same_tree src data
	in_time rsync -aH -e rsync-shell local::data/ back
	same_tree src back
}

@test "tar-send, tar-receive: owners and links arrive, either way" {
	tree src
	chown 1234:1235 src/hole
	chown -h 1236 src/soft
	mkdir there back
	start receiver tar-receive there -l 1234
	in_time tar-send src --retry=10 local:1234
	ended receiver 0
	same_tree src there
	start sender tar-send there -l 1235
	in_time tar-receive back --retry=10 local:1235
	ended sender 0
	same_tree src back
}

@test "console-guest: a shell on a terminal of its own, for each client" {
	need_terminal
	listens console-1024 console-guest sh
	for name in one two; do
		mkfifo $name
		exec {keys}<>$name
		start "$name" console-host local:1024 <&"$keys"
		echo "tty >$T/$name.tty" >&"$keys"
	done
	for name in one two; do
		wait_until 20 test -s $name.tty
	done
	for name in one two; do
		echo exit >$name
		ended $name 0
	done
	[[ $(<one.tty) == /dev/pts/* && $(<one.tty) != $(<two.tty) ]]
}

@test "socks-guest, socks-host: a page of a server that only the guest sees" {
	web 8000
	listens socks-1080 socks-guest
	tcp_listens 1080
	start host socks-host local:1080 1082
	tcp_listens 1082
	fetches --proxy socks5h://127.0.0.1:1082 http://127.0.0.1:8000/page
}

# tls_host NAME PORT GUEST HOST: tls-host in the directory NAME, with the keys of the
# host from the directory HOST and the guest's certificate from the directory GUEST.
tls_host() {
	mkdir "$1"
	cp "$3/guest.crt" "$4/host.pem" "$1"
	start "$1" env -C "$1" tls-host local:4433 "$2"
	wait_until 10 test -S "$1/tls-host.sock"
	tcp_listens "$2"
}

@test "tls-guest, tls-host: a page comes, but not with a wrong key at either end" {
	web 8000
	for name in right wrong; do
		mkdir $name
		env -C $name tls-certificates 2>/dev/null
	done
	listens tls-4433 env -C right tls-guest 127.0.0.1:8000
	tcp_listens 4433
	tls_host good 8001 right right
	fetches http://127.0.0.1:8001/page
	tls_host intruder 8002 right wrong
	run ! fetches http://127.0.0.1:8002/page
	grep -q 'Rejected by CERT at depth=0: CN=host' tls-4433.err
	tls_host careful 8003 wrong right
	run ! fetches http://127.0.0.1:8003/page
	grep -q 'Rejected by CERT at depth=0: CN=guest' careful.err
}

@test "logs-host: the lines of several guests, whole and tagged" {
	start host logs-host guests.log 1
	printf 'one\ntwo' | vcat --retry=10 --send-only local:5140
	printf 'three\n' | vcat --send-only local:5140
	wait_until 10 grep -q three guests.log
	expect "$(sed -E 's/^1:[0-9]+ //' guests.log)" $'one\ntwo\nthree'
	run -1 grep -vE '^1:[0-9]+ ' guests.log
}

@test "logs-guest: what the journal says arrives" {
	fake journalctl <<-'END'
		#!/bin/sh
		echo hello
		exec sleep 60
	END
	listens host-5140 logs-host guests.log 1
	start guest logs-guest local:5140
	wait_until 10 grep hello guests.log
}

@test "notify-host: waits for READY=1, and not for other messages" {
	listens host-9999 notify-host 1
	for message in X_SYSTEMD_HOSTNAME=guest NOT_READY=1; do
		printf %s "$message" | socat -u - VSOCK-CONNECT:1:9999
	done
	running host-9999
	printf 'READY=1\nSTATUS=Startup finished' | socat -u - VSOCK-CONNECT:1:9999
	ended host-9999 0
	listens again-9999 notify-host 1
	in_time notify-guest local:9999
	ended again-9999 0
	run -124 in_time notify-host 1 0.5
}

@test "libvirt-host: connects to the CID of a guest by its name" {
	fake virsh <<-END
		#!/bin/sh
		echo "<domain><name>\$2</name><devices>"
		sed "s/'3'/'1'/" "$EXAMPLES/libvirt.xml"
		echo "</devices></domain>"
	END
	listens guest-1234 "$VCAT" -l -k 1234 -e 'echo hello'
	run -0 in_time libvirt-host guest3 1234 </dev/null
	expect "$output" hello
}

@test "qemu-start: says when the guest answers, and ends with QEMU" {
	fake qemu-system-x86_64 <<-END
		#!/bin/sh
		echo "\$*" >words
		exec "$VCAT" -l -k 22 -e 'echo SSH-2.0-test'
	END
	start qemu qemu-start 1 disk.img -nographic
	wait_until 10 grep -qx 1:22 qemu.out
	grep -q -- '-drive file=disk.img,if=virtio -device vhost-vsock-pci,guest-cid=1 -nographic$' words
}

@test "nitro-forwards, nitro-enclave: TLS to a service, through the parent" {
	local kms=kms.us-east-1.amazonaws.com
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-subj "/CN=$kms" -addext "subjectAltName=DNS:$kms" \
		-keyout key -out crt 2>/dev/null
	start kms openssl s_server -quiet -accept 127.0.0.1:8443 -cert crt -key key -WWW
	sed -E "s/--allow [0-9-]+/--allow 1/; s/tcp:[a-z].*/tcp:8443/" \
		"$EXAMPLES/nitro-forwards" >forwards
	listens parent-8001 "$VCAT" -f forwards
	start enclave nitro-enclave 443 local:8000
	tcp_listens 443
	tcp_listens 8443
	"$PATTERN" 1 $MIB >page
	fetches --cacert crt --resolve "$kms:443:127.0.0.1" "https://$kms/page"
}

@test "forwards: each of them works" {
	web 8000
	start echo "$VCAT" -l -k local:2375 -e cat
	sed -E "s/--allow [0-9-]+/--allow 1/; s/ 3:2375/ local:2375/
		s,/run/guest3,$T,; s/3:80|mux:.*|tcp:(proxy|kms).example.*/tcp:8000/" \
		"$EXAMPLES/forwards" >forwards
	listens forwards-8001 "$VCAT" -f forwards
	for port in 8080 8081; do
		fetches "http://127.0.0.1:$port/page"
	done
	for port in 3128 8001; do
		printf 'GET /page HTTP/1.0\r\n\r\n' | vcat "local:$port" |
			tail -c $MIB | cmp - page
	done
	run -0 vcat unix:docker.sock <<<hello
	expect "$output" hello
	expect "$(stat -c %a docker.sock)" 660
}
