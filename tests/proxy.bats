# machine: here
# --proxy-header: who the client is, told to the target. VM sockets:
# forward-vsock.bats.
bats_require_minimum_version 1.5.0
load helper

# haproxy_behind: it takes clients with a header on the socket proxied, and answers
# each with an HTTP response that names the client.
haproxy_behind() {
	cat >haproxy.cfg <<-END
		defaults
		    mode http
		    timeout connect 5s
		    timeout client 10s
		    timeout server 10s
		frontend one
		    bind unix@$T/proxied accept-proxy
		    http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]"
	END
	start haproxy haproxy -db -f haproxy.cfg
	wait_until 10 test -S proxied
}

# target NAME: it takes a connection on the socket NAME, and writes what comes to
# NAME.bytes.
target() {
	start "$1" socat -u "UNIX-LISTEN:$1" "OPEN:$1.bytes,creat"
	wait_until 5 test -S "$1"
}

# forward VERSION LISTEN TARGET...: vcat between them; sets port, if it has one.
forward() {
	local version=$1 listen=$2
	shift 2
	start forward "$VCAT" -l -k -v "$listen" -t "$@" --proxy-header "$version"
	wait_until 5 grep -q '^listening on' forward.err
	says_port forward || true
}

@test "haproxy: it hears a TCP client's addresses, in both versions" {
	local version
	haproxy_behind
	for version in 1 2; do
		forward $version tcp:127.0.0.1:any "unix:$T/proxied"
		run -0 socat "TCP:127.0.0.1:$port,bind=127.0.0.2:$port" - <<<$'GET / HTTP/1.0\r\n\r'
		[[ $output == *"127.0.0.2 $port 127.0.0.1 $port" ]]
		stop forward || true
	done
}

@test "haproxy: IPv6, too" {
	[[ -e /proc/net/if_inet6 ]] || skip "no IPv6 here"
	local version
	haproxy_behind
	for version in 1 2; do
		forward $version "tcp:[::1]:any" "unix:$T/proxied"
		run -0 vcat "tcp:[::1]:$port" <<<$'GET / HTTP/1.0\r\n\r'
		[[ $output == *"::1 "*" ::1 $port" ]]
		stop forward || true
	done
}

@test "haproxy: it serves a client without such addresses" {
	local version
	haproxy_behind
	for version in 1 2; do
		forward $version unix:s "unix:$T/proxied"
		run -0 --separate-stderr vcat unix:s <<<$'GET / HTTP/1.0\r\n\r'
		[[ $output == "HTTP/1."*" 200 "* ]]
		stop forward || true
		expect "$(grep -c -v -e "^listening" -e "unix:" -e sandbox forward.err)" 0
	done
}

@test "order: the header comes first, and all of the client's bytes behind it" {
	local version
	head -c 5000000 /dev/urandom >sent
	for version in 1 2; do
		target t
		forward $version unix:s unix:t
		run -0 vcat unix:s <sent
		finish t
		if ((version == 1)); then
			printf 'PROXY UNKNOWN\r\n' >wanted
		else
			printf '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0' >wanted
		fi
		cat sent >>wanted
		same_bytes t.bytes wanted
		stop forward || true
		rm -f t t.bytes
	done
}

@test "silence: the header is sent to a server that waits for it to speak" {
	start target "$PEER" listen unix:t read 15 text greeting shutdown read-eof print
	wait_until 5 test -S t
	forward 1 unix:s unix:t
	silence
	start client "$VCAT" unix:s <silent
	wait_until 10 grep -q greeting client.out
	stop client || true
	finish target
	expect "$status" 0
}

@test "an empty client: its half-close comes behind the header" {
	target t
	forward 1 unix:s unix:t
	run -0 vcat unix:s </dev/null
	finish t
	expect "$(od -An -c t.bytes | tr -d ' \n')" 'PROXYUNKNOWN\r\n'
}

@test "slow: a target that reads nothing for a while gets the header whole" {
	head -c 3000000 /dev/urandom >sent
	start target "$PEER" listen unix:t sleep 0.5 save got slow-read 100000 5
	wait_until 5 test -S t
	forward 1 unix:s unix:t
	run -0 vcat --send-only unix:s <sent
	finish target
	expect "$(head -c 13 got)" "PROXY UNKNOWN"
	tail -c +16 got >body
	same_bytes body sent
}

@test "many: each client has its own header" {
	local i
	start target socat UNIX-LISTEN:t,fork,backlog=64 "SYSTEM:read x; echo \$x"
	wait_until 5 test -S t
	forward 1 tcp:any unix:t
	for i in {1..30}; do
		start "c$i" socat "TCP:127.0.0.1:$port,bind=127.0.0.$((i + 1))" -
	done
	for i in {1..30}; do
		finish "c$i"
		[[ $(<"c$i.out") == "PROXY TCP4 127.0.0.$((i + 1)) 127.0.0.1 "*" $port"* ]]
	done
}

@test "-v: the summary counts the client's bytes only" {
	target t
	forward 2 unix:s unix:t
	run -0 vcat unix:s <<<hello
	finish t
	wait_until 5 grep -q "6 bytes, back 0 bytes" forward.err
}

@test "--retry: the header waits for a target that comes later" {
	forward 1 unix:s unix:t --retry=30
	start client "$VCAT" unix:s <<<hello
	sleep 0.3
	# its socket is gone as soon as it is found
	start t socat -u UNIX-LISTEN:t OPEN:t.bytes,creat
	finish client
	expect "$status" 0
	finish t
	expect "$(tr '\r' '|' <t.bytes)" $'PROXY UNKNOWN|\nhello'
}

@test "wrong usage: it needs -l and -t, and one of two versions" {
	each_fails <<-'END'
		2 | --proxy-header requires -l and -t: it says who came (see vcat --help) | | --proxy-header 1 unix:x
		2 | --proxy-header requires -l and -t: it says who came (see vcat --help) | | -l --proxy-header 1 unix:x
		2 | --proxy-header: 3: not a version of the PROXY protocol: 1 or 2 (see vcat --help) | | -l --proxy-header 3 unix:x -t unix:y
	END
}
