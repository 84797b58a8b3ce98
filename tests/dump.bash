# What reads a dump of -x. shellcheck shell=bash

# undump FILE DIRECTION NUMBER: the bytes of that connection's direction, which may
# be followed by the beginning of an address: '> mux:'.
undump() {
	awk -v direction="$2" -v number=" #$3 " '
		/^[<>] / { on = index($0, direction) == 1 && index($0, number) }
		on && /^[0-9a-f]+: /' "$1" | xxd -r
}

# well_formed FILE: it has nothing but whole head lines and rows.
well_formed() {
	[[ -s $1 ]] || return
	run -1 grep -avnE \
		-e '^[<>] [^ ]+ #[0-9]+ ([0-9]{2}:){2}[0-9]{2}\.[0-9]{6}Z [0-9]+ bytes?$' \
		-e '^[0-9a-f]{8,}: ([0-9a-f ]{4} ){8} [ -~]{1,16}$' "$1"
}
