# Completions of vcat(1) for fish.

# The word at the cursor; of --to=ADDRESS, the value.
function __vcat_word
	commandline -ct | string replace -r -- '^--[a-z-]+=' ''
end

# What an address that begins with the word at the cursor may be.
function __vcat_addresses
	set -l word (__vcat_word)
	set -l prefix (string match -r '^[a-z]+:' -- $word)
	switch "$word"
	case 'unix:@*'
	case 'mux:*' 'unix:*'
		printf "$prefix%s\n" (__fish_complete_path (string replace $prefix '' -- $word))
	case 'tcp:*'
		printf 'tcp:%s:\n' (__fish_print_hostnames)
	case 'vsock:*'
		printf 'vsock:%s:\n' host local hypervisor any
	case '*'
		printf '%s\n' vsock: mux: unix: tcp: host: local: hypervisor: any
	end
end

# What the value of kind $argv may be.
function __vcat_value
	switch $argv[1]
	case ADDRESS
		__vcat_addresses
	case CID CIDS
		printf '%s\n' host local hypervisor
	case COMMAND
		__fish_complete_command
	case DIR
		__fish_complete_directories (__vcat_word)
	case SIZE
		printf '%s\n' (string match -r '^[0-9]+' -- (__vcat_word)){KiB,MiB,GiB}
	end
end

complete -c vcat -f -a '(__vcat_addresses)'
# with --files, the words before the address are files
complete -c vcat -n '__fish_contains_opt files' -F
# @OPTIONS@
