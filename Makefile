EXTENSION = migrate
MODULE_big = migrate
DATA = sql/migrate--1.0.sql
PGFILEDESC = "migrate - migration manager inside the server"

OBJS = \
	src/apply.o \
	src/catalog.o \
	src/execute.o \
	src/format.o \
	src/job.o \
	src/lock.o \
	src/module.o \
	src/plan.o \
	src/register.o \
	src/run.o \
	src/script.o \
	src/version.o \
	src/worker.o

PG_CFLAGS = -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)
ifneq ($(PGXS),)
include $(PGXS)
endif
