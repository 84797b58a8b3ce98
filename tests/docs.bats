# machine: here
bats_require_minimum_version 1.5.0
load helper

# What is written about vcat, held against vcat: the help text, the table of
# options, the manual, the README.

MANUAL=$TOP/man/vcat.1
README=$TOP/README.md
TABLE=$TOP/src/options_table.c
PARSE=$TOP/build/$BUILD/unit/parse_options
HINTS=$TOP/build/$BUILD/unit/list_hints

# same LEFT RIGHT: two lists, compared line by line.
same() {
	[[ -s $1 ]] || {
		echo "$1: nothing was found"
		return 1
	}
	diff -u "$1" "$2"
}

help_options() {
	"$VCAT" -h | sed -nE '/^Options:/,/^$/s/^ +(-.*)/\1/p' |
		sed -E 's/  .*//'
}

# A row may go on in the next line: only its first fields are looked at.
table_options() {
	tr '\n' ' ' <"$TABLE" | tr -s ' \t' ' ' |
		grep -oE "\{ ('.'|0), (NULL|\"[a-z-]+\"), [A-Z]+(\([^)]*\))?, (NULL|\"[A-Z]+\")," |
		sed -E -e "s/^\{ '(.)', \"/-\1, --/" -e "s/^\{ '(.)', NULL/-\1/" \
			-e 's/^\{ 0, "/--/' -e 's/"//g' \
			-e 's/, [A-Z]+(\([^)]*\))?, NULL,//' \
			-e 's/, VALUE\(MAYBE_[^)]*\), (.*),/[=\1]/' \
			-e 's/, [A-Z]+\([^)]*\), (.*),/ \1/'
}

section() {
	awk -v name="$1" '/^\.Sh / { on = $0 == ".Sh " name } on' "$MANUAL"
}

manual_options() {
	section OPTIONS | sed -nE 's/^\.It (Fl .*)/\1/p' |
		sed -E -e 's/ Ns Op = Ns Ar ([A-Z]+)/[=\1]/' -e 's/Ar //' \
			-e 's/Fl /-/g' -e 's/ , /, /'
}

# A section as it is read, a paragraph a line.
rendered() {
	mandoc -T ascii -O width=1000 "$MANUAL" | sed 's/.\x08//g' |
		awk -v name="$1" '/^[A-Z]/ { on = $0 == name } on'
}

# The steps that the program can name in a message: any word might be one.
ask_for_hints() {
	local steps
	mapfile -t steps < <(grep -ohE '"[a-z]+( [a-z]+)?"' "$TOP"/src/*.c | tr -d '"' | sort -u)
	"$HINTS" "${steps[@]}" | sort -u
}

# diagnostics STEP REASON: the manual's items for it; STEP may be "*".
diagnostics() {
	rendered DIAGNOSTICS | awk -v step="$1" -v reason="$2" '
		{ sub(/^ +/, "") }
		{ head = $0; sub(/  .*/, "", head); sub(/ \([^)]*\)$/, "", head) }
		step == "*" { sub(/^[a-z]+/, "*", head) }
		head == step ": " reason'
}

# The words of a hint that somebody would type or look for.
commands_in() {
	grep -oE 'modprobe [a-z_]+|vcat -l [0-9]+|(ss|ls)( -[-a-z]+)+|--[a-z-]+|any:[0-9]+|CAP_[A-Z_]+|/proc/[a-z_/]+' \
		<<<"$1"
}

