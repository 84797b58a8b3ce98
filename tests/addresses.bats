# machine: loopback
bats_require_minimum_version 1.5.0
load helper

# greeter COUNT: greets so many clients on a free port of every CID; sets port.
greeter() {
	start greeter "$PEER" -k "$1" listen vsock:4294967295:4294967295 \
		text hello shutdown read-eof
	port_of greeter
}

# reached LISTEN CONNECT: vcat -l with the words LISTEN is reached at CONNECT.
reached() {
	local listen
	read -r -a listen <<<"$1"
	start listener "$VCAT" -l "${listen[@]}" </dev/null
	timeout "$LIMIT" "$PEER" -t 10 connect "vsock:$2" text hello shutdown \
		read-eof || {
		echo "-l $1 is not reached at $2"
		return 1
	}
	finish listener
	expect "$status" 0 "status of -l $1"
	expect "$(<listener.out)" hello "what -l $1 received"
	expect "$(<listener.err)" "" "what -l $1 said"
}

@test "connecting: every spelling of a VM socket reaches the same listener" {
	spellings=(1:PORT vsock:1:PORT vsock://1:PORT local:PORT vsock:local:PORT
		vsock://local:PORT "1 PORT" "local PORT" "-- 1 PORT" 2:PORT
		host:PORT "host PORT" vsock-stream:1:PORT VSOCK-CONNECT:1:PORT
		vsock/1:PORT "vsock/1 PORT" "vsock%1 PORT")
	greeter ${#spellings[@]}
	for spelling in "${spellings[@]}"; do
		# shellcheck disable=SC2086 # words
		run -0 --separate-stderr vcat -d ${spelling/PORT/$port}
		expect "$output" hello "what $spelling received"
		expect "$stderr" "" "what $spelling said"
	done
	finish greeter
	expect "$status" 0
}

@test "connecting: a number may have leading zeros" {
	greeter 1
	run -0 vcat -d "01:0$port"
	expect "$output" hello
}

@test "listening: every spelling of a VM socket is reached" {
	for spelling in 7001 any:7001 -1:7001 4294967295:7001 1:7001 \
		vsock:7001 vsock://local:7001 "any 7001" "-1 7001" "1 7001" \
		vsock::7001 vsock-stream:1:7001 VSOCK-LISTEN:7001; do
		reached "$spelling" 1:7001
	done
}

@test "listening: any is reached by every local CID, a CID only by its own" {
	reached 7002 2:7002
	reached any:7002 2:7002
	start listener "$VCAT" -l -v 1:7002 </dev/null
	wait_until 10 grep -q '^listening on 1:7002$' listener.err
	run -1 vcat 2:7002 </dev/null
	running listener
	run -0 vcat 1:7002 <<<hello
	finish listener
	expect "$(<listener.out)" hello
}

@test "listening: ports that look like none are ports" {
	for number in 0 65536 4294967294; do
		reached "$number" "1:$number"
		run -1 vcat "1:$number" </dev/null
		[[ ${lines[0]} == "vcat: local(1):$number: connect: Connection refused" ]]
	done
}

@test "listening: -l -p PORT and -s CID are an address, as netcats have it" {
	reached "-p 7003" 1:7003
	reached "-p 7003 -s 1" 1:7003
	reached "-s local -p 7003" 1:7003
}

@test "listening: a free port is printed as an address that can be typed" {
	for spelling in any -1:-1 4294967295 1:any "1 any" "-s 1"; do
		# shellcheck disable=SC2086 # words
		start listener "$VCAT" -l $spelling </dev/null
		port_of listener
		mapfile -t said <listener.err
		expect "${#said[@]}" 1 "lines"
		address=${said[0]#listening on }
		run -0 vcat "${address/#any/1}" <<<hello
		finish listener
		expect "$(<listener.out)" hello
	done
	# and what is printed can be listened on again
	for address in "any:$port" "1:$port"; do
		start listener "$VCAT" -l -v "$address" </dev/null
		wait_until 10 grep -qx "listening on $address" listener.err
		run -0 vcat "1:$port" </dev/null
		finish listener
	done
}

@test "source: -p and -s are what the peer sees" {
	start listener "$VCAT" -l -k -d -v 7004 </dev/null
	wait_until 10 grep -q '^listening' listener.err
	run -0 vcat -p 7104 1:7004 </dev/null
	run -0 vcat -s 1 -p 7105 1:7004 </dev/null
	run -0 vcat --source local --source-port 7106 1:7004 </dev/null
	run -0 vcat -s 1 1:7004 </dev/null
	wait_until 10 test "$(grep -c accepted listener.err)" = 4
	for source in 7104 7105 7106 '[0-9]+'; do
		grep -qEx "vcat: local\(1\):$source: accepted" listener.err
	done
}

@test "source: a port below 1024 may be taken by root" {
	start listener "$PEER" listen vsock:4294967295:4294967295 print-peer read-eof
	port_of listener
	run -0 vcat -p 1023 "1:$port" </dev/null
	finish listener
	expect_in listener.out "peer vsock:1:1023"
}

@test "source: without -p each connection has a port of its own from 1024 on" {
	start listener "$PEER" -k 2 listen vsock:4294967295:4294967295 print-peer read-eof
	port_of listener
	run -0 vcat "1:$port" </dev/null
	run -0 vcat "1:$port" </dev/null
	finish listener
	ports=$(sed -n 's/^peer vsock:1://p' listener.out)
	expect "$(sort -u <<<"$ports" | wc -l)" 2 "different ports"
	while read -r number; do
		((number >= 1024))
	done <<<"$ports"
}

@test "sibling: the flag goes to the host, and leaves the loopback alone" {
	greeter 1
	run -0 vcat -d --sibling "1:$port"
	expect "$output" hello
	# there is no host to ask
	run -1 --separate-stderr vcat --sibling 5:7005 </dev/null
	[[ ${stderr_lines[0]} == "vcat: vm(5):7005: connect sibling: No such device" ]]
}

@test "names: a message calls a peer what people call it" {
	for pair in "1 local(1)" "2 host(2)" "0 hypervisor(0)" "3 vm(3)" \
		"4294967294 vm(4294967294)" "hypervisor hypervisor(0)"; do
		run -1 --separate-stderr vcat "${pair% *}:7006" </dev/null
		[[ ${stderr_lines[0]} == "vcat: ${pair#* }:7006: connect: "* ]]
	done
}

@test "unix: a path, absolute or relative, with a colon or a space in it" {
	for path in "$T/s" s ./s "a:b 1:2"; do
		start listener "$VCAT" -l "unix:$path" < <(echo from listener)
		wait_until 10 test -S "$path"
		run -0 vcat "unix:$path" <<<"from client"
		expect "$output" "from listener"
		finish listener
		expect "$status" 0
		expect "$(<listener.out)" "from client"
	done
}

@test "unix: another program is at the other end of a path" {
	start listener socat -t 10 UNIX-LISTEN:s SYSTEM:'echo from socat; cat >got'
	wait_until 10 test -S s
	run -0 vcat unix:s <<<"from vcat"
	expect "$output" "from socat"
	finish listener
	expect "$(<got)" "from vcat"

	start listener "$VCAT" -l unix:t < <(echo from vcat)
	wait_until 10 test -S t
	run -0 timeout "$LIMIT" socat -t 10 - UNIX-CONNECT:t <<<"from socat"
	expect "$output" "from vcat"
	finish listener
	expect "$(<listener.out)" "from socat"
}

@test "unix: another program is at the other end of an abstract name" {
	name=vcat.$$
	start listener socat -t 10 "ABSTRACT-LISTEN:$name" \
		SYSTEM:'echo from socat; cat >got'
	wait_until 10 grep -q "@$name" /proc/net/unix
	run -0 vcat "unix:@$name" <<<"from vcat"
	expect "$output" "from socat"
	finish listener
	expect "$(<got)" "from vcat"

	start listener "$VCAT" -l "unix:@$name" < <(echo from vcat)
	wait_until 10 grep -q "@$name" /proc/net/unix
	run -0 timeout "$LIMIT" socat -t 10 - "ABSTRACT-CONNECT:$name" <<<"from socat"
	expect "$output" "from vcat"
	finish listener
	expect "$(<listener.out)" "from socat"
	expect "$(ls -- *@* 2>/dev/null)" "" "files"
}

@test "unix: an address prints back as it was typed" {
	for address in "unix:$T/nowhere" unix:./nowhere unix:@nowhere "unix:a b"; do
		run -1 --separate-stderr vcat "$address" </dev/null
		[[ ${stderr_lines[0]} == "vcat: $address: connect: "* ]]
	done
}

@test "tcp and mux: the addresses are understood, and print back" {
	for address in tcp:127.0.0.1:1 "tcp:[::1]:1" tcp:localhost:1 tcp:1 \
		"mux:$T/nowhere:1234" mux:nowhere:4294967294 "mux:a:b:1"; do
		run -1 --separate-stderr vcat "$address" </dev/null
		[[ ${stderr_lines[0]} == "vcat: $address: "*": "* ]]
	done
	for address in tcp:192.0.2.1:7007 mux:./no/where:1234; do
		run -1 --separate-stderr vcat -l "$address" </dev/null
		[[ ${stderr_lines[0]} == "vcat: $address: "*": "* ]]
	done
}

@test "targets: -t takes an address of any kind" {
	greeter 3
	for target in "1:$port" "vsock://local:$port"; do
		start proxy "$VCAT" -l unix:s -t "$target" </dev/null
		wait_until 10 test -S s
		run -0 vcat -d unix:s
		expect "$output" hello
		finish proxy
		expect "$status" 0
	done
	start proxy "$VCAT" -l any -t - < <(echo from stdin)
	from=$port
	port_of proxy
	run -0 vcat "1:$port" <<<"to stdout"
	expect "$output" "from stdin"
	finish proxy
	expect "$(<proxy.out)" "to stdout"
	start sink "$PEER" listen vsock:4294967295:4294967295 save got read-eof
	port_of sink
	run -0 vcat "1:$from" -t "1:$port" </dev/null
	finish sink
	expect "$(<got)" hello
}
