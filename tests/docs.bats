# machine: here
# needs: mandoc
bats_require_minimum_version 1.5.0
load helper

# Compares what is written about vcat with vcat itself: the help text, the table
# of options, the manuals, the README.

MANUAL=$TOP/man/vcat.1
FRAMES=$TOP/man/vcat-frames.5
README=$TOP/README.md
TABLE=$TOP/src/options_table.c
PARSE=$TOP/build/$BUILD/unit/parse_options
HINTS=$TOP/build/$BUILD/unit/list_hints

# same LEFT RIGHT: compares two lists line by line; an empty one is an error.
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
		grep -oE "\{ (\"-.\"|NULL), (NULL|\"--[a-z-]+\"), [A-Z]+(\([^)]*\))?, (NULL|\"[A-Z]+\")," |
		sed -E -e 's/^\{ (NULL, )?//' -e 's/^("-."), NULL/\1/' -e 's/"//g' \
			-e 's/, [A-Z]+(\([^)]*\))?, NULL,//' \
			-e 's/, (MAYBE|GIVEN)\([^)]*\), (.*),/[=\2]/' \
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

# plain MANUAL: as a reader sees it, one line per paragraph.
plain() {
	mandoc -T ascii -O width=1000 "$1" | sed 's/.\x08//g'
}

# A section of it.
rendered() {
	plain "$MANUAL" |
		awk -v name="$1" '/^[A-Z]/ { on = $0 == name } on'
}

# Prints all hints. Any word in the sources may be a step, so all are tried.
ask_for_hints() {
	local steps
	mapfile -t steps < <(grep -ohE '"[a-z]+( [a-z]+)?"' "$TOP"/src/*.c | tr -d '"' | sort -u)
	"$HINTS" "${steps[@]}" | sort -u
}

# explained FROM TO: the errors that the manual's DIAGNOSTICS explains between
# these two lines; an empty TO is the end.
explained() {
	rendered DIAGNOSTICS | awk -v from="$1" -v to="$2" '
		{ sub(/^ +/, "") }
		$0 == from { on = 1; next }
		to != "" && $0 == to { on = 0 }
		on && sub(/  .*/, "")'
}

