EXTENSION = migrate
MODULE_big = migrate
DATA := $(wildcard sql/migrate--*.sql)
SCRIPTS = src/bin/migrate_bundle
PGFILEDESC = "migrate - migration manager inside the server"

OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c)))

PG_CFLAGS = -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers

# Inputs are under test/, expected outputs in expected/.  No file in sql/ may
# have the name of a test: pg_regress would run it instead.
REGRESS := $(sort $(notdir $(basename $(wildcard test/sql/*.sql))))
REGRESS_OPTS = --inputdir=test --encoding=UTF8
ISOLATION := $(sort $(notdir $(basename $(wildcard test/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test --outputdir=.
PROVE_TESTS := $(sort $(wildcard test/t/*.pl))
TAP_TESTS := $(if $(PROVE_TESTS),1)

PG_CONFIG ?= pg_config
PGXS := $(wildcard $(shell $(PG_CONFIG) --pgxs 2>/dev/null))
ifneq ($(PGXS),)
include $(PGXS)
# What pg_regress's tests change between runs is not to be warned of.
installcheck: export PGOPTIONS += -c migrate.drift=record
PROVE := env -u PGOPTIONS $(PROVE)
# PostgreSQL is not always configured to track these itself
$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*.h)
else
all install clean installcheck:
	@echo "No PostgreSQL to build with: \"$(PG_CONFIG) --pgxs\" names no file." >&2
	@echo "test/prerequisites installs what is needed, or set PG_CONFIG." >&2
	@exit 1
endif

# These install what they need first, and work on servers of their own.
demo:
	@test/demo
test:
	@test/run
matrix:
	@test/matrix
bench:
	@test/bench/run
	@test/bench/snapshot
	@test/bench/drift
bench-lint:
	@test/bench/lint
bench-dry-run:
	@test/bench/dry_run
bench-snapshot:
	@test/bench/snapshot
bench-drift:
	@test/bench/drift
bench-guard:
	@test/bench/guard

.PHONY: demo test matrix bench bench-lint bench-dry-run bench-snapshot \
	bench-drift bench-guard
