# machine: here
# needs: developer
bats_require_minimum_version 1.5.0
load helper

# How the Makefile treats a packager's flags and a repository's tags.

# tree DIRECTORY: a copy of the Makefile, without the sources; goes there.
tree() {
	mkdir -p "$1/src" "$1/tests/tools"
	cp "$TOP/Makefile" "$TOP/VERSION" "$1"
	cp "$TOP/tests/tools/tools.mk" "$1/tests/tools"
	cd "$1" || return
}

# made ARG...: make, without the settings of the make that runs the tests.
made() {
	env -u MAKEFLAGS -u MAKELEVEL -u CFLAGS -u CPPFLAGS -u LDFLAGS \
		-u BUILD make -s "$@"
}

# level WANTED FLAGS...: with these flags sources are compiled at that level,
# without a warning.
level() {
	local wanted=$1
	shift
	rm -rf build
	run -0 made build/release/src/probe.o "$@"
	expect "$output" "" "said with $*"
	expect "$(nm build/release/src/probe.o | grep -o 'level_.*')" \
		"level_$wanted" "with $*"
}

@test "fortify: a packager's level wins, and ours is 2" {
	tree packaged
	cat >src/probe.c <<-'END'
		#ifndef _FORTIFY_SOURCE
		char level_none;
		#elif _FORTIFY_SOURCE == 0
		char level_0;
		#elif _FORTIFY_SOURCE == 1
		char level_1;
		#elif _FORTIFY_SOURCE == 2
		char level_2;
		#else
		char level_3;
		#endif
	END
	level 2
	level 2 CFLAGS=-O3 CPPFLAGS=-DNDEBUG
	level 3 CPPFLAGS=-D_FORTIFY_SOURCE=3
	level 3 CFLAGS='-O2 -D_FORTIFY_SOURCE=3'
	level 3 CFLAGS='-O2 -Wp,-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3'
	level 3 CPPFLAGS='-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3'
	level 1 CPPFLAGS=-D_FORTIFY_SOURCE=1
	level 0 CFLAGS='-O0 -D_FORTIFY_SOURCE=0'
	level none CPPFLAGS=-U_FORTIFY_SOURCE
}

# version PATTERN: what make takes for the version matches it.
version() {
	made build/release/version
	[[ $(<build/release/version) =~ ^$1$ ]] || {
		echo "version: got '$(<build/release/version)', wanted $1"
		return 1
	}
}

# repository ARG...: git, independent of the user's settings.
repository() {
	HOME=$T git -c user.name=test -c user.email=test -c init.defaultBranch=main \
		-c commit.gpgSign=false -c tag.gpgSign=false "$@"
}

commit() {
	repository add -A
	repository commit -q -m one
}

@test "version: it is VERSION in a tarball, even inside another repository" {
	tree outer/inner
	echo 1.2.3 >VERSION
	version '1\.2\.3'
	cd ..
	repository init -q
	commit
	repository tag v9
	cd inner
	version '1\.2\.3'
}

@test "version: it is VERSION in a clone without a version tag" {
	tree clone
	echo 1.2.3 >VERSION
	echo /build/ >.gitignore
	repository init -q
	commit
	version '1\.2\.3'
	repository tag before-the-rebuild
	repository tag vacation
	version '1\.2\.3'
}

@test "version: it is the v tag, with the commits and changes since" {
	tree clone
	echo /build/ >.gitignore
	repository init -q
	commit
	repository tag v1.2.4
	version '1\.2\.4'
	repository tag later
	echo >>VERSION
	version '1\.2\.4-dirty'
	commit
	version '1\.2\.4-1-g[0-9a-f]+'
}

@test "version: the program prints the version that make determined" {
	run -0 "$VCAT" -V
	expect "$output" "vcat $(<"$TOP/build/$BUILD/version")"
}

# A copy of what is compiled.
copy_sources() {
	cp -r "$TOP"/{Makefile,VERSION,src,filters,compat,completions,tests} .
}

@test "libbsd: without it, compat/ does the same" {
	local unit units=(compat loop address value walk relay_rules)
	copy_sources
	units=("${units[@]/%/_test}")
	run -0 made -j2 LIBBSD=no build/release/vcat \
		"${units[@]/#/build/release/unit/}"
	expect "$output" "" "what the compilers say"
	run -0 ldd build/release/vcat
	[[ $output != *libbsd* ]]
	for unit in "${units[@]}"; do
		run -0 "build/release/unit/$unit"
	done
}

# dist: packs the tree here; sets sum.
dist() {
	run -0 made dist
	sum=$(sum_of "$output")
}

@test "dist: the same bytes from every clone, and from the tarball itself" {
	local sum first
	git clone -q "$TOP" one
	git clone -q "$TOP" a-longer-path/two
	cd one
	dist
	first=$sum
	cd ../a-longer-path/two
	umask 077
	touch -d 2001-01-01 -- *
	made build/release/version
	dist
	expect "$sum" "$first" "the other clone's sum"
	umask 022
	tar -xzf build/dist/vcat-*.tar.gz -C "$T"
	cd "$T"/vcat-*/
	dist
	expect "$sum" "$first" "the tarball's own sum"
}
