#compdef vcat
# Completions of vcat(1) for zsh.

local -a _vcat_options
# @OPTIONS@

# What an address may be.
_vcat_address() {
	if compset -P 'unix:@'; then
		_message 'abstract name'
	elif compset -P '(mux|unix):'; then
		_files
	elif compset -P 'tcp:'; then
		_hosts -S :
	elif compset -P 'vsock:'; then
		compadd -S '' -- host: local: hypervisor: any:
	else
		compadd -S '' -- vsock: mux: unix: tcp: host: local: hypervisor: any
	fi
}

# An address; with --files, the words before it are files.
_vcat_operand() {
	(( $words[(I)--files] )) && [[ $PREFIX != (mux|unix|tcp|vsock):* ]] &&
		_files
	_vcat_address
}

# A number, in each unit.
_vcat_size() {
	compset -P '*[0-9]' && compadd -- KiB MiB GiB
}

# What the value of kind $1 may be.
_vcat_value() {
	local kind=${@[-1]}
	case $kind in
	ADDRESS) _vcat_address ;;
	CID|CIDS) compadd -- host local hypervisor ;;
	COMMAND) _command_names ;;
	DIR) _path_files -/ ;;
	SIZE) _vcat_size ;;
	*) _message "$kind" ;;
	esac
}

_arguments -s -S : "${_vcat_options[@]}" '*:address:_vcat_operand'
