# The guest's initramfs: busybox, the init script and the kernel modules.
# Sourced by run; uses $build, $here, $kernel_dir, die and with_lock.
# shellcheck shell=bash disable=SC2154,SC2034 # variables shared with run

# What the guest needs to see our files at all.
readonly base_modules="virtio_pci virtiofs"

# Every module that -m may name; those that a kernel lacks are left out.
readonly optional_modules="vsock vmw_vsock_virtio_transport_common
	vmw_vsock_virtio_transport vsock_loopback vhost_vsock
	vmw_vmci vmw_vsock_vmci_transport vsock_diag vsockmon overlay"

# -m's argument -> the names of modules, in the order of loading, with commas.
expand_modules() {
	local name list=
	for name in ${1//,/ }; do
		case $name in
		none) ;;
		core) list+=,vsock ;;
		loopback) list+=,vsock_loopback ;;
		vhost) list+=,vhost_vsock ;;
		vhost+loopback) list+=,vhost_vsock,vsock_loopback ;;
		virtio) list+=,vmw_vsock_virtio_transport ;;
		virtio+loopback) list+=,vmw_vsock_virtio_transport,vsock_loopback ;;
		vmci) list+=,vmw_vmci,vmw_vsock_vmci_transport ;;
		*)
			# shellcheck disable=SC2086 # a list of words
			printf '%s\n' $optional_modules | grep -qx "$name" || return 1
			list+=,$name
			;;
		esac
	done
	echo "${list#,}"
}

# The files of module $2 of the kernel version $1 and of all it needs,
# relative to the version's directory; nothing when the kernel has no such.
module_files() {
	awk -F ': *' -v name="$2" '
		{ file = $1; sub(/.*\//, "", file); sub(/\.ko.*/, "", file)
		  gsub(/-/, "_", file) }
		file == name { print $1; n = split($2, needs, " ")
			for (i = 1; i <= n; i++) print needs[i] }
	' "$kernel_dir/lib/modules/$1/modules.dep"
}

copy_module() {
	local from=$1 to=$2
	mkdir -p "$(dirname "$to")"
	case $from in
	*.xz) xz -dc "$from" >"${to%.xz}" ;;
	*.zst) zstd -qdc "$from" >"${to%.zst}" ;;
	*) cp "$from" "$to" ;;
	esac
}

copy_modules() {
	local root=$1 version name file source=$kernel_dir/lib/modules
	version=$(ls "$source")
	for name in $base_modules $optional_modules; do
		for file in $(module_files "$version" "$name"); do
			copy_module "$source/$version/$file" \
				"$root/lib/modules/$version/$file"
		done
	done
	cp "$source/$version"/modules.{order,builtin*} "$root/lib/modules/$version/"
	depmod -b "$root" "$version"
}

pack_image() {
	local root=$scratch/root
	! image_is_fresh || return 0
	mkdir -p "$root"/{bin,dev,proc,sys,tree,newroot}
	cp "$(command -v busybox)" "$root/bin/busybox"
	cp "$here/init" "$root/init"
	chmod 755 "$root/init"
	copy_modules "$root"
	(cd "$root" && find . | cpio --quiet -o -H newc -R 0:0) >"$scratch/cpio"
	mv "$scratch/cpio" "$image"
}

image_is_fresh() {
	local input
	for input in "$here/init" "$here/image.sh" "$kernel_dir" \
		"$(command -v busybox)"; do
		[ "$image" -nt "$input" ] || return 1
	done
}

# Leaves the path of the initramfs for $kernel_dir in $image.
prepare_image() {
	image=$build/initramfs-${kernel_dir##*/}.cpio
	image_is_fresh || with_lock pack_image
}
