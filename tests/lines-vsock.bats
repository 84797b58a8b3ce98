# machine: loopback
# -l -k -d --lines over VM sockets.
bats_require_minimum_version 1.5.0
load lines

@test "many: over VM sockets, each one's lines are whole, in order and tagged" {
	begin collector --tag any
	port_of collector
	make_senders 40 200
	send_all 40 "vsock:1:$port"
	cut -d ' ' -f 2- collector.out >untagged
	all_came 40 untagged
	expect "$(grep -cvE '^1:[0-9]+ ' collector.out)" 0
	expect "$(cut -d ' ' -f 1,2 collector.out | sort -u | wc -l)" 40
	expect "$(cut -d ' ' -f 1 collector.out | sort -u | wc -l)" 40
}

@test "last line: of a sender that is killed, too, and --allow holds" {
	begin collector --tag --allow local any
	run "$PEER" -p 1023 connect "vsock:1:$port" text $'whole\npart' kill
	wait_until 10 grep -q part collector.out
	expect "$(<collector.out)" $'1:1023 whole\n1:1023 part'
	begin other --allow 3 any
	run "$PEER" connect "vsock:1:$port" text hello shutdown read-eof
	wait_until 10 grep -q 'not allowed: closed' other.err
	expect "$(<other.out)" ""
}
