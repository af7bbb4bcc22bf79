#!/usr/bin/env bash
# Apache Kafka for tests: one node or a cluster of several, KRaft, on 127.0.0.1 and free ports, data in a scratch folder.
#
#   kafka.sh run [NODES]            for programs: prints the addresses, serves until its standard input is closed, and
#                                   then removes everything; so whoever started it may die in any way
#   kafka.sh start [NODES] [DIR]    for people: leaves the nodes running
#   kafka.sh stop [DIR]
#   kafka.sh kill-node DIR ID       kill -9
#   kafka.sh stop-node DIR ID       as an operator would: the node hands over its partitions first
#   kafka.sh start-node DIR ID
#   kafka.sh tool CLASS [ARG…]      one of Kafka's own tools, such as org.apache.kafka.tools.TopicCommand
#
# With CONECTA_BROKER_PROXY=PORT a single node has a second listener, whose address stands in DIR/proxied, and says of it that it
# is at PORT: who begins there stays on that way.
#
# With CONECTA_BROKER_SECURED=1 a node has four more listeners, whose addresses stand in DIR/secured, one a line, each with
# its name: TLS, EXPIRED (TLS with a certificate that is over), SCRAM (SASL_SSL; casos, by SCRAM-SHA-256 and -512 and by PLAIN),
# OPEN (SASL_PLAINTEXT, PLAIN). The certificates are in DIR/tls.
#
# NODES is 1 unless given. DIR is `run/kafka` in the cache unless given.
# The jars come from `make deps`.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
libs=$cache/kafka/libs
# Start-up time is most of what a test costs, so the JVM compiles quickly rather than well.
jvm=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn)
# A benchmark is to meet the broker as it is in production.
[[ ${CONECTA_BROKER_JVM:-test} == bench ]] && jvm=(-XX:+UseG1GC -Dorg.slf4j.simpleLogger.defaultLogLevel=warn)

# Of the user `casos`, on the secured listeners.
password=${CONECTA_BROKER_PASSWORD:-con-secreto}

check_deps() {
    need java "Kafka runs on it" "apt-get install -y openjdk-17-jdk-headless"
    [[ -d $libs ]] || die "Kafka's jars are not in $cache; to fetch them: make deps"
}

# configure DIR NODES: a folder a node, with its server.properties, and the addresses in DIR/addresses.
configure() {
    local dir=$1 nodes=$2 id ports voters='' copies=$(($2 < 3 ? $2 : 3)) users=()
    mapfile -t ports < <(free_ports $((2 * nodes)))
    for ((id = 1; id <= nodes; id++)); do
        voters+=${voters:+,}$id@127.0.0.1:${ports[2 * id - 1]}
    done
    : >"$dir/addresses"
    for ((id = 1; id <= nodes; id++)); do
        mkdir -p "$dir/$id"
        local broker=127.0.0.1:${ports[2 * id - 2]} controller=127.0.0.1:${ports[2 * id - 1]}
        cat >"$dir/$id/server.properties" <<-PROPERTIES
		process.roles=broker,controller
		node.id=$id
		listeners=PLAINTEXT://$broker,CONTROLLER://$controller
		advertised.listeners=PLAINTEXT://$broker
		controller.listener.names=CONTROLLER
		listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
		controller.quorum.voters=$voters
		log.dirs=$dir/$id/data
		offsets.topic.replication.factor=$copies
		offsets.topic.num.partitions=3
		transaction.state.log.replication.factor=$copies
		transaction.state.log.num.partitions=3
		transaction.state.log.min.isr=$((copies > 1 ? copies - 1 : 1))
		group.initial.rebalance.delay.ms=0
		group.min.session.timeout.ms=1000
		group.consumer.min.session.timeout.ms=1000
		group.consumer.session.timeout.ms=6000
		group.consumer.min.heartbeat.interval.ms=200
		group.consumer.heartbeat.interval.ms=1000
		auto.create.topics.enable=false
		broker.session.timeout.ms=3000
		broker.heartbeat.interval.ms=500
		PROPERTIES
        [[ -z ${CONECTA_BROKER_PROXY:-} ]] || lead_astray "$dir" "$dir/$id/server.properties"
        printf '%s\n' "$broker" >>"$dir/addresses"
        if [[ ${CONECTA_BROKER_SECURED:-} == 1 ]]; then
            secure "$dir" "$dir/$id/server.properties"
            users=(--add-scram "SCRAM-SHA-256=[name=casos,password=$password]"
                --add-scram "SCRAM-SHA-512=[name=casos,password=$password]")
        fi
        java "${jvm[@]}" -cp "$libs/*" kafka.tools.StorageTool format -t Q29uZWN0YUNvbmVjdGFDbw \
            "${users[@]}" -c "$dir/$id/server.properties" >"$dir/$id/format.log" 2>&1 ||
            die "Kafka could not format its storage: $(cat "$dir/$id/format.log")"
    done
}

# lead_astray DIR FILE: adds the listener that is announced at another port to a node's properties.
lead_astray() {
    local port
    port=$(free_ports 1)
    printf '127.0.0.1:%s\n' "$port" >"$1/proxied"
    add_listeners "$2" ",PROXIED://127.0.0.1:$port" ",PROXIED://127.0.0.1:$CONECTA_BROKER_PROXY" PROXIED:PLAINTEXT
}

# add_listeners FILE LISTENERS ADVERTISED PROTOCOLS: to a node's properties; the former two begin with a comma.
add_listeners() {
    sed -i -e "s|^\(listeners=.*\)|\1$2|" -e "s|^\(advertised.listeners=.*\)|\1$3|" \
        -e "s|^\(listener.security.protocol.map=.*\)|\1,$4|" "$1"
}

