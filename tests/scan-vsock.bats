# machine: loopback
bats_require_minimum_version 1.5.0
load helper

# serve NAME PORT: a listener that socat keeps open.
serve() {
	start "$1" socat -u "VSOCK-LISTEN:$2,fork" OPEN:/dev/null,wronly
	wait_until 10 vcat -z "1:$2" 2>/dev/null
}

@test "open and refused: a single port" {
	serve one 7100
	run -0 --separate-stderr vcat -z 1:7100
	expect "$output" 1:7100
	run -0 --separate-stderr vcat -z -v local 7100
	[[ $output == "1:7100 open "*" ms" ]]
	scans 1 refused 1:7101
}

@test "ranges: 65,536 ports, and those that are open among them" {
	serve first 0
	serve some 7200
	serve last 65535
	run -0 --separate-stderr vcat -z 1:0-65535
	expect "$output" $'1:0\n1:7200\n1:65535'
	expect "$stderr" ""
}

@test "lists: the highest port there is, too" {
	serve high 4294967294
	run -0 --separate-stderr vcat -z 1:4294967290-4294967294,7,5-6
	expect "$output" 1:4294967294
	run -0 --separate-stderr vcat -z -v 1:4294967294,7,5-6
	expect "$(sed 's/ [0-9.]* ms$//' <<<"$output")" \
		$'1:5 refused\n1:6 refused\n1:7 refused\n1:4294967294 open'
}

@test "--seqpacket: a listener of the other type refuses" {
	start server "$VCAT" -l -k -d --seqpacket 1:7300
	wait_until 10 vcat -z --seqpacket 1:7300
	scans 1 refused 1:7300
}

@test "--json: every port of a range is an object, and jq reads them all" {
	serve one 7403
	run -0 vcat -z --json 1:7400-7409
	expect "$(jq -s 'length' <<<"$output")" 10
	expect "$(jq -r 'select(.open).address' <<<"$output")" 1:7403
	expect "$(jq -s 'map(.port) == [range(7400; 7410)]' <<<"$output")" true
}

@test "it sends nothing: a listener that waits for bytes reads the end at once" {
	start server socat -u VSOCK-LISTEN:7500 -
	wait_until 10 vcat -z 1:7500
	finish server 10
	expect "$(<server.out)" ""
}

@test "--banner: a port is open if its service speaks" {
	start speaker socat VSOCK-LISTEN:7601,fork SYSTEM:"echo SSH-2.0-socat; cat"
	serve silent 7602
	wait_until 10 vcat -z 1:7601
	run -0 --separate-stderr vcat -z -v -w 2 --banner=SSH- 1:7601-7603
	expect "$(sed -E 's/ [0-9.]+ ms//' <<<"$output")" \
		$'1:7601 open SSH-2.0-socat\n1:7602 silent\n1:7603 refused'
	start closer socat -u VSOCK-LISTEN:7604,fork SYSTEM:"exec true"
	wait_until 10 vcat -z 1:7604
	scans 1 closed --banner 1:7604
}
