# machine: loopback loopback-6.12 loopback-7
# needs: strace developer
# Which bytes go past vcat, from and to a VM socket; splice.bats has the rest.
bats_require_minimum_version 1.5.0
load splice

# Before Linux 6.5 a VM socket splices page by page.
page_by_page() {
	[[ $(uname -r) == 6.1.* ]]
}

@test "splice: from a pipe to a VM socket, and from the socket to a pipe" {
	exchange 1:7300 "cat '$OURS' | \"\$@\"" "> >(cat >got)"
	many in splice
	if page_by_page; then
		many out sendmsg
		run ! grep -q ' splice(' out.calls
	else
		many out splice
	fi
}

@test "splice: from a file to a VM socket, and from the socket to a file" {
	exchange 1:7301 "\"\$@\" <'$OURS'" ">got"
	if page_by_page; then
		many out sendmsg
		many in recvmsg
		run ! grep -qE ' (splice|sendfile)\(' out.calls in.calls
	else
		many out sendfile
		many in splice
	fi
}

@test "splice: a forwarder from a VM socket to a unix socket" {
	forward 1:7302 unix:s
	many mid splice
}

@test "splice: a forwarder from TCP to a VM socket" {
	forward tcp:127.0.0.1:7303 1:7303
	if page_by_page; then
		many mid sendmsg
		run ! grep -q ' splice(' mid.calls
	else
		many mid splice
	fi
}
