# machine: loopback
# A listener for systemd's READY=1: vmm.notify_socket, sd_notify(3). A guest
# makes a connection for each message; SEQPACKET if its device has that.
bats_require_minimum_version 1.5.0
load helper

# listen OPTION...: each message is a line on vcat's stderr.
listen() {
	start listener "$VCAT" -l -k "$@" any -e 'awk 1 >&2'
	port_of listener
}

# all_there COUNT: each message on a line of its own, none lost or torn.
all_there() {
	wait_until 20 eval "[[ \$(grep -c ^READY=1 listener.err) == $1 ]]" || {
		cat listener.err
		return 1
	}
	expect "$(grep -v ^listening listener.err | sort -V)" \
		"$(for ((i = 1; i <= $1; i++)); do echo "READY=1 $i"; done)"
}

@test "notify: 50 messages over SEQPACKET, from a scripted peer" {
	listen --seqpacket
	for i in {1..50}; do
		"$PEER" -s connect "vsock:1:$port" text "READY=1 $i" shutdown read-eof
	done
	all_there 50
}

@test "notify: 50 messages over streams, from a scripted peer" {
	listen
	for i in {1..50}; do
		"$PEER" connect "vsock:1:$port" text "READY=1 $i" shutdown read-eof
	done
	all_there 50
}

@test "notify: a sender that closes at once loses nothing" {
	listen
	for i in {1..50}; do
		"$PEER" connect "vsock:1:$port" text "READY=1 $i" close
	done
	all_there 50
	stop listener
	listen --seqpacket
	for i in {1..50}; do
		"$PEER" -s connect "vsock:1:$port" text "READY=1 $i" close
	done
	all_there 50
}

@test "notify: 10 messages over SEQPACKET, from socat" {
	listen --seqpacket
	for i in {1..10}; do
		printf 'READY=1 %d' "$i" |
			socat -u - "VSOCK-CONNECT:1:$port,type=5"
	done
	all_there 10
}

@test "notify: 10 messages over streams, from socat" {
	listen
	for i in {1..10}; do
		printf 'READY=1 %d' "$i" | socat -u - "VSOCK-CONNECT:1:$port"
	done
	all_there 10
}

@test "notify: 20 senders at once, each its line" {
	listen
	for i in {1..20}; do
		start "sender$i" "$PEER" connect "vsock:1:$port" \
			text "READY=1 $i" shutdown read-eof
	done
	all_there 20
}

@test "notify: the variables of systemd's own messages arrive as they are" {
	listen --seqpacket
	"$PEER" -s connect "vsock:1:$port" \
		text $'READY=1\nSTATUS=Startup finished\nX_SYSTEMD_UNIT_ACTIVE=ssh.service' \
		shutdown read-eof
	wait_until 10 grep -q ssh.service listener.err
	expect "$(grep -v ^listening listener.err)" \
		$'READY=1\nSTATUS=Startup finished\nX_SYSTEMD_UNIT_ACTIVE=ssh.service'
}

@test "environment: on vsock it has the CIDs and ports of both ends" {
	export VCAT_PEER_CID=9 VCAT_LOCAL_PORT=9
	start server "$VCAT" -l -k any -e 'env | grep ^VCAT_[PL] | sort'
	port_of server
	run -0 vcat -p 1234 "1:$port" </dev/null
	expect "$output" "VCAT_LOCAL_CID=1
VCAT_LOCAL_PORT=$port
VCAT_PEER=1:1234
VCAT_PEER_CID=1
VCAT_PEER_PORT=1234"
	start target "$PEER" listen vsock:1:4294967295 save got read-eof
	port_of target
	run -0 vcat -p 1235 "1:$port" -e 'env | grep ^VCAT_[PL] | sort'
	finish target
	expect "$(<got)" "VCAT_LOCAL_CID=1
VCAT_LOCAL_PORT=1235
VCAT_PEER=1:$port
VCAT_PEER_CID=1
VCAT_PEER_PORT=$port"
}

@test "activation: systemd-socket-activate listens on vsock, and vcat serves it" {
	start unit systemd-socket-activate -l vsock:1:4242 \
		"$VCAT" -l - -k -v -e 'echo "$VCAT_LOCAL_CID:$VCAT_LOCAL_PORT"'
	wait_until 10 grep -q ^Listening unit.err
	for _ in 1 2 3; do
		run -0 vcat 1:4242 </dev/null
		expect "$output" 1:4242
	done
	[[ $(grep -cE '^vcat: local\(1\):[0-9]+: accepted$' unit.err) == 3 ]]
	start once systemd-socket-activate -l vsock::4243 "$VCAT" -l -
	wait_until 10 grep -q ^Listening once.err
	run -0 vcat 1:4243 <<<hello
	finish once
	expect "$status" 0
	expect "$(<once.out)" hello
}
