# machine: loopback
# Who may come in: --allow and --allow-privileged. Everybody here has CID 1.
bats_require_minimum_version 1.5.0
load helper

# serve_word OPTION...: vcat -l -k, which tells each that may come in a word.
serve_word() {
	start listener "$VCAT" -l -k any -e 'echo welcome' "$@"
	port_of listener
}

# refused OPTION...: vcat with these sees an end and no byte, and the log has it.
refused() {
	local before
	before=$(grep -c ': not allowed: closed$' listener.err) || true
	run vcat "$@" "1:$port" </dev/null
	expect "$output" ""
	wait_until 5 eval \
		'[[ $(grep -c ": not allowed: closed$" listener.err) -gt $before ]]'
}

welcome() {
	run -0 vcat "$@" "1:$port" </dev/null
	expect "$output" welcome
}

@test "allow: a CID that is not in the list gets no byte, and is named" {
	serve_word --allow 3 -v
	refused
	grep -qE '^vcat: local\(1\):[0-9]+: not allowed: closed$' listener.err
	running listener
	run -1 grep accepted listener.err
}

@test "allow: a CID that is in the list is served, by number, name or range" {
	local list
	for list in 1 local 3,1 0-2 3,host-5,local 0-4294967294; do
		serve_word --allow "$list"
		welcome
		run -1 grep "not allowed" listener.err
		stop listener
	done
}

@test "allow: a list that leaves a CID out refuses it" {
	local list
	for list in host 2 2-4294967294 0,2-9,300; do
		serve_word --allow "$list"
		refused
		stop listener
	done
}

@test "allow: a refused peer does not see a word, even if it is stdin that we send" {
	start listener "$VCAT" -l --allow 3 any <<<secret
	port_of listener
	refused
	running listener
}

@test "allow: one connection is still to be served after others were refused" {
	start listener "$VCAT" -l -v --allow-privileged any </dev/null
	port_of listener
	refused
	refused
	running listener
	run -0 vcat -p 1022 "1:$port" <<<hello
	finish listener
	expect "$status" 0
	expect "$(<listener.out)" hello
}

@test "allow: a forwarder dials nobody for a peer that may not come in" {
	start target "$PEER" -r up listen unix:t read-eof
	wait_until 5 test -e up
	start listener "$VCAT" -l -k --allow 3 any -t unix:t
	port_of listener
	refused
	sleep 0.3
	running target
	# does it end by a connection, then?
	run -0 vcat unix:t </dev/null
	finish target
}

@test "allow: a command is run for nobody who may not come in" {
	start listener "$VCAT" -l -k --allow 3 any -e 'touch ran'
	port_of listener
	refused
	sleep 0.3
	[[ ! -e ran ]]
}

@test "allow: a socket that was accepted by who passed it to us is asked, too" {
	start listener systemd-socket-activate --accept -l vsock:1:4242 \
		"$VCAT" -l - --allow 3 -e 'echo welcome'
	wait_until 10 grep -q Listening listener.err
	port=4242
	refused
}

@test "allow-privileged: only a peer with a port below 1024 is served" {
	serve_word --allow-privileged
	refused
	refused -p 1024
	welcome -p 1023
	expect "$(grep -c 'not allowed' listener.err)" 2
}
