# Debian packages of other suites, unpacked below build/vm and never installed.
# Sourced by run; uses $build and die.
# shellcheck shell=bash disable=SC2154,SC2034 # variables shared with run

readonly default_mirror=http://deb.debian.org/debian
readonly default_security=http://deb.debian.org/debian-security
readonly default_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Every URI that this machine takes packages from, in either of apt's formats.
configured_uris() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
		/etc/apt/sources.list.d/*.sources 2>/dev/null |
		awk '$1 == "URIs:" { for (i = 2; i <= NF; i++) print $i }
		     $1 == "deb" { sub(/\[[^]]*\]/, ""); print $2 }' || true
}

# The first configured URI that ends in $1, else $2.
mirror() {
	local uri
	uri=$(configured_uris | sed 's,/*$,,' | grep -m 1 "/$1\$") || uri=$2
	echo "$uri"
}

# apt-get with lists, cache and sources of its own below $apt, none of the
# machine's; the user may be anyone, so no _apt either.
private_apt_get() {
	timeout 300 apt-get -qq \
		-o Dir::Etc::sourcelist="$apt/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State="$apt/state" -o Dir::State::lists="$apt/lists" \
		-o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" \
		-o APT::Sandbox::User="" -o Acquire::Languages=none \
		-o Acquire::Retries=3 -o Debug::NoLocking=1 "$@"
}

private_apt_cache() {
	apt-cache \
		-o Dir::Etc::sourcelist="$apt/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null \
		-o Dir::State="$apt/state" -o Dir::State::lists="$apt/lists" \
		-o Dir::State::status="$apt/status" -o Dir::Cache="$apt/cache" "$@"
}

# Points $apt at a private configuration for the suite $1, its lists fresh.
use_suite() {
	local suite=$1 from
	apt=$build/apt/$suite
	mkdir -p "$apt"/lists/partial "$apt"/cache/archives/partial "$apt/state"
	: >"$apt/status"
	from="deb [signed-by=$default_keyring]"
	{
		echo "$from $(mirror debian $default_mirror) $suite main"
		[ "$suite" = sid ] || echo "$from" \
			"$(mirror debian-security $default_security) $suite-security main"
	} >"$apt/sources.list"
	private_apt_get update
}

# Unpacks the packages $3... of the suite in use into one directory, runs the
# function $2 on it and calls it $1. The rename at the end tells a whole one
# from what a killed download has left.
unpack_packages() {
	local to=$1 finish=$2 file
	shift 2
	(cd "$scratch" && private_apt_get download "$@")
	for file in "$scratch"/*.deb; do
		dpkg-deb -x "$file" "$scratch/root"
	done
	"$finish" "$scratch/root"
	mkdir -p "$(dirname "$to")"
	mv -T "$scratch/root" "$to"
}

# One runner at a time fetches or packs, in $scratch; the others wait for it.
with_lock() {
	(
		set -e
		flock -w 900 "$lock" || die "another runner holds $build/lock"
		scratch=$(mktemp -d "$build/scratch.XXXXXX")
		trap 'rm -rf "$scratch"' EXIT
		trap 'exit 143' INT TERM HUP
		"$@"
	) {lock}>"$build/lock"
}

kernel_suite() {
	case $1 in
	stable) echo bookworm ;;
	trixie | backports) echo trixie ;;
	sid) echo sid ;;
	*) return 1 ;;
	esac
}

dependencies() {
	private_apt_cache depends "$1" | awk '$1 == "Depends:" { print $2 }'
}

# The metapackage depends on the kernel proper, linux-image-VERSION, and that
# one, from 7.x on, on the packages of its parts.
kernel_packages() {
	local image
	image=$(dependencies linux-image-cloud-amd64 | grep -m 1 '^linux-image-[0-9]')
	echo "$image"
	dependencies "$image" | grep -E '^linux-(base|binary|modules)-[0-9]' || true
}

# Puts what suites arrange differently where we look for it: lib/modules and
# vmlinuz. Debian runs depmod when it installs a kernel, so no package has its
# result.
arrange_kernel() {
	local root=$1 version
	if [ ! -d "$root/lib/modules" ]; then
		mkdir -p "$root/lib"
		mv "$root/usr/lib/modules" "$root/lib/modules"
	fi
	version=$(ls "$root/lib/modules")
	depmod -b "$root" "$version"
	mv "$root"/boot/vmlinuz-* "$root/vmlinuz" 2>/dev/null ||
		mv "$root/lib/modules/$version/vmlinuz" "$root/vmlinuz"
}

# fetch DIRECTORY SUITE FUNCTION ARG...: fetches what is to be in the
# directory. That a newer suite's package is not to be had is for the caller
# to know from other failures.
fetch() {
	local directory=$1 suite=$2 status=$status_own_failure
	shift 2
	[ ! -d "$directory" ] || return 0
	set +e # in an or-list the function would go on after a failure
	with_lock "$@"
	set -e
	[ -d "$directory" ] && return
	[ "$suite" = bookworm ] || status=$status_no_package
	die "could not fetch ${directory##*/} of Debian $suite" "$status"
}

fetch_kernel() {
	local suite=$1 packages
	[ ! -d "$build/kernels/$suite" ] || return 0
	echo "tests/vm/run: fetching the kernel of Debian $suite (once)" >&2
	use_suite "$suite"
	packages=$(kernel_packages)
	# shellcheck disable=SC2086 # a list of names
	unpack_packages "$build/kernels/$suite" arrange_kernel $packages
}

# Leaves the directory of the kernel that -k calls $1 in $kernel_dir.
prepare_kernel() {
	local suite
	suite=$(kernel_suite "$1") || usage_error "unknown kernel '$1'"
	kernel_dir=$build/kernels/$suite
	fetch "$kernel_dir" "$suite" fetch_kernel "$suite"
}

fetch_vsock_daemon() {
	[ ! -d "$1" ] || return 0
	echo "tests/vm/run: fetching vhost-device-vsock of Debian sid (once)" >&2
	use_suite sid
	unpack_packages "$1" true vhost-device-vsock
}

# Leaves vhost-device-vsock's path in $vsock_daemon. It is in no release that
# QEMU 7.2 comes with, but runs there.
prepare_vsock_daemon() {
	local directory=$build/tools/vhost-device-vsock
	vsock_daemon=$directory/usr/bin/vhost-device-vsock
	fetch "$directory" sid fetch_vsock_daemon "$directory"
}
