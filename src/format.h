/*-------------------------------------------------------------------------
 *
 * format.h
 *	  From files as authors write them to migrations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_FORMAT_H
#define MIGRATE_FORMAT_H

#include "nodes/pg_list.h"

#define MIG_KIND_VERSIONED	'V'
#define MIG_KIND_REPEATABLE 'R'
#define MIG_KIND_BASELINE	'B'

/* What a repeatable that is a hook runs with. */
#define MIG_HOOK_BEFORE_RUN "before-run"
#define MIG_HOOK_AFTER_EACH "after-each"
#define MIG_HOOK_AFTER_RUN	"after-run"
#define MIG_HOOK_ON_FAILURE "on-failure"

/* How variables are written in a script. */
#define MIG_VARIABLES_FLYWAY "flyway"	/* ${name} */
#define MIG_VARIABLES_GRAPHILE "graphile"	/* :NAME */
#define MIG_VARIABLES_GOOSE "goose" /* ${NAME}, after "-- +goose ENVSUB ON" */
#define MIG_VARIABLES_LIQUIBASE "liquibase" /* ${name}, may be undefined; an
											 * object with values may follow */
#define MIG_VARIABLES_DRIZZLE "drizzle" /* breakpoints between statements */
#define MIG_VARIABLES_GOOSE_ON "goose-on"	/* ... which came before text */

/* What becomes of a migration whose precondition is not met. */
#define MIG_CHECK_HALT	"halt"	/* the run fails */
#define MIG_CHECK_SKIP	"skip"	/* it stays pending */
#define MIG_CHECK_MARK	"mark"	/* it is recorded as applied */
#define MIG_CHECK_WARN	"warn"	/* it runs all the same */

/* One file, or one that was only seen: content NULL means it was not read. */
typedef struct MigFile
{
	char	   *path;			/* as messages show it; '/' separates */
	char	   *content;		/* NUL-terminated, server encoding, or NULL */
	char	   *problem;		/* why it could not be read, or NULL */
} MigFile;

/* One script of a migration, with the place it was written in. */
typedef struct MigScript
{
	char	   *text;			/* NULL: there is no such script */
	char	   *path;			/* its file, NULL if it never was in one */
	int			line;			/* line of text's first character there, from
								 * 1 */
	bool		no_transaction; /* the author asks for no transaction */
	const char *variables;		/* MIG_VARIABLES_*: what in text stands for a
								 * value, or NULL */
} MigScript;

/* One migration as an author wrote it. */
typedef struct MigSource
{
	char		kind;			/* MIG_KIND_* */
	char	   *version;		/* a repeatable's is its name */
	char	   *name;
	MigScript	up;
	MigScript	down;
	MigScript	verify;
	MigScript	check;			/* each statement must answer true before up */
	const char *check_fail;		/* MIG_CHECK_*, if it does not */
	List	   *requires;		/* of char *: versions; "!": not that one */
	List	   *tags;			/* of char *: names of the state after it */
	int			place;			/* in the format's own order, from 1; 0: its
								 * version says it */
	bool		always;			/* a repeatable that every run repeats */
	const char *hole;			/* why only its own tool can run it, or NULL */
	const char *hook;			/* MIG_HOOK_*, or NULL; static storage */
	/* a settings file alone: which scripts it is about */
	bool		sets_up;
	bool		sets_down;
	const char *format;			/* "native", "goose" ...; static storage */
} MigSource;

/* collect.c */
extern List *mig_format_read_directory(List *files, const char **format,
									   List **skipped);
extern List *mig_format_read_file(const MigFile *file);

/* format.c */
extern bool mig_format_reads(const char *path);
extern bool mig_format_is_script(const char *path);
extern bool mig_format_has_settings(const char *format);
extern bool mig_format_verifies_by_errors(const char *format);
extern List *mig_format_template(const char *format, const char *version,
								 const char *name);

/* lines.c */
extern void mig_format_directives(MigSource *source);

#endif							/* MIGRATE_FORMAT_H */
