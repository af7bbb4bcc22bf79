#!/usr/bin/env bash
# Kafka's tool for topics, as its distribution names it.
exec "$(dirname "${BASH_SOURCE[0]}")/kafka.sh" tool org.apache.kafka.tools.TopicCommand "$@"
