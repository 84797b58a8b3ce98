# machine: here
# -z --banner: a port is open when its first bytes came. VM sockets: scan-vsock.bats.
bats_require_minimum_version 1.5.0
load helper

# speaker ACTION...: a peer on a free TCP port that does this with each of ten
# clients; sets port.
speaker() {
	start speaker "$PEER" -k 10 listen tcp:127.0.0.1:0 "$@"
	port_of speaker
}

# muxer NAME ACTION...: a VMM's socket, NAME, that accepts each port of its guest
# and then does this, with each of ten clients.
muxer() {
	local path=$1
	shift
	start "muxer-$path" "$PEER" -k 10 listen "unix:$path" read 11 "$@"
	wait_until 5 test -S "$path"
}

@test "open: a service that speaks counts, and -v shows its first line" {
	speaker text $'SSH-2.0-Test\r\nmore\n' read-eof
	run -0 --separate-stderr vcat -z --banner "tcp:$port"
	expect "$output" "tcp:$port"
	expect "$stderr" ""
	run -0 --separate-stderr vcat -z -v --banner "tcp:$port"
	[[ $output =~ ^tcp:$port\ open\ [0-9]+\.[0-9]\ ms\ SSH-2.0-Test$ ]]
	run -0 --separate-stderr vcat -z --banner=SSH- "tcp:$port"
	expect "$output" "tcp:$port"
}

@test "sshd: its banner is the one that is wanted" {
	ssh-keygen -q -t ed25519 -N "" -f key
	mkdir -p /run/sshd
	start sshd "$VCAT" -l -k tcp:any -e \
		"/usr/sbin/sshd -i -f /dev/null -h '$T/key'"
	port_of sshd
	run -0 --separate-stderr vcat -z -v --banner=SSH-2.0- "tcp:$port"
	[[ $output == "tcp:$port open "*" ms SSH-2.0-OpenSSH"* ]]
	run -1 --separate-stderr vcat -z --banner=HTTP "tcp:$port"
	[[ ${stderr_lines[0]} == \
		"vcat: tcp:$port: banner: it begins with \"SSH-2.0-OpenSSH"*'"' ]]
}

@test "silent: a service that waits for the client has no banner, and is status 3" {
	speaker read-eof
	scans 3 silent -w 0.3 --banner "tcp:$port"
	run -3 --separate-stderr vcat -z -w 0.3 --banner "tcp:$port"
	expect "$output" ""
	expect "${stderr_lines[0]}" \
		"vcat: tcp:$port: banner: nothing came within the time limit"
	[[ ${stderr_lines[1]} == "hint: "*"wait for the client"* ]]
	# without --banner it is open
	run -0 vcat -z -w 0.3 "tcp:$port"
}

@test "closed: a port that accepts and closes is told from one that speaks" {
	speaker close
	scans 1 closed --banner "tcp:$port"
	run -1 --separate-stderr vcat -z --banner "tcp:$port"
	expect "${stderr_lines[0]}" \
		"vcat: tcp:$port: banner: the peer closed and sent nothing"
	[[ ${stderr_lines[1]} == "hint: "*"--retry" ]]
}

@test "closed: a reset, too" {
	speaker sleep 0.2 linger-reset
	scans 1 closed --banner "tcp:$port"
}