# secure DIR FILE: adds the secured listeners to a node's properties. A listener is no security of itself to Kafka: its name
# is mapped to one.
secure() {
    local dir=$1 file=$2 ports name listeners='' names=(TLS EXPIRED SCRAM OPEN)
    mkdir -p "$dir/tls"
    "$root/tests/services/certificates.sh" "$dir/tls"
    mapfile -t ports < <(free_ports ${#names[@]})
    for name in "${names[@]}"; do
        listeners+=,$name://127.0.0.1:${ports[0]}
        printf '%s 127.0.0.1:%s\n' "$name" "${ports[0]}" >>"$dir/secured"
        ports=("${ports[@]:1}")
    done
    add_listeners "$file" "$listeners" "$listeners" TLS:SSL,EXPIRED:SSL,SCRAM:SASL_SSL,OPEN:SASL_PLAINTEXT
    local plain="org.apache.kafka.common.security.plain.PlainLoginModule required user_casos=\"$password\";"
    local scram="org.apache.kafka.common.security.scram.ScramLoginModule required;"
    cat >>"$file" <<-PROPERTIES
	ssl.keystore.type=PEM
	ssl.keystore.location=$dir/tls/server.pem
	ssl.truststore.type=PEM
	ssl.truststore.location=$dir/tls/ca.pem
	listener.name.expired.ssl.keystore.location=$dir/tls/expired.pem
	listener.name.tls.ssl.client.auth=requested
	sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
	listener.name.scram.plain.sasl.jaas.config=$plain
	listener.name.scram.scram-sha-256.sasl.jaas.config=$scram
	listener.name.scram.scram-sha-512.sasl.jaas.config=$scram
	listener.name.open.plain.sasl.jaas.config=$plain
	listener.name.open.scram-sha-256.sasl.jaas.config=$scram
	listener.name.open.scram-sha-512.sasl.jaas.config=$scram
	PROPERTIES
}

# launch DIR ID: starts the node, and does not wait for it.
launch() {
    java "${jvm[@]}" -Xms256m "-Xmx${CONECTA_BROKER_HEAP:-512m}" -cp "$libs/*" kafka.Kafka "$1/$2/server.properties" \
        >>"$1/$2/kafka.log" 2>&1 </dev/null &
    echo $! >"$1/$2/pid"
    # Or the shell would announce its end.
    disown
}

alive() { kill -0 "$(cat "$1/$2/pid" 2>/dev/null)" 2>/dev/null; }

# A node opens its port when the cluster has let it in, so a port that answers is a node that serves.
serving() { listens "$(sed -n "${2}s/.*://p" "$1/addresses")"; }

serving_or_dead() { serving "$1" "$2" || ! alive "$1" "$2"; }

wait_serving() {
    until_true 60 serving_or_dead "$1" "$2" && alive "$1" "$2" && return
    tail -n 20 "$1/$2/kafka.log" >&2
    return 1
}

# up DIR NODES: configured and serving. A port may be taken between the choice and the start: then others are tried.
up() {
    local dir=$1 nodes=$2 id attempt
    for attempt in 1 2 3; do
        configure "$dir" "$nodes"
        for ((id = 1; id <= nodes; id++)); do launch "$dir" "$id"; done
        for ((id = 1; id <= nodes; id++)); do wait_serving "$dir" "$id" || break; done
        ((id > nodes)) && return
        down "$dir"
        grep -qs 'Address already in use' "$dir"/*/kafka.log || break
        say "kafka: a port was taken in the meantime, trying others ($attempt)"
        rm -rf "${dir:?}"/*
    done
    die "Kafka did not start; its log is above"
}

# down DIR: every node of the folder. The data is scratch, so nothing would be gained by an orderly end.
down() {
    local file
    for file in "$1"/*/pid; do
        [[ -e $file ]] || continue
        kill -KILL "$(cat "$file")" 2>/dev/null || true
        until_true 20 gone "$(cat "$file")" || say "kafka: process $(cat "$file") does not end"
        rm -f "$file"
    done
}

joined() { paste -sd, "$1/addresses"; }

command=${1:-help}
(($#)) && shift
case $command in
run)
    check_deps
    dir=$(mktemp -d -t conecta-kafka.XXXXXX)
    trap 'down "$dir"; rm -rf "$dir"' EXIT
    trap 'exit 130' INT TERM HUP
    up "$dir" "${1:-1}"
    printf '%s %s\n' "$(joined "$dir")" "$dir"
    until_closed
    ;;
start)
    check_deps
    dir=${2:-$cache/run/kafka}
    compgen -G "$dir/*/pid" >/dev/null && die "Kafka runs already, at $(joined "$dir"); to stop it: make services-down"
    rm -rf "$dir"
    mkdir -p "$dir"
    up "$dir" "${1:-1}"
    joined "$dir"
    ;;
stop)
    dir=${1:-$cache/run/kafka}
    down "$dir"
    rm -rf "$dir"
    ;;
kill-node)
    kill -KILL "$(cat "$1/$2/pid")"
    until_true 20 gone "$(cat "$1/$2/pid")"
    ;;
stop-node)
    kill -TERM "$(cat "$1/$2/pid")"
    until_true 60 gone "$(cat "$1/$2/pid")"
    ;;
start-node)
    check_deps
    launch "$1" "$2"
    wait_serving "$1" "$2" || die "the node did not start; its log is above"
    ;;
tool)
    check_deps
    java "${jvm[@]}" -cp "$libs/*" "$@"
    ;;
*)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    [[ $command == help ]] || exit 2
    ;;
esac
