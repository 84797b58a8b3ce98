# The row files: a large file, and a directory of small ones. They arrive in
# out/ and are compared there.
#
# Each tool is called as its users call it: vcat is vcat --files; plain, a plain
# vcat from file to file; each, a plain vcat for each file; tar, from tar to tar
# through vcat; scp through vcat as its ProxyCommand; nbdcopy, from nbdkit.
#
# shellcheck shell=bash disable=SC2016,SC2034,SC2154

native_files() {
	address=unix some=500 part=large
	compare_files
}

guest_files() {
	address=vsock some=40 part=part
	compare_files
}

compare_files() {
	local limit=55 check=same_files large_mib=1024
	prepare_ssh
	one_large_file
	many_small_files
}

# The same 64 MiB of random bytes again and again, which are soon made. In the
# guest scp takes long for them all.
one_large_file() {
	local piece
	bytes=$((64 << 20)) way=one files='-i piece -o arrived'
	head -c "$bytes" /dev/urandom >piece
	tune carry files
	for ((piece = 0; piece < large_mib; piece += 64)); do
		cat piece
	done >large
	cp large arrived # a hypervisor gives memory slowly the first time
	rm arrived
	mv piece part
	what bytes files "a file of $large_mib MiB"
	in_turns transfer vcat plain tar socat-b scp nbdcopy limit
	rm -r large part out
}

# Tools that take long get some of them.
many_small_files() {
	mkdir small some
	head -c $((10000 << 10)) /dev/urandom |
		split -a 4 -d -b 1024 - small/
	cp $(seq -f small/%04.0f "$some") some
	what files files "10,000 files of 1 KiB in a directory"
	in_turns transfer vcat tar each scp
	rm -r small some out
}

# choose_files TOOL: sets content, and how much that is.
choose_files() {
	case $kind:$1 in
	bytes:scp) content=$part count=1 bytes=$(stat -c %s "$part") ;;
	bytes:*) content=large count=1 bytes=$((large_mib << 20)) ;;
	*:each | *:scp) content=some count=$some bytes=$((some << 10)) ;;
	*) content=small count=10000 bytes=$((10000 << 10)) ;;
	esac
}

# transfer TOOL: the listener is ready when the clock starts. It stops when both
# have ended, or when the dialer has if the listener serves on.
transfer() {
	local content count options=() first second
	choose_files "$1"
	rm -rf out
	mkdir out
	place "$address"
	transfer_commands "$1" "$content" "$place"
	measure "$1" transfer -t "$limit" -n "$count" -b "$bytes" \
		"${options[@]}" -- "${first[@]}" -- "${second[@]}"
}

# transfer_commands TOOL CONTENT ADDRESS: sets first, second and options.
transfer_commands() {
	case $1 in
	vcat | before)
		first=("${vcats[$1]}" -l --into out "$3")
		second=("${vcats[$1]}" --files "$2" "$3")
		;;
	tar)
		first=(sh -c '"$0" -l "$1" | tar -x -C out' "$vcat" "$3")
		second=(sh -c 'tar -c "$1" | "$0" "$2"' "$vcat" "$2" "$3")
		;;
	each)
		options=(-k)
		first=("$vcat" -l -k "$3" -e 'exec cat >out/$$')
		second=(sh -c 'for file in "$1"/*; do
			"$0" "$2" <"$file" || exit
		done' "$vcat" "$2" "$3")
		;;
	scp)
		options=(-k)
		first=("$vcat" -l -k "$3" -e "$ssh_server")
		second=(scp -q -r -F ssh_config
			-o "ProxyCommand=$vcat $3" "$2" "there:$PWD/out")
		;;
	nbdcopy)
		options=(-k)
		nbd_commands "$2" "$3"
		;;
	*)
		options=(-i "$2" -o "out/$2")
		listener "${1/plain/vcat}" "$3" one
		first=("${words[@]}")
		dialer "${1/plain/vcat}" "$3" one
		second=("${words[@]}")
		;;
	esac
}

# nbd_commands FILE ADDRESS: who listens has the file.
nbd_commands() {
	local rest=${2#*:}
	first=(nbdkit -f -r)
	case $2 in
	vsock:*)
		first+=(--vsock -p "${rest#*:}")
		second=(nbdcopy "nbd+vsock://$rest/" "out/$1")
		;;
	unix:*)
		first+=(-U "$rest")
		second=(nbdcopy "nbd+unix:///?socket=$rest" "out/$1")
		;;
	esac
	first+=(file "$1")
}

# Keys and configuration of this run alone. sshd wants /run/sshd when it is
# root: then it gets a /run of its own.
prepare_ssh() {
	local key
	for key in host_key key; do # two rows use them
		[[ -e $key ]] || ssh-keygen -q -t ed25519 -N '' -f "$key"
	done
	cat >sshd_config <<-END
		HostKey $PWD/host_key
		AuthorizedKeysFile $PWD/key.pub
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		PermitRootLogin yes
		PidFile none
		Subsystem sftp internal-sftp
	END
	cat >ssh_config <<-END
		User $(id -un)
		IdentityFile $PWD/key
		IdentitiesOnly yes
		BatchMode yes
		StrictHostKeyChecking no
		UserKnownHostsFile /dev/null
		LogLevel ERROR
	END
	ssh_server="exec /usr/sbin/sshd -i -e -f $PWD/sshd_config"
	((EUID > 0)) || ssh_server="exec unshare -m sh -c '
		mount -t tmpfs none /run && mkdir /run/sshd && $ssh_server'"
}

# same_files TOOL: whether all that it was given has arrived. With a connection
# a file the names have not.
same_files() {
	local content count
	choose_files "$1"
	case $1 in
	each) [[ $(sums_in "$content") == "$(sums_in out)" ]] ;;
	*) diff -r "$content" "out/$content" >>"$errors" 2>&1 ;;
	esac
}

sums_in() {
	(cd "$1" && sha256sum -- * | cut -d ' ' -f 1 | sort)
}
