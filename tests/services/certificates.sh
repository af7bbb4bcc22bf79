#!/usr/bin/env bash
# Certificates for a test, made on the spot with openssl, each key beside its certificate, as Kafka reads PEM:
#
#   certificates.sh DIR     ca.pem; server.pem, of this CA for 127.0.0.1; expired.pem, the same and over since yesterday;
#                           client.pem and client.key, of this CA; other-ca.pem, which has signed nothing of these
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need openssl "it makes the certificates of the tests" "apt-get install -y openssl"
cd "$1"

# authority NAME
authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 2 -subj "/CN=$1" 2>/dev/null
}

# signed NAME DAYS [EXTENSION]: by `ca`.
signed() {
    openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$2" -out "$1.crt" \
        -extfile <(printf '%s\n' "${3:-basicConstraints=CA:FALSE}") 2>/dev/null
    cat "$1.key" "$1.crt" >"$1.pem"
}

authority ca
authority other-ca
signed server 2 subjectAltName=IP:127.0.0.1
signed expired -1 subjectAltName=IP:127.0.0.1
signed client 2
