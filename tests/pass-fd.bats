# machine: here
# needs: loopback script socat ssh
# -F: the socket itself, passed over stdout.
bats_require_minimum_version 1.5.0
load helper

TAKE=$TOOLS/take-fd

setup_echo() {
	start echo socat -t 30 UNIX-LISTEN:t,fork,backlog=256 PIPE
	wait_until 10 test -S t
}

@test "pass-fd: one byte and one blocking socket, and vcat exits with 0" {
	setup_echo
	run -0 "$TAKE" "$VCAT" -F unix:t <<<hello
	expect "${lines[0]}" "bytes 1 descriptors 1 blocking status 0"
	expect "${lines[1]}" hello
}

@test "pass-fd: OpenBSD's nc passes the same" {
	start target "$PEER" -k 2 -r up listen tcp:127.0.0.1:0 echo
	wait_until 5 test -e up
	for program in "$VCAT -F tcp:127.0.0.1:$(<up)" "nc -F 127.0.0.1 $(<up)"; do
		# it does not take -U with -F
		# shellcheck disable=SC2086 # words
		run -0 "$TAKE" $program <<<hello
		[[ ${lines[0]} == "bytes 1 descriptors 1 "*" status 0" ]]
		expect "${lines[1]}" hello
	done
}

@test "pass-fd: a megabyte goes over the passed socket and back" {
	setup_echo
	"$PATTERN" 1 1000000 >sent
	"$TAKE" "$VCAT" -F unix:t <sent >got
	same_bytes sent <(tail -n +2 got)
}

@test "pass-fd: over mux the handshake is done before, and no byte of it is left" {
	start vmm "$PEER" -r up listen unix:v read 11 text $'OK 5\n' text hello shutdown read-eof
	wait_until 5 test -e up
	run -0 "$TAKE" "$VCAT" -F mux:v:52 </dev/null
	expect "${lines[0]}" "bytes 1 descriptors 1 blocking status 0"
	expect "${lines[1]}" hello
}

# refused OUTPUT WHY: what is said of a stdout that takes no descriptor.
refused() {
	tr -d '\r' <"$1" >said
	expect "$(sed -n 1p said)" "vcat: stdout: pass the socket: $2"
	expect "$(sed -n 2p said)" "hint: -F needs a program that takes a\
 descriptor over its ProxyCommand's stdout: ssh -o ProxyUseFdpass=yes"
	expect "$(wc -l <said)" 2 "lines"
}

@test "pass-fd: a pipe, a file and a TCP socket are refused with the hint" {
	local got
	setup_echo
	got=0
	"$VCAT" -F unix:t 2>err >file || got=$?
	expect "$got" 1 "status"
	refused err "Socket operation on non-socket"
	expect "$(wc -c <file)" 0 "bytes"
	run bash -c '{ "$0" -F unix:t 2>err; echo "$?" >code; } | cat' "$VCAT"
	expect "$output$(<code)" 1
	refused err "Socket operation on non-socket"
	start out "$VCAT" -l tcp:any
	port_of out
	got=0
	"$VCAT" -F unix:t 2>err 3<>"/dev/tcp/127.0.0.1/$port" >&3 || got=$?
	expect "$got" 1 "status"
	refused err "Operation not supported"
}

@test "pass-fd: a terminal is refused with the hint" {
	need_terminal
	setup_echo
	run -1 script -qec "$VCAT -F unix:t 2>err" /dev/null </dev/null
	refused err "Socket operation on non-socket"
}

@test "pass-fd: without a connection nothing is passed" {
	run -1 "$TAKE" "$VCAT" -F unix:no </dev/null
	expect_in <(printf '%s\n' "${lines[@]}") "bytes 0 descriptors 0"
	expect_in <(printf '%s\n' "${lines[@]}") \
		"vcat: unix:no: connect: No such file or directory"
}
