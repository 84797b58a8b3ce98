# Completions of vcat(1) for bash.
# shellcheck shell=bash disable=SC2154 # _vcat_options: see below

# @OPTIONS@

# Files whose path begins with $2, each after $1; directories end in a slash.
_vcat_files() {
	local file
	compgen -f -- "$2" | while IFS= read -r file; do
		[[ ! -d $file ]] || file+=/
		echo "$1$file"
	done
}

# What an address that begins with $1 may be.
_vcat_addresses() {
	local word=$1
	case $word in
	unix:@*) ;;
	mux:* | unix:*) _vcat_files "${word%%:*}:" "${word#*:}" ;;
	tcp:*) compgen -P tcp: -S : -A hostname -- "${word#tcp:}" ;;
	vsock:*) compgen -P vsock: -W "host: local: hypervisor: any:" -- \
		"${word#vsock:}" ;;
	*) compgen -W "vsock: mux: unix: tcp: host: local: hypervisor: any" -- \
		"$word" ;;
	esac
}

# Directories whose path begins with $1.
_vcat_directories() {
	_vcat_files "" "$1" | grep '/$'
}

# The number that $1 begins with, in each unit.
_vcat_sizes() {
	local number=${1%%[!0-9]*}
	[[ ! $number ]] ||
		compgen -W "${number}KiB ${number}MiB ${number}GiB" -- "$1"
}

# What the value of kind $1 that begins with $2 may be.
_vcat_values() {
	case $1 in
	ADDRESS) _vcat_addresses "$2" ;;
	CID | CIDS) compgen -W "host local hypervisor" -- "$2" ;;
	COMMAND) compgen -c -- "$2" ;;
	DIR) _vcat_directories "$2" ;;
	SIZE) _vcat_sizes "$2" ;;
	esac
}

# Words here end at blanks only; bash may also split them at : and =, and then
# replaces no more than what comes after the last of these.
_vcat() {
	local line=${COMP_LINE:0:COMP_POINT} words word before option="" kind
	read -ra words <<<"$line"
	[[ $line != *[[:blank:]] ]] || words+=("")
	word=${words[-1]}
	before=${words[-2]}
	if [[ $word == --*=* ]]; then
		option=${word%%=*}
		word=${word#*=}
		before=$option
	fi
	kind=$(_vcat_kind_of "$before")
	if [[ $kind ]]; then
		mapfile -t COMPREPLY < <(_vcat_values "$kind" "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${_vcat_options[*]}" -- "$word")
	elif [[ ! $option ]]; then
		mapfile -t COMPREPLY < <(
			_vcat_addresses "$word"
			[[ " ${words[*]} " != *" --files "* ]] || _vcat_files "" "$word"
		)
	fi
	if [[ $option && $COMP_WORDBREAKS != *=* ]]; then
		COMPREPLY=("${COMPREPLY[@]/#/$option=}")
	fi
	if [[ $word == *:* && $COMP_WORDBREAKS == *:* ]]; then
		COMPREPLY=("${COMPREPLY[@]#"${word%:*}:"}")
	fi
	# more is to come after a colon or a directory
	if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:/] ]]; then
		compopt -o nospace
	fi
}

complete -F _vcat vcat
