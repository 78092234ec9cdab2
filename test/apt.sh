# For the scripts here to source: Debian's packages.
# shellcheck shell=sh

can_install() {
	command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]
}

apt() { # argument of apt-get...
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Use-Pty=0 "$@" </dev/null
}
