# Completions of vcat(1) for fish.

# What an address that begins with the word at the cursor may be.
function __vcat_addresses
	set -l word (commandline -ct | string replace -r -- '^--[a-z-]+=' '')
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
	end
end

complete -c vcat -f -a '(__vcat_addresses)'
# @OPTIONS@
