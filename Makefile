# One place for every command: what runs here is what CI runs. `make` alone lists them.
#
# Needs Python 3.11 or later. demo, test and bench start a Kafka of their own, for which they need Java 17 or later and
# Maven, unless a broker is named. uv is used where it is installed; elsewhere a pinned one goes into .tools/. Nothing
# outside this folder changes but caches.

UV_VERSION := 0.13.9
UV := $(or $(shell command -v uv 2>/dev/null),.tools/uv-$(UV_VERSION)/bin/uv)
RUN := $(UV) run --no-sync
ARGS :=
AUDIT = UV_HTTP_RETRIES=1 $(UV) audit --frozen --preview-features audit-command $(ARGS)
ALSO := --extra analytics
NO_PYTHON := Python 3.11 or later is missing: apt-get install python3 python3-venv, or brew install python.

# The interpreter is the machine's own, as fetching one may not be possible; the environment is this folder's.
UV_PYTHON_DOWNLOADS ?= never
export UV_PYTHON_DOWNLOADS
unexport VIRTUAL_ENV

# What the machine tells pip about its network holds for uv too.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
UV_SYSTEM_CERTS ?= true
export UV_SYSTEM_CERTS
endif
ifdef PIP_CERT
SSL_CERT_FILE ?= $(PIP_CERT)
export SSL_CERT_FILE
endif
ifdef PIP_INDEX_URL
UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
export UV_DEFAULT_INDEX PIP_INDEX_URL
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo test compose-test check schemas bench clean python broker audit audit-where-possible

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  ARGS='...' goes to the program behind demo, test, compose-test, audit and bench."

demo: setup broker ## Run a real incident log through a fleet of workers, start to verdict
	$(RUN) itilnext demo $(ARGS)

# Tests wait more than they compute, so there is a process more than cores on a small machine; each starts its own
# servers. A Redis that is named is shared by all, and some tests empty it.
TEST_PROCESSES := $(if $(ITILNEXT_REDIS__URL),0,3)
test: setup broker ## Run all tests, with a summary of coverage
	$(RUN) pytest --cov -n $(TEST_PROCESSES) --dist loadgroup --no-loadscope-reorder $(ARGS)

compose-test: setup ## Run compose.yaml for real, where a Docker engine runs (tests/deploy/stand-ins.sh: without a registry)
	$(RUN) pytest -m compose $(ARGS)

check: setup ## Check format, lint, types, import rules, lock file and known vulnerabilities
	env -u UV_DEFAULT_INDEX $(UV) lock --check --offline --quiet
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy
	$(RUN) lint-imports --no-logo
	@$(MAKE) --no-print-directory audit-where-possible

audit: python ## Hold the locked packages against known vulnerabilities; fails where it can't ask
	$(AUDIT)

# uv's exit codes: 1 for a vulnerability, 2 where it could not ask, which must not keep a machine without a way out from
# building, nor be taken for an answer.
audit-where-possible: python
	@$(AUDIT) || { status=$$?; [ $$status -eq 2 ] || exit $$status; echo >&2 "NOT CHECKED for known vulnerabilities:" \
	"the source of advisories is out of reach. Run 'make audit' where it is not."; }

schemas: setup ## Write the published contract anew, where that breaks none of its readers
	$(RUN) python -m ops.schemas schemas

bench: ALSO += --group bench
bench: setup broker ## Measure the engine next to a raw loop and Quix Streams
	$(RUN) itilnext bench $(ARGS)

clean: ## Remove environments, caches and test results (not the data of a stack)
	rm -rf .venv .tools .hypothesis .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A lock file names where each package was found. Where an index is named instead, the same versions and hashes are
# taken from there.
setup: python ## Set up .venv from the lock file
ifdef UV_DEFAULT_INDEX
	@$(UV) venv --quiet --allow-existing
	@$(UV) export --quiet --frozen --no-emit-project $(ALSO) --output-file .venv/requirements.txt >/dev/null
	$(UV) pip install --quiet --require-hashes --requirement .venv/requirements.txt
	$(UV) pip install --quiet --no-deps --editable .
else
	@$(UV) sync --quiet --frozen --inexact $(ALSO) || { echo >&2 \
	'Packages could not be installed. Where they come from a mirror, name it: make PIP_INDEX_URL=https://...'; exit 1; }
endif

python: $(UV)
	@$(UV) python find --quiet '>=3.11' >/dev/null 2>&1 || { echo >&2 "$(NO_PYTHON)"; exit 1; }

.tools/uv-$(UV_VERSION)/bin/uv:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; done; \
	if [ -z "$$python" ]; then echo >&2 "$(NO_PYTHON)"; exit 1; fi; \
	echo "Putting uv $(UV_VERSION) into .tools (no uv on PATH)"; \
	$$python -m venv .tools/uv-$(UV_VERSION) || { echo >&2 \
	"$$python cannot make an environment: apt-get install python3-venv."; exit 1; }; \
	.tools/uv-$(UV_VERSION)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

broker:
ifndef ITILNEXT_KAFKA__BOOTSTRAP_SERVERS
	@java=$${JAVA_HOME:+$$JAVA_HOME/bin/java}; \
	major=$$($${java:-java} -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1); missing=; \
	[ "$${major:-0}" -ge 17 ] || missing='Java 17 or later'; \
	command -v mvn >/dev/null || missing="$${missing:+$$missing and }Maven"; \
	[ -z "$$missing" ] || { echo >&2 "$$missing missing, to run Kafka here: apt-get install default-jre-headless maven," \
	'or brew install openjdk maven. Or name a broker: ITILNEXT_KAFKA__BOOTSTRAP_SERVERS=host:9092.'; exit 1; }
endif
