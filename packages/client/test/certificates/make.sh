#!/bin/sh
# Makes the certificates of the tests of TLS, anew and valid until 2124. Nobody trusts them; the keys are no secret.
# Needs openssl 3. The script stands beside its results: run it in this directory, and commit what it made.
set -eu
cd "$(dirname "$0")"
rm -f ./*.pem ./*.p12
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1-key.pem" 2>/dev/null; }

# authority <name>: a certificate that signs others.
authority() {
  key "$1"
  sign "$1" "$1" 'basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign' 20240101000000Z 21240101000000Z -selfsign
}

# certificate <name> <authority> <usage> <names> [<from> <to>]
certificate() {
  key "$1"
  sign "$1" "$2" "extendedKeyUsage = $3
subjectAltName = $4" "${5:-20240101000000Z}" "${6:-21240101000000Z}" -cert "$2.pem"
}

# sign <name> <authority> <extensions> <from> <to> <option>...
sign() {
  name=$1 authority=$2 extensions=$3 from=$4 to=$5
  shift 5
  openssl req -new -key "$name-key.pem" -subj "/CN=Zooid test $name" -out "$work/$name.csr"
  : >"$work/index"
  cat >"$work/ca.cnf" <<CONF
[ca]
default_ca = test
[test]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
[any]
commonName = supplied
[extensions]
$extensions
CONF
  openssl ca "$@" -batch -notext -config "$work/ca.cnf" -extensions extensions -keyfile "$authority-key.pem" \
    -startdate "$from" -enddate "$to" -in "$work/$name.csr" -out "$name.pem" 2>"$work/log" || {
    cat "$work/log" >&2
    return 1
  }
}

authority authority
authority stranger-authority
certificate server authority serverAuth 'DNS:zk.test,DNS:localhost'
certificate server-by-address authority serverAuth 'IP:127.0.0.1'
certificate server-expired authority serverAuth 'DNS:zk.test' 20200101000000Z 20210101000000Z
certificate client authority clientAuth 'DNS:client.test'
certificate client-expired authority clientAuth 'DNS:client.test' 20200101000000Z 20210101000000Z
certificate client-of-stranger stranger-authority clientAuth 'DNS:client.test'

openssl pkey -in client-key.pem -aes256 -passout pass:open-sesame -out client-key-encrypted.pem
openssl pkcs12 -export -in client.pem -inkey client-key.pem -passout pass:open-sesame -out client.p12
rm authority-key.pem stranger-authority-key.pem
