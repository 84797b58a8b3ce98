# machine: here
bats_require_minimum_version 1.5.0
load helper

# Compares the examples of the README, the manual and examples/ with what vcat
# understands: they run with a vcat that only parses its command line.

MANUAL=$TOP/man/vcat.1
README=$TOP/README.md
EXAMPLES=$TOP/examples
PARSE=$TOP/build/$BUILD/unit/parse_options

# The shell commands of the README's and the manual's blocks, one file each;
# prompts are taken off.
extract_blocks() {
	mkdir -p blocks
	awk '/^```/ { on = !on && $0 == "```sh"; if (on) n++; next }
		on { print > ("blocks/readme-" n) }' "$README"
	sed 's/\\e/\\/g' "$MANUAL" |
		awk '/^\.Bd / { on = 1; n++; next } /^\.Ed/ { on = 0 }
			on { print > ("blocks/manual-" n) }'
	sed -i -E 's/^(host|guest)?[$#] //' blocks/*
}

stub() {
	cat >"stubs/$1"
	chmod 755 "stubs/$1"
}

# Programs for the examples to run with: vcat only parses its command line, ssh and
# rsync run here what they are to run, the others do nothing.
build_stubs() {
	local tool
	mkdir -p stubs
	for tool in cat dirname grep mkfifo rm sed sleep timeout; do
		ln -s "$(command -v $tool)" "stubs/$tool"
	done
	for tool in curl journalctl microsocks mkdir openssl stunnel stty tar virsh; do
		stub $tool <<<'#!/bin/bash'
	done
	# a monitor runs until vcat has asked whether its guest is up
	stub qemu-system-x86_64 <<-END
		#!/bin/bash
		until grep -q 'vcat -z' "$T/log"; do sleep 0.1; done
	END
	cp stubs/qemu-system-x86_64 stubs/cloud-hypervisor
	stub vcat <<-END
		#!/bin/bash
		why=\$("$PARSE" "\$@" 2>&1) && why=ok
		echo "\$why: vcat \$*" >>"$T/log"
		[[ \$* != *any* ]] || echo "listening on any:1027" >&2
	END
	stub ssh <<-'END'
		#!/bin/bash
		while [[ $# -gt 0 ]]; do
			case $1 in
			-F) . <(sed -n 's,%h:%p,vsock/3:22,; s/^\tProxyCommand //p' "$2") ;;
			ProxyCommand=*) /bin/bash -c "${1#*=}" ;;
			*vcat*) /bin/bash -c "$1" ;;
			esac
			shift
		done
	END
	stub rsync <<-'END'
		#!/bin/bash
		[[ ! ${RSYNC_CONNECT_PROG-} ]] || /bin/bash -c "$RSYNC_CONNECT_PROG"
		while [[ $# -gt 0 ]]; do
			[[ $1 != -e ]] || /bin/bash -c "$2 3"
			shift
		done
	END
	stub xmllint <<-'END'
		#!/bin/bash
		echo 3
	END
	stub sudo <<-'END'
		#!/bin/bash
		exec "$@"
	END
	cp stubs/sudo stubs/ProxyCommand
}

# run_world FILE: runs the commands of FILE in the directory world; log has then a
# line for each vcat command.
run_world() {
	rm -f log
	(cd world && timeout 20 env -i PATH="$T/stubs" \
		/bin/bash -c '. "$0"; wait' "../$1" </dev/null >/dev/null 2>../stderr 3>&-) || true
	touch log
}

# all_parsed FILE COUNT: so many commands were run, at least, and each was right.
all_parsed() {
	[[ $(grep -c '^ok: ' log) -ge $2 ]] && ! grep -v '^ok: ' log || {
		echo "$1: wanted $2 vcat commands that parse"
		cat log stderr
		return 1
	}
}

# count_commands: how many vcat commands there are on stdin.
count_commands() {
	grep -oE "(^|[^[:alnum:]_./-])vcat " | wc -l
}

# try_block FILE: runs the block; every vcat command in it must parse.
try_block() {
	local wanted
	wanted=$(count_commands <"$1")
	[[ $wanted -gt 0 ]] || return 0
	# it writes to no file outside this directory
	run -1 grep -E '> ?[/~$]' <(sed 's,>/dev/null,,g' "$1")
	rm -rf world
	mkdir world
	# create the files that it reads, except its own pipes
	(cd world && grep -oE '<[a-z.-]+' "../$1" | tr -d '<' |
		grep -vxF "$(sed -n 's/^mkfifo //p' "../$1")" | xargs -r touch)
	run_world "$1"
	expect "$(grep -c '^ok: ' log)" "$wanted" "$1: commands that parse" || {
		cat "$1" log stderr
		return 1
	}
}

# A command in the head of an example, as #<tab>host$ ./wait-ready 3:22
USAGE='^#?\t(host|guest|parent|enclave)[$#] '

# usage_of FILE: the commands in the head of an example, prompts taken off.
usage_of() {
	sed -nE "s/$USAGE//p" "$1"
}

# try_example NAME: runs what the head of examples/NAME says how to use it; every
# vcat command there and in the example itself must parse.
try_example() {
	local file=$EXAMPLES/$1
	usage_of "$file" >usage
	[[ -s usage ]] || {
		echo "$1: its head does not say how to run it"
		return 1
	}
	rm -rf world
	cp -r "$EXAMPLES" world
	run_world usage
	all_parsed "$1" "$(cat usage <(sed -E "/^#/d; /$USAGE/d" "$file") | count_commands)"
}

@test "examples: every vcat command of the README parses" {
	extract_blocks
	build_stubs
	local file
	for file in blocks/readme-*; do
		try_block "$file"
	done
}

@test "examples: every vcat command of the manual parses" {
	extract_blocks
	build_stubs
	local file
	for file in blocks/manual-*; do
		try_block "$file"
	done
}

@test "examples: one that does not parse is found" {
	build_stubs
	mkdir blocks
	echo "vcat --no-such-option 3 1234 | cat" >blocks/wrong
	run -1 try_block blocks/wrong
}

@test "examples: every vcat command within a sentence parses" {
	local words
	{
		# shellcheck disable=SC2016 # these quote in Markdown
		grep -oE '`vcat [^`]*`' "$README" | tr -d '`'
		sed -nE 's/^\.Ql (vcat .*[^ .,;]) *[.,;]?$/\1/p' "$MANUAL"
	} | sed -E 's/ *[<>|].*//' >commands
	[[ -s commands ]]
	while read -ra words; do
		run -0 "$PARSE" "${words[@]:1}"
	done <commands
}

