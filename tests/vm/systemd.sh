#!/bin/sh
# PID 1 of the test machine with -s, after init: becomes systemd, whose only work is
# one unit, session, for the job's directory $1. Units that are installed below
# /etc or /run can be started as on any machine; of the system's own ones only the
# journal and the targets are left.
set -e
job=$1
here=$(dirname "$0")
units=/run/systemd/system
system=/lib/systemd/system

fail() {
	echo "fail $*" >/dev/ttyS1
	busybox reboot -f
}

# The caller's /etc, and none of the units that the caller has enabled there.
mkdir -p /run/etc/upper /run/etc/work
mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/upper,workdir=/run/etc/work \
	etc /etc || fail "mount an overlay on /etc"
rm -rf /etc/systemd/system /etc/fstab
mkdir -p /etc/systemd/system $units

# Generators would find out at each reload that there is nothing to generate.
mount -t tmpfs -o ro none /lib/systemd/system-generators

# What the targets want on a real machine.
for unit in "$system"/*.target.wants/*; do
	case ${unit##*/} in
	systemd-journald.service | systemd-journald*.socket) ;;
	*) ln -sf /dev/null "$units/${unit##*/}" ;;
	esac
done

cat >$units/vcat-test.target <<UNIT
[Unit]
Wants=vcat-test.service
UNIT
cat >$units/vcat-test.service <<UNIT
[Unit]
Requires=basic.target
After=basic.target
[Service]
ExecStart=/bin/sh "$here/session" "$job"
LimitNOFILE=infinity
UNIT
exec env -i /lib/systemd/systemd --unit=vcat-test.target --show-status=no
