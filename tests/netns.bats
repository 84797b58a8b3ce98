# machine: loopback-7
# --netns: VM sockets of other network namespaces, which have vsock loopbacks of
# their own.
# shellcheck disable=SC2154,SC2016 # set by helpers; expanded by inner shells
bats_require_minimum_version 1.5.0
load sandbox

# Namespaces that are made later have their own VM sockets. That stays so on this
# machine, so a test that needs others comes first.
separate() {
	echo local >/proc/sys/net/vsock/child_ns_mode
}

# space NAME...: network namespaces with these paths.
space() {
	local name
	for name; do
		: >"$name"
		unshare --net="$T/$name" true
	done
}

teardown() {
	local file
	for file in "$T"/*.pid; do
		[[ -e $file ]] && kill -- "-$(<"$file")" 2>/dev/null
	done
	umount "$T"/* 2>/dev/null || true
	cd / && wait_until 5 rm -rf "$T"
}

# in_space NAME COMMAND...
in_space() {
	nsenter --net="$T/$1" "${@:2}"
}

@test "netns: a namespace that shares its VM sockets is told" {
	space shared
	start listener "$VCAT" -l --netns shared any </dev/null
	port_of listener
	expect_in listener.err "vcat: --netns: shared: no effect: its VM sockets are those that all global namespaces share"
	expect_in listener.err "child_ns_mode was local"
	run -0 vcat "1:$port" <<<hello
	finish listener
	expect "$status" 0
	expect "$(<listener.out)" hello
}

@test "netns: two listeners on one port, each in its namespace" {
	separate
	space one two
	for name in one two; do
		start $name "$VCAT" -l -k -v --netns $name 5000 -e "echo $name" </dev/null
		wait_until 10 grep -q ^listening $name.err
	done
	for name in one two one; do
		run -0 vcat --netns $name 1:5000 </dev/null
		expect "$output" $name
		run -0 in_space $name timeout "$LIMIT" socat -u VSOCK-CONNECT:1:5000 STDOUT
		expect "$output" $name
		run -0 in_space $name "$VCAT" 1:5000 </dev/null
		expect "$output" $name
	done
	fails 1 "local(1):5000: connect: Connection refused" "nobody listens" \
		"$VCAT" 1:5000
	run -1 grep . one.out two.out
}

@test "netns: connecting to a program of that namespace" {
	separate
	space one two
	start server nsenter --net="$T/one" socat -u VSOCK-LISTEN:5000 CREATE:got
	wait_until 20 vcat --netns one -z 1:5000
	finish server
	start server nsenter --net="$T/one" "$PEER" listen vsock:1:4294967295 \
		save got read-eof
	port_of server
	run -0 vcat --netns one "1:$port" <<<hello
	finish server
	expect "$(<got)" hello
	fails 1 "local(1):5000: connect: Connection refused" "nobody listens" \
		"$VCAT" --netns two 1:5000
}

@test "netns: forwards between it and TCP of ours, both ways, byte by byte" {
	separate
	space one
	$PATTERN 1 3000000 >sent
	start target "$VCAT" -l -k tcp:any -e cat
	port_of target
	start out "$VCAT" -l -k --netns one 1:5000 -t "tcp:127.0.0.1:$port"
	wait_until 10 vcat -z --netns one 1:5000
	start in "$VCAT" -l -k tcp:any --netns one -t 1:5000
	port_of in
	for _ in 1 2 3; do
		run -0 --separate-stderr timeout "$LIMIT" bash -c \
			'"$0" "tcp:127.0.0.1:$1" <sent >got' "$VCAT" "$port"
		expect "$stderr" ""
		expect "$(sum_of got)" "$(sum_of sent)"
	done
	running out
	running in
	expect "$(<out.err)" ""
}

@test "netns: forwards between it and an abstract name of ours" {
	separate
	space one
	name=vcat-test-$$-$RANDOM
	start target "$VCAT" -l "unix:@$name" </dev/null
	start out "$VCAT" -l --netns one 1:5000 -t "unix:@$name"
	start in "$VCAT" -l -v "unix:@$name-in" --netns one -t 1:5000
	wait_until 10 grep -q ^listening in.err
	run -0 vcat "unix:@$name-in" <<<hello
	finish target
	finish in
	finish out
	expect "$(<target.out)" hello
}

@test "netns: commands run in ours" {
	separate
	space one
	here=$(readlink /proc/self/ns/net)
	for k in "" -k; do
		# shellcheck disable=SC2086 # words
		start server "$VCAT" -l $k -v --netns one 1:5000 \
			-e 'readlink /proc/self/ns/net; ls /proc/self/fd | wc -l'
		wait_until 10 grep -q ^listening server.err
		run -0 vcat --netns one 1:5000 </dev/null
		expect "$output" "$here"$'\n4'
		[[ ! $k ]] || stop server
	done
	start server "$VCAT" -l -v --netns one 1:5001 </dev/null
	wait_until 10 grep -q ^listening server.err
	run -7 vcat --netns one 1:5001 -e 'readlink /proc/self/ns/net; exit 7'
	finish server
	expect "$(<server.out)" "$here"
}

@test "netns: ports, messages, source ports and --sibling" {
	separate
	space one
	start server "$VCAT" -l -k -v --netns one 1:5000 -e 'cat; echo "$VCAT_PEER_PORT"'
	wait_until 10 grep -q ^listening server.err
	run -0 vcat --netns one -p 900 1:5000 <<<hello
	expect "$output" $'hello\n900'
	start messages "$VCAT" -l -k -v --seqpacket --netns one 1:5001 -e cat
	wait_until 10 grep -q ^listening messages.err
	# Linux 7.2 has no messages over such a loopback
	run in_space one "$VCAT" --seqpacket 1:5001 <<<hello
	there="$status $output"
	[[ $there == "0 hello" || $there == "1 "*": connect: Socket type not supported"* ]]
	run vcat --seqpacket --netns one 1:5001 <<<hello
	expect "$status $output" "$there"
	start plain "$VCAT" -l -k -d -v --netns one 1:5002
	wait_until 10 grep -q ^listening plain.err
	run -0 vcat -z --netns one 1:5002-5010
	expect "$output" 1:5002
	run -1 --separate-stderr vcat -z 1:5002-5010
	expect "$output" ""
	fails 1 "vm(77):1: connect sibling: No such device" "--sibling" \
		"$VCAT" --sibling --netns one 77:1
}

@test "netns: files, and --retry before there is a listener" {
	separate
	space one
	mkdir got
	$PATTERN 2 100000 >file
	start sender "$VCAT" --retry=20 --files file --netns one 1:5000
	start receiver "$VCAT" -l --into got --netns one 1:5000
	finish sender
	expect "$status" 0
	finish receiver
	expect "$status" 0
	same_bytes file got/file
}

# helper_of PID OTHER: sets helper to the only other vcat.
helper_of() {
	wait_until 10 eval '[[ $(pgrep -x vcat | wc -l) == '$(($2 > 0 ? 3 : 2))' ]]'
	helper=$(pgrep -x vcat | grep -vx -e "$1" -e "$2")
}

@test "netns: the helper is gone when vcat is, and keeps no pipe open" {
	separate
	space one
	start listener "$VCAT" -l -k -d -v --netns one 1:5000
	wait_until 10 grep -q ^listening listener.err
	pid_of listener
	# who only listens has no more need of it
	wait_until 10 eval '[[ $(pgrep -x vcat) == "$pid" ]]'
	listener=$pid
	start relay "$VCAT" -l -k -v unix:s --netns one -t 1:5000
	wait_until 10 grep -q ^listening relay.err
	pid_of relay
	helper_of "$pid" "$listener"
	expect "$(ls "/proc/$helper/fd")" 0
	expect "$(grep -c Seccomp:.2 "/proc/$helper/status")" "$([[ $BUILD == asan ]]; echo $?)"
	expect "$(sed -nE 's/^CapEff:\s//p' "/proc/$helper/status")" 0000000000000000
	run -0 vcat unix:s <<<hello
	wait_until 10 grep -q hello listener.out
	kill -KILL "$pid"
	wait_until 10 eval '! kill -0 "$helper"'
}

@test "netns: a helper that was killed is an error, and no wrong namespace" {
	separate
	space one
	start relay "$VCAT" -l -k unix:s --netns one -t 1:5000
	wait_until 10 test -S s
	pid_of relay
	helper_of "$pid" 0
	kill -KILL "$helper"
	run vcat unix:s </dev/null
	wait_until 10 grep -qF "local(1):5000: socket: No child processes" relay.err
	expect_in relay.err "hint: the process that makes sockets for --netns was killed"
	running relay
}

@test "netns: each forward of many may have another" {
	separate
	space one two
	start target "$VCAT" -l -k unix:t -e 'cat; echo target'
	wait_until 10 test -S t
	printf '%s\n' "-l -k --netns one 1:5000 -t unix:t" \
		"-l -k --netns two 1:5000 -t unix:t" \
		"-l -k unix:s1 --netns one -t 1:5000" \
		"-l -k --owner 4711 unix:s2 --netns two -t 1:5000" >list
	start forwards "$VCAT" -f list
	wait_until 10 test -S s2
	wait_until 10 eval '[[ $(stat -c %u s2) == 4711 ]]'
	for s in s1 s2; do
		run -0 vcat unix:$s <<<hello
		expect "$output" $'hello\ntarget'
	done
	run -1 vcat 1:5000 </dev/null
	pid_of forwards
	kill "$pid"
	finish forwards
	expect "$status" 143
	expect "$(<forwards.err)" ""
}

@test "netns: lines of many senders" {
	separate
	space one
	start lines "$VCAT" -l -k -d -v --lines --netns one 5000
	wait_until 10 grep -q ^listening lines.err
	run -0 vcat --netns one 1:5000 <<<hello
	wait_until 10 grep -q hello lines.out
	run -1 vcat 1:5000 </dev/null
}
