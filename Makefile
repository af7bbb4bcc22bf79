# The named commands of this project; CI runs the same ones a person does. `make` alone lists them.
# CARGO_TARGET_DIR and CONECTA_CACHE (`.cache` unless set) are honoured throughout.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test lint bench chaos soak fuzz deps services-up services-down examples docs

CARGO ?= cargo
# Absolute: cargo runs each test in its package's folder.
TARGET_DIR := $(abspath $(or $(CARGO_TARGET_DIR),target))
SERVICES_LOG := $(TARGET_DIR)/services-used

SPEC := specs/conecta360/asyncapi.yaml
TOPICS := specs/conecta360/topics.yaml
GENERATE_EXAMPLE = $(CARGO) run -q -p conecta-gen -- generate $(SPEC) --topics $(TOPICS) --name conecta360-events \
	--runtime-path runtime -o examples/conecta360-events

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## Generate the Conecta360 crate, then publish and consume its nine events; BROKERS=host:port for a real cluster
	$(CARGO) build -p conecta-gen -p conecta360
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	generate=(conecta-gen generate $(SPEC) --topics $(TOPICS) --name conecta360-events --runtime-path runtime -o "$$scratch/conecta360-events"); \
	printf '\n$$ %s\n' "$${generate[*]}"; \
	$(CARGO) run -q -p conecta-gen -- "$${generate[@]:1}"; \
	(cd "$$scratch" && find conecta360-events -type f | sort); \
	printf '\n$$ cargo run -p conecta360 --bin demo\n'; \
	$(CARGO) run -q -p conecta360 --bin demo

deps: ## Fetch what the real services need (Kafka, PostgreSQL, Redis) into .cache, with Maven
	@tests/services/deps.sh

test: deps ## Every test: units, generated crates, doc examples, end to end on a real Kafka, PostgreSQL and Redis
	@mkdir -p "$(TARGET_DIR)" && rm -f "$(SERVICES_LOG)"
	CONECTA_SERVICES_LOG="$(SERVICES_LOG)" $(CARGO) test --workspace
	@test -s "$(SERVICES_LOG)" || { echo 'error: no test used a real service' >&2; exit 1; }
	@echo; echo 'Real services that were used:'; sort "$(SERVICES_LOG)" | uniq -c

lint: ## Format, clippy, docs, each feature alone, licences, what must not be in the tree
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy -p conecta-gen --no-default-features -- -D warnings
	$(CARGO) clippy -p conecta-gen --no-default-features --features cli -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features kafka -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features testing -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features decimal -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features wide -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features postgres -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features sqlx -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features redis -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features settings -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features metrics -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features http -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features opentelemetry -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features settings,webhook -- -D warnings
	$(CARGO) clippy -p conecta-runtime --no-default-features --features settings,webhook-ssl -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps
	$(GENERATE_EXAMPLE) --check
	$(CARGO) test -p conecta-tests --test house
	@for script in tests/services/*.sh .ci/run; do bash -n "$$script"; done
	@if command -v shellcheck >/dev/null; then shellcheck -x tests/services/*.sh .ci/run && echo 'shellcheck: clean'; \
	else echo 'shellcheck is not installed: the scripts were only parsed (apt-get install -y shellcheck)'; fi

bench: deps ## The figures, ours beside a reference of the same run; the last ones are kept in bench/RESULTS.md
	$(CARGO) bench -p conecta-tests --bench figures

examples: ## Write examples/conecta360-events anew
	$(GENERATE_EXAMPLE)

docs: ## Write what stands in docs/ and is made from the source anew
	UPDATE_DOCS=1 $(CARGO) test -q -p conecta-gen --test docs

chaos: deps ## Kill, freeze and rebalance under load, on a real Kafka, PostgreSQL and Redis
	$(CARGO) test -p conecta-tests --test kafka --test inbox chaos:: -- --nocapture

soak: deps ## The same for longer: five million schedules of the engine, 3,000 schemas, a million documents, then `make fuzz`
	CONECTA_ENGINE_SCHEDULES=5000000 $(CARGO) test -p conecta-runtime --lib engine::tests::schedule
	CONECTA_ORACLE_CASES=3000 CONECTA_ORACLE_CRATES=1000 $(CARGO) test -p conecta-gen --test oracle
	CONECTA_FUZZ_RUNS=1000000 CONECTA_FUZZ_CRATES=1000 $(CARGO) test -p conecta-gen --test fuzz
	CONECTA_SOAK=1 $(CARGO) test -p conecta-tests --test kafka --test inbox chaos:: -- --nocapture
	@$(MAKE) --no-print-directory fuzz

# No sanitizer: the code is all safe, and twice as many documents are tried. The bound of a hang is of processor time, in the target.
fuzz: ## Documents that reach what none reached before, for FUZZ_SECONDS (1,800); needs a nightly toolchain and cargo-fuzz
	@if $(CARGO) +nightly fuzz --version >/dev/null 2>&1; then \
		mkdir -p "$(TARGET_DIR)/fuzz/corpus"; \
		$(CARGO) +nightly fuzz run --fuzz-dir generator/fuzz --target-dir "$(TARGET_DIR)/fuzz" --sanitizer none document \
			"$(TARGET_DIR)/fuzz/corpus" generator/tests/fuzz/bases -- \
			-max_total_time=$(or $(FUZZ_SECONDS),1800) -timeout=120 -rss_limit_mb=1024 -max_len=16384; \
	else echo 'left out: fuzzing that is guided by coverage needs a nightly toolchain and cargo-fuzz (cargo install cargo-fuzz)'; fi

services-up: deps ## Start Kafka and leave it running; NODES=3 for a cluster
	@brokers=$$(tests/services/kafka.sh start $(or $(NODES),1)); \
	printf 'Kafka runs at %s\n  BROKERS=%s make demo\n  CONECTA_KAFKA=%s make test\n' $$brokers $$brokers $$brokers

services-down: ## Stop what services-up started, and remove its data
	@tests/services/kafka.sh stop
