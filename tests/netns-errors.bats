# machine: here
# --netns: what is no network namespace, or may not be entered.
bats_require_minimum_version 1.5.0
load helper

wrong() {
	fails 1 "--netns: $1: $2" "$3" "$VCAT" --netns "$1" 3:22
	fails 1 "--netns: $1: $2" "$3" "$VCAT" -l --netns "$1" 5000
	fails 1 "--netns: $1: $2" "$3" "$VCAT" -z --netns "$1" 3:22
	fails 1 "--netns: $1: $2" "$3" "$VCAT" -l unix:s --netns "$1" -t 3:22
	[[ ! -e s ]]
}

@test "netns: nothing has that path" {
	wrong none "open: No such file or directory" "ip netns list"
	wrong /proc/self/ns/none "open: No such file or directory" "ip netns list"
}

@test "netns: the path of something else" {
	: >file
	mkfifo fifo
	for path in file fifo . /dev/null /proc/self/ns/uts; do
		wrong $path "enter: Invalid argument" /run/netns/NAME
	done
}

@test "netns: one that may not be entered" {
	[[ $EUID == 0 ]] || skip "not root"
	chmod 755 .
	cp "$VCAT" vcat
	fails 1 "--netns: /proc/self/ns/net: enter: Operation not permitted" \
		CAP_SYS_ADMIN setpriv --reuid=65534 --clear-groups \
		./vcat --netns /proc/self/ns/net 3:22
	fails 1 "--netns: /proc/1/ns/net: open: Permission denied" \
		CAP_SYS_ADMIN setpriv --reuid=65534 --clear-groups \
		./vcat --netns /proc/1/ns/net 3:22
}

@test "netns: without a VM socket it is wrong usage" {
	each_fails <<-'END'
		2 | --netns requires a VM socket: others stay in the network namespace of vcat (see vcat --help) | | --netns n tcp:22
		2 | --netns requires a VM socket: others stay in the network namespace of vcat (see vcat --help) | | -l --netns n unix:s -t tcp:22
		2 | --netns requires a VM socket: others stay in the network namespace of vcat (see vcat --help) | | -z --netns n mux:m:22
		2 | --netns does not work with --cid (see vcat --help) | | --cid --netns n
	END
}
