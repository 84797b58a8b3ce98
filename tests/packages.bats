# machine: here
# needs: developer
# The tarball, and the packages that are made from it.
bats_require_minimum_version 1.5.0
load helper

# made ARG...: make in our tree, without the settings of the make that runs the tests.
made() {
	env -u MAKEFLAGS -u MAKELEVEL -u CFLAGS -u CPPFLAGS -u LDFLAGS \
		-u BUILD -u SOURCE_DATE_EPOCH DEB_BUILD_OPTIONS="nocheck parallel=2" "$@"
}

setup_file() {
	made make -s -C "$BATS_TEST_DIRNAME/.." deb >"$BATS_FILE_TMPDIR/made" 2>&1 || {
		cat "$BATS_FILE_TMPDIR/made"
		return 1
	}
}

DEB=$TOP/build/deb
SYSTEMD=usr/lib/systemd/system
read -r version <"$TOP/VERSION"
TARBALL=$TOP/build/dist/vcat-$version.tar.gz

# unpack: the tarball, and goes there.
unpack() {
	tar -xzf "$TARBALL"
	cd "vcat-$version" || return
}

# lists FILE...: stdin has them and what is at the same place everywhere.
lists() {
	local path
	cat >list
	for path in usr/bin/vcat usr/share/bash-completion/completions/vcat \
		usr/share/fish/vendor_completions.d/vcat.fish \
		usr/share/man/man1/vcat.1 usr/share/man/man5/vcat-frames.5 "$@"; do
		grep -qE "^(\./|/)?$path(\.gz)?\$" list || {
			echo "no $path in:"
			cat list
			return 1
		}
	done
}

@test "deb: lintian has nothing to say, and each file is where Debian has it" {
	run -0 lintian --allow-root -EviIL +pedantic "$DEB"/*.changes
	expect "$(grep -v '^N:' <<<"$output")" "" "lintian"
	dpkg-deb --fsys-tarfile "$DEB"/vcat_*.deb | tar -t |
		lists usr/share/zsh/vendor-completions/_vcat "$SYSTEMD/vcat@.socket" \
			"$SYSTEMD/vcat-forwards.service"
	expect "$(dpkg-parsechangelog -l "$TOP/debian/changelog" -S Version)" \
		"$version-1"
}

@test "deb: the same bytes from another directory, at another time" {
	cp -r "$TOP/debian" .
	made "$TOP/packaging/deb" "$TARBALL" debian out >log 2>&1
	for file in out/*.deb; do
		same_bytes "$file" "$DEB/${file##*/}"
	done
}

@test "tarball: check-here is for an ordinary user without git and network" {
	local user=()
	unpack
	[[ ! -e .git ]]
	mkdir build
	cp -a "$TOP/build/release" build/ # the sources are older: only vcat is linked
	[[ $(id -u) != 0 ]] || {
		chown -R nobody "$T"
		user=(setpriv --reuid=nobody --clear-groups)
	}
	# bats does not run in the environment of a bats
	env -i PATH=/usr/bin:/bin HOME=/nonexistent "${user[@]}" \
		unshare --map-current-user --net make -s check-here >out 2>&1 \
		T="tests/stdio.bats tests/tcp.bats tests/unit/loop_test.c" || {
		cat out
		return 1
	}
	mapfile -t lines <out
	expect_in out "ok tests/tcp.bats # skip 127.0.0.1 is down"
	[[ ${lines[-1]} =~ ^[0-9]+\ passed,\ 0\ failed,\ 1\ skipped$ ]]
	expect "$(build/release/vcat -V)" "vcat $version"
}

# passes PROGRAM: a file of tests does with that program.
passes() {
	env -i PATH=/usr/bin:/bin "VCAT_TEST_PROGRAM=$1" bats "$TOP/tests/stdio.bats"
}

@test "deb: the installed program passes the tests, as autopkgtest runs them" {
	dpkg-deb -x "$DEB"/vcat_"$version"-1_*.deb installed
	passes "$PWD/installed/usr/bin/vcat"
	! passes /bin/false
}

@test "rpm: it builds from the tarball" {
	mkdir S
	cp "$TARBALL" S/
	run -0 made rpmbuild -bb --nodeps --nocheck --define "_topdir $T" \
		--define "_sourcedir $T/S" "$TOP/packaging/vcat.spec"
	rpm -qlp RPMS/*/vcat-"$version"-1.*.rpm |
		lists usr/share/zsh/site-functions/_vcat "$SYSTEMD/vcat@.socket"
}

@test "apk: the APKBUILD is sh, has what abuild wants, and its functions build" {
	sh -n "$TOP/packaging/APKBUILD"
	unpack
	# shellcheck disable=SC2016 # expanded by that shell
	run -0 made sh -euc '
		. "$1"
		for word in "$pkgname" "$pkgver" "$pkgrel" "$pkgdesc" "$arch" "$license" \
			"$source"; do
			test -n "$word"
		done
		pkgdir=$2
		build
		package
		echo "$pkgver"' sh "$TOP/packaging/APKBUILD" "$T/package"
	expect "${lines[-1]}" "$version"
	[[ $(ldd "$T/package/usr/bin/vcat") != *libbsd* ]]
	cd "$T/package"
	find . -type f | lists usr/share/zsh/site-functions/_vcat
}
