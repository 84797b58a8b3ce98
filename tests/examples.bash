# For the bats files that run the recipes of examples/, which find vcat and each
# other by PATH.
#
# shellcheck shell=bash disable=SC2034

load helper
load ssh

EXAMPLES=$TOP/examples
export PATH=$TOP/build/$BUILD:$EXAMPLES:$PATH
MIB=$((1024 * 1024))

# in_time COMMAND...: a program in the foreground.
in_time() {
	timeout "$LIMIT" "$@"
}

# fake NAME: a program of that name before all others; it is on stdin.
fake() {
	mkdir -p bin
	cat >"bin/$1"
	chmod 755 "bin/$1"
	PATH=$T/bin:$PATH
}

# tree DIRECTORY: files to copy, with links, a hole and an empty directory.
tree() {
	mkdir -p "$1/sub/empty"
	"$PATTERN" 1 $MIB >"$1/sub/file"
	ln "$1/sub/file" "$1/hard"
	ln -s sub/file "$1/soft"
	truncate -s 100K "$1/hole"
}

# same_tree DIRECTORY DIRECTORY: names, kinds, owners, links and contents.
same_tree() {
	diff -r "$1" "$2" && diff <(listing "$1") <(listing "$2")
}

listing() {
	(cd "$1" && find . -printf '%p %y %l %n %U:%G\n' | sort)
}
