# machine: loopback
# -f with VM sockets, and what a guest dials again.
# shellcheck disable=SC2154 # set by helpers
bats_require_minimum_version 1.5.0
load helper
load forward

# runs NAME: vcat -f with the file "forwards"; sets ports to those it listens on.
runs() {
	start "$1" "$VCAT" -v -f forwards </dev/null
	wait_until 20 grep -q '^vcat: sandbox' "$1.err"
	mapfile -t ports < <(sed -nE 's/^listening on .*:([0-9]+)$/\1/p' "$1.err")
}

# asks ADDRESS: 1 MB there, and the same back.
asks() {
	run -0 timeout "$LIMIT" "$TOOLS/crowd" -n 3 -c 3 -b 1000000 "$1"
	expect "${lines[0]}" "3 whole"
}

@test "forwards: to and from VM sockets, in one process, each way the same bytes" {
	$PATTERN 1 1000000 >sent
	echo_server echo
	start inner "$VCAT" -l -k any -t unix:echo </dev/null
	port_of inner
	cat >forwards <<-END
		-l -k local:any -t unix:echo
		-l -k unix:a -t 1:$port
		-l -k local:any -t 1:$port
	END
	runs all
	asks "vsock:1:${ports[0]}"
	asks unix:a
	asks "vsock:1:${ports[1]}"
	expect "$(timeout "$LIMIT" socat -t 30 - UNIX-CONNECT:a <sent | sha256sum)" \
		"$(sha256sum <sent)"
	pid_of all
	kill "$pid"
	finish all
	expect "$status" 143
}

@test "forwards: --allow of a line is for that line" {
	echo_server echo
	printf '%s\n' '-l -k --allow 3,5-9 local:any -t unix:echo' \
		'-l -k --allow 1 local:any -t unix:echo' \
		'-l -k --allow-privileged local:any -t unix:echo' >forwards
	runs all
	run timeout "$LIMIT" "$PEER" connect "vsock:1:${ports[0]}" may-fail read-eof
	run timeout "$LIMIT" "$PEER" connect "vsock:1:${ports[2]}" may-fail read-eof
	asks "vsock:1:${ports[1]}"
	wait_until 10 grep -qE '^vcat: forwards:1: .*: not allowed: closed' all.err
	wait_until 10 grep -qE '^vcat: forwards:3: .*: not allowed: closed' all.err
	run -1 grep -E '^vcat: forwards:2: .*: not allowed' all.err
	pid_of all
	kill -USR1 "$pid"
	wait_until 10 grep -q '^forwards:3: ' all.err
	expect_in all.err "0 open, 0 accepted, 1 not allowed, 0 failed, 0 bytes in"
}

@test "forwards: -p 1023 of one line needs no right of another" {
	echo_server echo
	printf '%s\n' '-k -p 1000 local:7777 -t unix:echo' '-l -k local:any -t unix:echo' \
		>forwards
	runs all
	asks "vsock:1:${ports[0]}"
	start host "$PEER" listen vsock:4294967295:7777 text hello read 5
	ended host 0
}

@test "again: a guest dials out, and the host's side starts again" {
	$PATTERN 1 500000 >sent
	echo_server echo
	start guest "$VCAT" -k local:7001 -t unix:echo </dev/null
	for _ in 1 2; do
		run -0 --separate-stderr bash -c '"$@" <sent | sha256sum' - \
			timeout "$LIMIT" "$VCAT" -l local:7001
		expect "$output" "$(sha256sum <sent)"
	done
	expect "$(grep -c '^vcat: ' guest.err)" "$(grep -c 'refused\|reset' guest.err)" "$(<guest.err)"
	pid_of guest
	kill "$pid"
	finish guest
	expect "$status" 143
}

@test "again: stdin's lines reach a host that starts again" {
	start guest "$VCAT" -k -d local:7002 </dev/null
	for word in one two; do
		run -0 timeout "$LIMIT" "$VCAT" -l local:7002 <<<$word
	done
	wait_until 10 grep -q two guest.out
	expect "$(<guest.out)" $'one\ntwo'
}