@test "other banner: its first line is shown, and is in the JSON" {
	speaker text $'HTTP/1.1 400 Bad "\r\n\r\n' read-eof
	run -1 --separate-stderr vcat -z -v --banner=SSH- "tcp:$port"
	[[ $output =~ ^tcp:$port\ other\ banner\ [0-9.]+\ ms\ HTTP/1.1\ 400\ Bad\ \"$ ]]
	run -1 --separate-stderr vcat -z --json --banner=SSH- "tcp:$port"
	expect "$(jq -r '[.outcome, .open, .step, .banner] | join("|")' <<<"$output")" \
		'other banner|false|banner|HTTP/1.1 400 Bad "'
	run -0 --separate-stderr vcat -z --json --banner "tcp:$port"
	expect "$(jq -r '[.outcome, .open, .banner] | join("|")' <<<"$output")" \
		'open|true|HTTP/1.1 400 Bad "'
}

@test "terminal: no control byte of a banner gets there" {
	start speaker bash -c "printf 'a\e[31m\0\x9b\xff\x7fz\r\nx' >banner
		exec $PEER -k 10 listen tcp:127.0.0.1:0 file banner read-eof"
	port_of speaker
	run -0 --separate-stderr vcat -z -v --banner "tcp:$port"
	[[ $output == *' ms a?[31m????z' ]]
	run -0 vcat -z --json --banner "tcp:$port"
	expect "$(jq -r .banner <<<"$output")" 'a?[31m????z'
	run -1 --separate-stderr vcat -z --banner=x "tcp:$port"
	[[ ${stderr_lines[0]} == *'"a?[31m????z"' ]]
}

@test "pieces: a banner that comes byte by byte is put together" {
	speaker text S sleep 0.1 text S sleep 0.1 text 'H-2.0' read-eof
	run -0 vcat -z --banner=SSH-2.0 "tcp:$port"
	run -1 vcat -z --banner=SSH-1 "tcp:$port"
	run -1 vcat -z --banner=SX "tcp:$port"
}

@test "pieces: one that ends too early is another banner" {
	speaker text SSH close
	run -1 --separate-stderr vcat -z -v --banner=SSH-2.0 "tcp:$port"
	[[ $output == "tcp:$port other banner "*" SSH" ]]
}

@test "pieces: one that stops too early is another banner, not silence" {
	speaker text SSH read-eof
	run -1 --separate-stderr vcat -z -v -w 0.3 --banner=SSH-2.0 "tcp:$port"
	[[ $output == "tcp:$port other banner "*" SSH" ]]
}

@test "length: 64 KiB of banner, of which all are wanted" {
	local text
	text=$(head -c 65536 /dev/zero | tr '\0' x)
	printf '%s' "$text" >banner
	speaker file banner read-eof
	run -0 vcat -z --banner="$text" "tcp:$port"
	run -0 vcat -z -v --banner "tcp:$port"
	((${#output} < 400))
	run -1 vcat -z --banner="${text%xx}yx" "tcp:$port"
}

@test "time: -w is for connecting and the banner in all" {
	speaker text S sleep 30
	# this ends before the peer does
	run -1 vcat -z -w 0.5 --banner=SSH "tcp:$port"
}

@test "mux: bytes right behind OK are the banner" {
	muxer v text $'OK 1\nSSH-2.0-x\r\n' read-eof
	run -0 --separate-stderr vcat -z -v --banner=SSH- mux:v:22
	[[ $output == "mux:v:22 open "*" ms SSH-2.0-x" ]]
}

@test "mux: one that accepts for a guest that does not listen is not open" {
	muxer silent text $'OK 1\n' read-eof
	scans 3 silent -w 0.3 --banner "mux:$T/silent:22"
	muxer closing text $'OK 1\n' close
	scans 1 closed --banner "mux:$T/closing:22"
	# without --banner both are
	run -0 vcat -z "mux:$T/silent:22"
	run -0 vcat -z "mux:$T/closing:22"
}

@test "mux: a port that is refused stays so" {
	muxer v close
	scans 1 refused --banner mux:v:22
}

@test "unix: libkrun's sockets have no handshake, and accept at once" {
	start krun bash -c "$PEER listen unix:k close; rm -f k
		$PEER listen unix:k read-eof; rm -f k
		exec $PEER listen unix:k text SSH-2.0-guest read-eof"
	wait_until 5 test -S k
	run -0 --separate-stderr vcat -z -v -w 0.5 --retry=30 --banner=SSH- unix:k
	[[ $output == "unix:k open "*" SSH-2.0-guest" ]]
}

@test "--retry: another banner is no reason to wait" {
	speaker text FTP read-eof
	run -1 --separate-stderr vcat -z --retry=60 --banner=SSH "tcp:$port"
	[[ ${stderr_lines[0]} == *'it begins with "FTP"' ]]
}

@test "lists: each outcome is counted" {
	local ports
	start one "$PEER" -k 10 listen tcp:127.0.0.1:0 close
	port_of one
	ports=$port
	start two "$PEER" -k 10 listen tcp:127.0.0.1:0 text FTP read-eof
	port_of two
	ports+=,$port
	start three "$PEER" -k 10 listen tcp:127.0.0.1:0 read-eof
	port_of three
	run -1 --separate-stderr vcat -z -w 0.5 --banner=SSH "tcp:127.0.0.1:1,$ports,$port"
	[[ ${stderr_lines[0]} == "vcat: tcp:127.0.0.1: none of 4 ports is open: "* ]]
	for outcome in "1 refused" "1 closed" "1 other banner" "1 silent"; do
		[[ ${stderr_lines[0]} == *"$outcome"* ]]
	done
}

@test "it sends nothing, and what it did not read stops nobody" {
	start speaker "$PEER" listen tcp:127.0.0.1:0 text hello read-eof print
	port_of speaker
	run -0 vcat -z --banner=hel "tcp:$port"
	finish speaker 10
	[[ $(<speaker.out) == *"received 0 "* ]]
}

@test "--seqpacket: the first message is the banner" {
	start speaker "$PEER" -s listen unix:s message 5 read-eof
	wait_until 5 test -S s
	run -0 vcat -z --seqpacket --banner unix:s
}
