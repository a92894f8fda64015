#!/bin/sh
# Starts the SFTP drop: makes host keys at the first start, sets the password of the account cdr from SFTP_PASSWORD.
# SFTP_LEGACY=1 allows the weak encryption of old phone systems.
set -eu

keys=/etc/ssh/keys
mkdir -p "$keys"
for kind in ed25519 rsa; do
    [ -f "$keys/ssh_host_${kind}_key" ] || ssh-keygen -q -t "$kind" -N '' -f "$keys/ssh_host_${kind}_key"
done
if [ -n "${SFTP_PASSWORD:-}" ]; then
    echo "cdr:$SFTP_PASSWORD" | chpasswd
    unset SFTP_PASSWORD
fi
chown cdr:portal /srv/drop/inbox
set --
if [ "${SFTP_LEGACY:-0}" = 1 ]; then
    # UCM up to 11.5; the first value counts, so that these replace the lines of the file.
    set -- -o Ciphers=+aes128-cbc,3des-cbc -o KexAlgorithms=+diffie-hellman-group14-sha1,diffie-hellman-group1-sha1
fi
exec /usr/sbin/sshd -D -e "$@"