# The shell commands of the README's blocks and of the manual's examples, one
# file each; prompts are taken off.
extract_blocks() {
	mkdir -p blocks
	awk '/^```/ { on = !on && $0 == "```sh"; if (on) n++; next }
		on { print > ("blocks/readme-" n) }' "$README"
	section EXAMPLES | sed 's/\\e/\\/g' |
		awk '/^\.Bd / { on = 1; n++; next } /^\.Ed/ { on = 0 }
			on { print > ("blocks/manual-" n) }'
	sed -i -E 's/^(host|guest)?[$#] //' blocks/*
}

stub() {
	cat >"stubs/$1"
	chmod 755 "stubs/$1"
}

# A world without a way out: in it vcat parses its words and does no more,
# ssh runs what it is given here, and no other program is there.
build_stubs() {
	local tool
	mkdir -p stubs
	for tool in cat grep mkfifo rm sed sleep; do
		ln -s "$(command -v $tool)" "stubs/$tool"
	done
	stub vcat <<-END
		#!/bin/bash
		why=\$("$PARSE" "\$@" 2>&1) && why=ok
		echo "\$why: vcat \$*" >>"$T/log"
		[[ \$* != *any* ]] || echo "listening on any:1027" >&2
	END
	stub ssh <<-'END'
		#!/bin/bash
		for word; do
			case $word in
			ProxyCommand=*) /bin/bash -c "${word#*=}" ;;
			*vcat*) /bin/bash -c "$word" ;;
			esac
		done
	END
	stub sudo <<-'END'
		#!/bin/bash
		exec "$@"
	END
	cp stubs/sudo stubs/ProxyCommand
}

# try_block FILE: every vcat in it is run, and parses.
try_block() {
	local wanted
	wanted=$(grep -oE "(^|[^[:alnum:]_./-])vcat " "$1" | wc -l)
	[[ $wanted -gt 0 ]] || return 0
	# nothing outside of this directory is written to
	run -1 grep -E '> ?[/~$]' <(sed 's,>/dev/null,,g' "$1")
	rm -rf log world
	mkdir world
	# the files that it reads, but for pipes of its own
	(cd world && grep -oE '<[a-z.-]+' "../$1" | tr -d '<' |
		grep -vxF "$(sed -n 's/^mkfifo //p' "../$1")" | xargs -r touch)
	(cd world && timeout 20 env -i PATH="$T/stubs" \
		/bin/bash -c '. "$0"; wait' "../$1" </dev/null >/dev/null 2>../stderr 3>&-) || true
	touch log
	expect "$(grep -c '^ok: ' log)" "$wanted" "$1: commands that parse" || {
		cat "$1" log stderr
		return 1
	}
}

@test "options: the help text says what the table has" {
	help_options >help
	table_options >table
	same table help
}

@test "options: the manual has those of the table, in its order, with their arguments" {
	help_options >help
	manual_options >manual
	same help manual
}

@test "options: each that the README or the manual names exists" {
	help_options | grep -oE -- '--[a-z-]+' | sort -u >known
	# what other programs take
	printf -- "--%s\n" device net vsock >>known
	{
		# shellcheck disable=SC2016 # these quote in Markdown
		grep -oE '`[^`]*`' "$README"
		mandoc -T ascii -O width=1000 "$MANUAL" | sed 's/.\x08//g'
	} | grep -oE -- '--[a-z][a-z-]+' | sort -u >named
	run -1 grep -vxF -f known named
}

@test "exit status: the help text, the manual and the README have 0 to 3" {
	local n
	"$VCAT" -h | sed -n '/^Exit status:/,$p' >help
	section 'EXIT STATUS' | sed -n 's/^\.It //p' >manual
	printf '%s\n' 0 1 2 3 >wanted
	same wanted manual
	for n in 0 1 2 3; do
		grep -qE "(^|[ ,])$n " help
		grep -qE "^\| $n +\|" "$README"
	done
}

@test "hints: each has an item of its own in the manual's DIAGNOSTICS" {
	local step reason
	ask_for_hints >hints
	[[ -s hints ]]
	cut -f 2,3 hints | sort -u >errors
	while IFS=$'\t' read -r step reason; do
		expect "$(diagnostics "$step" "$reason" | wc -l)" \
			"$(awk -F '\t' -v step="$step" -v reason="$reason" \
				'$2 == step && $3 == reason' hints | wc -l)" \
			"items of '$step: $reason'"
	done <errors
}

@test "hints: what mends the error is in the item of that error" {
	local step reason text word
	ask_for_hints >hints
	while IFS=$'\t' read -r _ step reason text; do
		diagnostics "$step" "$reason" >items
		while read -r word; do
			# nothing that rules out the other items may be lost
			grep -F -- "$word" items >left || {
				echo "'$word' of this hint is not in the manual: $text"
				return 1
			}
			mv left items
		done < <(commands_in "$text")
	done <hints
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

@test "manual: mandoc finds nothing to warn of" {
	run -0 mandoc -Tlint -W warning "$MANUAL"
	expect "$output" ""
}