# Prints those errors on stdin that have no hint in the file hints. "(mux:)" after
# an error names its kind of address; without it, the kind is VM sockets.
without_hint() {
	local item kind error
	while read -r item; do
		kind=vsock
		error=${item% (*)}
		[[ $item != *" ("*":)" ]] || kind=${item##*(} kind=${kind%:)}
		awk -F '\t' -v kind="$kind" -v step="${error%%: *}" \
			-v reason="${error#*: }" '
			$1 == kind && $3 == reason && ($2 == step || $2 == "*") { found = 1 }
			END { exit !found }' hints || echo "$item"
	done
}

# The sources in one line, with the pieces of each string joined.
said() {
	cat "$TOP"/src/*.c | tr -d '\n' | sed -E 's/"[[:space:]]*"//g'
}

# The types of frames that the program knows: name, number, longest payload.
frame_types() {
	local name value number=0
	while read -r name value; do
		local "$name=$value"
	done < <(sed -nE 's/^#define (FRAME_[A-Z_]+) +([0-9]+).*/\1 \2/p' "$TOP/src/frame.h")
	sed -nE 's/^\t\[(FRAME_[A-Z]+)\] = \{ [^,]+, (.*) \},$/\1 \2/p' "$TOP/src/frame.c" >lengths
	sed -nE '/^enum frame_type/,/^}/s/^\t(FRAME_[A-Z]+).*/\1/p' "$TOP/src/frame.h" >names
	while read -r name; do
		value=$(sed -n "s/^$name //p" lengths)
		echo "${name#FRAME_} $((++number)) $((value))"
	done <names
}

# arguments_of COMMAND: the first argument of each COMMAND on stdin, one per line.
arguments_of() {
	grep -oE "$1 [a-z_]+" | sed "s/^$1 //" | sort -u
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
		plain "$MANUAL"
		plain "$FRAMES"
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

@test "hints: each item that the manual adds to one is of an error that has a hint" {
	ask_for_hints >hints
	explained "For these errors there is more to know than the hint says:" \
		"These errors have no hint:" >items
	[[ -s items && -s hints ]]
	expect "$(without_hint <items)" "" "items of errors without a hint"
}

@test "hints: an item of an error without a hint is found" {
	ask_for_hints >hints
	printf '%s\n' "connect: Connection refused (mux:)" "connect: Exec format error" \
		"handshake: Protocol error" "read: Connection refused" >items
	expect "$(without_hint <items)" "$(sed 1d items)"
}

@test "hints: each error that the manual lists without one exists, and has none" {
	local item
	ask_for_hints >hints
	said >sources
	explained "These errors have no hint:" "" | sed 's/ SECS / %g /' >items
	[[ -s items ]]
	expect "$(without_hint <items)" "$(<items)" "errors without a hint"
	while IFS= read -r item; do
		if ! grep -qF -- "$item" sources; then
			# or it is a step and an errno's text, which a test has
			grep -qF -- "\"${item%%: *}\"" sources
			grep -qF -- "${item#*: }" "$TOP"/tests/*.bats
		fi
	done <items
}

@test "hints: each option and each vcat command that they name exists" {
	local words
	ask_for_hints | cut -f 4 >hints
	help_options | grep -oE -- '--?[a-zA-Z][a-z-]*' | sort -u >known
	# what other programs take
	sed -E -e 's/\<(ss|ls)( -[-a-z]+)+//g' -e 's,--device /dev,,g' hints |
		grep -oE -- '(^|[ (])--?[a-z][a-z-]*' | tr -d ' (' | sort -u >named
	[[ -s named ]]
	run -1 grep -vxF -f known named
	grep -oE 'vcat( -[^ ;]+)+( [0-9]+)?' hints | sort -u >commands
	[[ -s commands ]]
	while read -ra words; do
		run -0 "$PARSE" "${words[@]:1}"
	done <commands
}

@test "hints, README, manual: each module that they load is one that --doctor loads, too" {
	{
		ask_for_hints
		sed 's/modprobe -r /modprobe /' "$README"
		rendered DIAGNOSTICS
	} | arguments_of modprobe >modules
	[[ -s modules ]]
	while read -r module; do
		grep -E "modprobe (-r )?$module\>" "$TOP/src/diagnosis.c"
	done <modules
}

@test "frames: the manual has the types of the program, with numbers and lengths" {
	frame_types >known
	sed -nE 's/^\.It ([A-Z]+) Ta ([0-9]+) Ta [a-z0]+ Ta ([0-9]+) Ta .*/\1 \2 \3/p' "$FRAMES" >manual
	same known manual
}

# say CONSTANT PATTERN: the manual of the frames has this, with %s the number.
say() {
	local number text
	number=$(sed -nE "s/^#define $1 +([0-9]+).*/\1/p" "$TOP/src/frame.h")
	printf -v text "$2" "$number"
	plain "$FRAMES" | tr -s '\n ' ' ' | grep -F -- "$text" >/dev/null || {
		echo "$1: the manual does not say: $text"
		return 1
	}
}

@test "frames: the manual has the numbers of the program" {
	say FRAME_VERSION "the version: %s "
	say FRAME_HEADER "A frame is a header of %s bytes"
	say FRAME_BLOCK "A block is %s bytes"
	say FRAME_OFFERS "up to %s files ahead"
	say FRAME_BATCH "for at most %s entries"
	run -1 say FRAME_BATCH "for at most %s frames"
}

@test "sandbox: the needs in the table of HACKING.md are those of the filters" {
	"$TOP/build/$BUILD/filters/generate" --list | cut -d' ' -f1 | sort -u |
		grep -vx all >made
	# between the heading and the next one, in backquotes, the dials-* written out
	sed -n '/^## The sandbox/,/^## How/p' "$TOP/HACKING.md" |
		grep -oE '`(threads|accepts|reads|writes|forks|dials-[a-z]+)`' |
		tr -d '`' | sort -u >told
	same made told
}

@test "manuals: mandoc finds nothing to warn of" {
	run -0 mandoc -Tlint -W warning "$MANUAL" "$FRAMES"
	expect "$output" ""
}
