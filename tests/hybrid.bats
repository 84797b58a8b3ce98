# machine: here
# needs: socat
# Hybrid sockets (mux:) against a scripted VMM; fake-vmm.bats has whole ones.
# "CONNECT 52\n" has 11 bytes.
bats_require_minimum_version 1.5.0
load helper

# vmm ACTION...: accepts one connection on ./v and plays the actions.
vmm() {
	start vmm "$PEER" -r ready listen unix:v "$@"
	wait_until 5 test -e ready
}

# The answer of Firecracker: a port of its own, which says nothing to us.
OK=$'OK 1073741824\n'

@test "handshake: the request is one line, and the answer is not in the output" {
	vmm save got read 11 text "$OK" text hello shutdown read-eof
	run -0 "$VCAT" mux:v:52 </dev/null
	expect "$output" hello
	expect "$(cat got)" "CONNECT 52"
}

@test "handshake: no payload goes out before the answer" {
	vmm read 11 sleep 0.5 expect-open text "$OK" save got read-eof
	run -0 --separate-stderr "$VCAT" --shutdown mux:v:52 <<<"payload"
	finish vmm
	expect "$status" 0 "the VMM's status: nothing came before its OK"
	expect "$(cat got)" payload
}

@test "handshake: an answer with a NUL in it is none" {
	vmm read 11 file nul sleep 0.2
	printf 'OK 1\0evil\n' >nul
	run -1 --separate-stderr "$VCAT" mux:v:52 </dev/null
	expect "${stderr_lines[0]}" \
		'vcat: mux:v:52: handshake: Protocol error: the answer was "OK 1\0evil"'
}

@test "handshake: what is no answer is shown, and nothing of it is output" {
	local answer
	for answer in $'HTTP/1.1 400 Bad Request\n' $'OK\n' $'OK x\n' \
		$'OK 4294967296\n' $'OK -1\n' $'ok 3\n'; do
		rm -f ready
		vmm read 11 text "$answer" sleep 0.2
		run -1 --separate-stderr "$VCAT" mux:v:52 </dev/null
		expect "$output" ""
		expect "${stderr_lines[0]}" \
			"vcat: mux:v:52: handshake: Protocol error: the answer was \"${answer%$'\n'}\""
		finish vmm
	done
}

@test "handshake: control characters of an answer do not reach the terminal" {
	vmm read 11 text $'\e[31mred\n'
	run -1 --separate-stderr "$VCAT" mux:v:52 </dev/null
	expect "${stderr_lines[0]}" \
		'vcat: mux:v:52: handshake: Protocol error: the answer was "\033[31mred"'
}

@test "half-close: stdin's end does not half-close a hybrid peer" {
	vmm read 11 text "$OK" read 8 sleep 0.5 expect-open text answer
	run -0 --separate-stderr "$VCAT" mux:v:52 <<<"request"
	expect "$output" answer
	finish vmm
	expect "$status" 0 "the VMM's status"
}

@test "listening: a guest's connection arrives at PATH_PORT without a handshake" {
	start listener "$VCAT" -l -d mux:v:700
	wait_until 5 test -S v_700
	expect "$(stat -c %a v_700)" 600
	printf hello | socat -u - UNIX-CONNECT:v_700
	finish listener
	expect "$status" 0
	expect "$(cat listener.out)" hello
	[[ ! -e v_700 ]]
}

@test "listening: a path too long for PATH_PORT is refused before anything is made" {
	local path
	path=$(printf 'x%.0s' {1..104})
	run -2 --separate-stderr "$VCAT" -l "mux:$path:700"
	expect "${#stderr_lines[@]}" 1
	run -1 --separate-stderr "$VCAT" "mux:$path:700" </dev/null
}
