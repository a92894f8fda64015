#!/bin/sh
# Starts the SFTP drop: makes host keys at the first start, sets the password of the account cdr from SFTP_PASSWORD.
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
exec /usr/sbin/sshd -D -e
