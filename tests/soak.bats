# machine: here
# needs: developer
# A small soak; make soak is the large one. And a soak finds out what is wrong.
bats_require_minimum_version 1.5.0
load helper

# in_place_of_vcat: a program for a soak of 60 connections, from stdin. Clients
# are sockets, so it is only run as a vcat that listens: at $5, unix:s0, and
# dials unix:s1.
in_place_of_vcat() {
	{
		printf '#!/bin/bash\nVCAT=%q\n' "$VCAT"
		cat
	} >other
	chmod +x other
	run timeout "$LIMIT" "$TOOLS/soaker" -n 60 -p 0 -w 5 -q 0.3 ./other unix-unix
	expect "$status" 1
}

@test "soak: 1,500 connections through chains are as planned, and nothing is left" {
	run -0 env CONNECTIONS=1500 timeout "$LIMIT" "$TOP/tests/soak/run" here
	[[ ${lines[-1]} == "soak: 1500 connections, "*" bytes, 0 failures" ]]
}

@test "soak: 1,000 connections over ten forwards in one process, and nothing is left" {
	run -0 env CONNECTIONS=1000 timeout "$LIMIT" "$TOP/tests/soak/forwards"
	expect "${lines[-1]}" "soak: 1000 of 1000 connections whole, status 0"
}

@test "soak: 1,000 connections over ten forwards to names that change under them" {
	unshare --mount --net true 2>/dev/null || skip "no namespaces can be made here"
	run -0 env NAMES=1 CONNECTIONS=1000 timeout "$LIMIT" "$TOP/tests/soak/forwards"
	expect "${lines[-1]}" "soak: 1000 of 1000 connections whole, status 0"
}

# by_socat OPTIONS ADDRESS: it as a forwarder to there, for the above.
by_socat() {
	cat <<-END
		socat $1 "\${5/unix:/UNIX-LISTEN:},fork,backlog=100" "$2" &
		trap "kill \$!" TERM
		until [[ -S \${5#unix:} ]]; do sleep 0.01; done
		echo listening on "\$5" >&2
		wait
	END
}

@test "soak: another byte is found" {
	cat >meddle <<-'END'
		#!/bin/sh
		socat -t 5 - UNIX-CONNECT:s1 | tr A B
	END
	chmod +x meddle
	in_place_of_vcat < <(by_socat "-t 5" EXEC:./meddle)
	[[ $output == *"other bytes came than were sent"* ]]
}

@test "soak: an answer after the end that does not come is found" {
	in_place_of_vcat < <(by_socat "-t 0.01" UNIX-CONNECT:s1)
	[[ $output == *"answer after the question's end, clean"*"not all arrived"* ]]
}

@test "soak: a child that is left is found" {
	in_place_of_vcat <<-'END'
		"$VCAT" "$@" &
		trap 'kill $!' TERM
		wait
	END
	[[ $output == *"unix-unix: vcat 1 has children"* ]]
}

@test "soak: a sanitizer that speaks at the end is heard" {
	in_place_of_vcat <<-'END'
		"$VCAT" "$@" &
		trap 'kill $!; echo ERROR: LeakSanitizer >&2; exit 143' TERM
		wait
	END
	[[ $output == *"vcat 1 did not end well"* ]]
}
