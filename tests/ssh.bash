# For bats files that need an sshd of their own.
#
# shellcheck shell=bash disable=SC2154

# prepare_ssh: makes sshd_config, ssh_config and keys of this test alone; sshd wants
# its own directory.
prepare_ssh() {
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f host_key
	ssh-keygen -q -t ed25519 -N '' -f key
	cat >sshd_config <<-END
		HostKey $T/host_key
		AuthorizedKeysFile $T/key.pub
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		PermitRootLogin yes
		PidFile none
		Subsystem sftp internal-sftp
	END
	cat >ssh_config <<-END
		User root
		IdentityFile $T/key
		IdentitiesOnly yes
		BatchMode yes
		StrictHostKeyChecking no
		UserKnownHostsFile /dev/null
		LogLevel ERROR
	END
}