@test "examples/: every vcat command in it parses, in scripts and in their heads" {
	local file tried=0
	build_stubs
	for file in "$EXAMPLES"/*; do
		case ${file##*/} in
		README.md | rsyncd.conf) continue ;;
		esac
		try_example "${file##*/}"
		tried=$((tried + 1))
	done
	[[ $tried -gt 20 ]]
}

@test "examples/: a command that does not parse is found, in a script and in its head" {
	build_stubs
	mkdir wrong
	EXAMPLES=$T/wrong
	printf '#!/bin/sh\n#\thost$ ./a\nvcat --no-such-option 3:1\n' >wrong/a
	printf '#!/bin/sh\n#\thost$ vcat --no-such-option 3:1\n' >wrong/b
	printf '#!/bin/sh\n#\thost$ ./c\nexit 0\nvcat 3:1\n' >wrong/c
	printf '#!/bin/sh\n' >wrong/d
	chmod 755 wrong/*
	for name in a b c d; do
		run -1 try_example $name
	done
}

@test "examples/: vcat understands every line of the files of forwards" {
	local file
	for file in forwards nitro-forwards; do
		run -0 vcat -f "$EXAMPLES/$file" --check
	done
}

@test "examples/: the README there has all of them, and only these" {
	find "$EXAMPLES" -type f ! -name README.md -printf '%f\n' | sort >there
	grep -oE '\]\([a-z_.-]+\)' "$EXAMPLES/README.md" | tr -d '])(' | sort >told
	diff -u there told
}
