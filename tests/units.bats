# machine: here
# The units of systemd, as make install leaves them: their paths, and what
# systemd says of them. tests/systemd.bats runs them.
bats_require_minimum_version 1.5.0
load helper

# installed ARG...: make install or uninstall, for the prefix $T/usr.
installed() {
	env -u MAKEFLAGS -u MAKELEVEL make -s -C "$TOP" BUILD="$BUILD" \
		VERSION="$(<"$TOP/build/$BUILD/version")" PREFIX="$T/usr" "$@"
}

setup_units() {
	installed install
	units=$T/usr/lib/systemd/system
}

# The words that a unit runs vcat with: for the instance 22, with VCAT_ARGS.
words_of() {
	sed -n "s,^ExecStart=$T/usr/bin/vcat ,,p" "$units/$1" |
		sed -e 's/%i/22/' -e 's/\$VCAT_ARGS/-t tcp:127.0.0.1:22/'
}

@test "install: the units have the paths of the prefix" {
	setup_units
	local unit words
	for unit in vcat@.service vcat-forwards.service; do
		words=$(words_of "$unit")
		[[ $words ]]
		# shellcheck disable=SC2086 # words
		run -0 "$TOP/build/$BUILD/unit/parse_options" $words
	done
	grep -x 'EnvironmentFile=/etc/vcat/%i' "$units/vcat@.service"
	run -1 grep -r @[A-Z]*@ "$units"
}

@test "install: DESTDIR, SYSTEMD_UNITS and SYSCONFDIR are respected" {
	installed install DESTDIR="$T/root" SYSTEMD_UNITS=/lib/systemd SYSCONFDIR=/conf
	units=$T/root/lib/systemd
	expect "$(words_of vcat-forwards.service)" "-q 10 -f /conf/vcat/forwards"
	grep -x 'EnvironmentFile=/conf/vcat/%i' "$units/vcat@.service"
	[[ ! -e usr ]]
}

@test "install: uninstall leaves no file behind" {
	setup_units
	[[ $(find usr -type f -name 'vcat*' | wc -l) -ge 8 ]]
	installed uninstall
	expect "$(find usr -type f)" ""
}

@test "units: systemd-analyze verify has nothing to say" {
	setup_units
	run -0 systemd-analyze verify --man=no \
		"$units"/{vcat@22.socket,vcat@22.service,vcat-forwards.service}
	expect "$output" ""
}

@test "units: systemd-analyze verify finds a wrong word" {
	setup_units
	sed -i 's/^ProtectHome=.*/ProtectHome=perhaps/' "$units/vcat-forwards.service"
	run systemd-analyze verify --man=no "$units/vcat-forwards.service"
	[[ $output == *"Failed to parse protect home value"* ]]
}

# exposed UNIT MOST: its exposure, in tenths, is at most that.
exposed() {
	run -0 systemd-analyze security --offline=yes --no-pager --threshold="$2" \
		"$units/$1"
}

# What is left: the network, its families of sockets, and the root directory;
# vcat-forwards also has the capability for ports below 1024, and gives it up itself.
@test "units: systemd-analyze security counts an exposure of 1.3, and 1.8 with low ports" {
	setup_units
	exposed vcat@.service 13
	exposed vcat-forwards.service 18
	sed -i /^SystemCallFilter/d "$units/vcat@.service"
	run -1 exposed vcat@.service 13
}
