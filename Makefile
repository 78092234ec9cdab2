EXTENSION = migrate
MODULE_big = migrate
DATA := $(wildcard sql/migrate--*.sql)
SCRIPTS = src/bin/migrate_bundle
PGFILEDESC = "migrate - migration manager inside the server"

OBJS = \
	src/adopt.o \
	src/apply.o \
	src/catalog.o \
	src/collect.o \
	src/deploy.o \
	src/execute.o \
	src/fileset.o \
	src/export.o \
	src/format.o \
	$(patsubst %.c,%.o,$(sort $(wildcard src/format_*.c))) \
	src/history.o \
	src/hook.o \
	src/job.o \
	src/journal.o \
	src/judge.o \
	src/lines.o \
	src/lock.o \
	src/log.o \
	src/match.o \
	src/module.o \
	src/plan.o \
	src/procedure.o \
	src/queries.o \
	src/register.o \
	src/require.o \
	src/retry.o \
	src/run.o \
	src/script.o \
	src/state.o \
	src/sums.o \
	src/tools.o \
	src/units.o \
	src/variables.o \
	src/version.o \
	src/worker.o

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

.PHONY: demo test matrix bench
