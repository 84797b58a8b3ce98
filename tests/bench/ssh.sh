# The row ssh: bytes from a guest's sshd to an ssh that reaches it through a
# ProxyCommand. With -F, as with "nc -F" (TCP only), ssh gets the socket itself; the
# others carry all bytes. CPU time is that of ssh, sshd and the proxies. Here only: what
# an emulated processor encrypts takes longer than all else.
#
# shellcheck shell=bash disable=SC2034,SC2154

native_ssh() {
	prepare_ssh
	echo "Ciphers aes128-gcm@openssh.com" >>ssh_config # processors have it
	bytes=$((256 << 20)) way=one files=''
	truncate -s "$bytes" zeros
	for address in unix tcp; do
		tune carry "ssh over $address" socat-b
		what bytes ssh "from cat to /dev/null over $address"
		case $address in
		unix) in_turns through_ssh vcat piped socat-b socat ncat ;;
		tcp) in_turns through_ssh vcat nc piped socat-b socat ncat direct ;;
		esac
	done
	rm -f zeros
}

# through_ssh TOOL: its server is a vcat that hands the connection to sshd, always.
through_ssh() {
	local options=(-F ssh_config)
	place "$address"
	ssh_proxy "$1" "$place"
	measure "$1" transfer -t "$limit" -k -b "$bytes" \
		-- "$vcat" -l -k "$place" -e "$ssh_server" \
		-- ssh "${options[@]}" there "cat $PWD/zeros"
}

# ssh_proxy TOOL ADDRESS: adds to options how ssh connects.
ssh_proxy() {
	local host port
	case $1 in
	vcat | before) passed "${vcats[$1]} -F $2" ;;
	nc) passed "/bin/nc.openbsd -F $(ncat_address "$2")" ;;
	direct)
		IFS=: read -r _ host port <<<"$2"
		options+=(-o "HostName=$host" -o "Port=$port")
		;;
	*)
		dialer "${1/piped/vcat}" "$2" both
		options+=(-o "ProxyCommand=${words[*]}")
		;;
	esac
}

passed() {
	options+=(-o ProxyUseFdpass=yes -o "ProxyCommand=$1")
}
